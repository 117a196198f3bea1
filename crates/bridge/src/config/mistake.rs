//! What is wrong with a configuration: where, what, and what to do. No message shows a token.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// Where a value was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Environment,
    File(PathBuf),
}

impl Place {
    pub(super) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One thing to put right before the bridge starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mistake {
    pub(crate) place: Place,
    pub(crate) key: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl Mistake {
    pub(super) fn new(place: &Place, key: &str, what: impl AsRef<str>, remedy: &str) -> Self {
        Self {
            place: place.clone(),
            key: without_tokens(key),
            what: without_tokens(what.as_ref()),
            remedy: remedy.to_owned(),
        }
    }
}

/// Everything that is wrong, told at once.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has a mistake:")?,
            count => write!(f, "the configuration has {count} mistakes:")?,
        }
        for Mistake {
            place,
            key,
            what,
            remedy,
        } in &self.0
        {
            write!(f, "\n  {place}: {key}: {what}\n    {remedy}")?;
        }
        Ok(())
    }
}

/// The shortest secret part that is taken for a bot token's; real ones have 35 characters.
const SECRET_PART: usize = 30;
/// The longest one.
const LONGEST_SECRET_PART: usize = 64;

/// Is this the shape of a bot token: the bot's number, a colon, and its secret?
#[must_use]
pub(crate) fn is_token(text: &str) -> bool {
    let Some((number, secret)) = text.split_once(':') else {
        return false;
    };
    let numbered =
        (6..=16).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let long_enough = (SECRET_PART..=LONGEST_SECRET_PART).contains(&secret.len());
    numbered && !number.starts_with('0') && long_enough && secret.chars().all(in_secret)
}

/// The text with everything that could be a bot token cut out.
pub(super) fn without_tokens(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        let number = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let secret = after.find(|c| !in_secret(c)).unwrap_or(after.len());
        if number.len() < before.len() && secret >= SECRET_PART {
            kept.push_str(number);
            kept.push_str("(a bot token)");
            rest = after.get(secret..).unwrap_or_default();
        } else {
            kept.push_str(before);
            kept.push(':');
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

fn in_secret(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = concat!("123456789:", "AAEhBO_this_is_", "no_real_bot_token_12");

    #[test]
    fn a_token_is_known_by_its_shape() {
        assert!(is_token(TOKEN));
        for other in ["", "12345", "123456789:short", &format!("bot{TOKEN}")] {
            assert!(!is_token(other), "{other}");
        }
    }

    #[test]
    fn security_no_message_shows_a_token() {
        for (prefix, suffix) in [
            ("", ""),
            ("x=", "\""),
            ("a:b ", ": c"),
            ("https://h/bot", "/getMe"),
        ] {
            let text = format!("{prefix}{TOKEN}{suffix}");
            let told = Mistake::new(&Place::Environment, &text, &text, "").what;
            assert_eq!(told, format!("{prefix}(a bot token){suffix}"));
        }
        assert_eq!(without_tokens("10:30 h:mm"), "10:30 h:mm");
    }
}

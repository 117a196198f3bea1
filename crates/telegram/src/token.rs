//! The bot's token: its shape, the bot's id in it, and how it is kept out of texts.

use cctelegram_crypto::Secret;

/// A token of the right shape: `<bot id>:<secret>`.
///
/// The Bot API server itself accepts more (80 characters with a `:`); `@BotFather` gives out 8 to 10 digits and 35
/// characters today, and the margin is for what it may give out tomorrow.
pub(crate) struct BotToken {
    text: Secret<String>,
    bot_id: i64,
}

impl BotToken {
    pub(crate) fn parse(text: Secret<String>) -> Option<Self> {
        let (id, secret) = text.expose().split_once(':')?;
        let id_fits = (6..=16).contains(&id.len())
            && !id.starts_with('0')
            && id.bytes().all(|byte| byte.is_ascii_digit());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let secret_fits = (30..=64).contains(&secret.len()) && secret.bytes().all(allowed);
        if !id_fits || !secret_fits {
            return None;
        }
        let bot_id = id.parse().ok()?;
        Some(Self { text, bot_id })
    }

    pub(crate) const fn bot_id(&self) -> i64 {
        self.bot_id
    }

    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The text without this token, its secret half, or control characters, cut to a line's length. For texts that
    /// come from outside: an answer may repeat the URL that was asked for.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let secret = self
            .expose()
            .split_once(':')
            .map_or(self.expose(), |(_, secret)| secret);
        let hidden = text
            .replace(self.expose(), "[token]")
            .replace(secret, "[token]");
        let printable = hidden.chars().map(|c| if c.is_control() { ' ' } else { c });
        printable.take(LONGEST_REASON).collect()
    }
}

/// Telegram's descriptions have less than 100 characters; this leaves room for a chain of transport errors.
const LONGEST_REASON: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<BotToken> {
        BotToken::parse(Secret::new(text.to_owned()))
    }

    #[test]
    fn a_token_has_an_id_and_a_secret() {
        let secret = "AAbbCCddEEffGGhhIIjjKKllMMnnOOpp_-1";
        assert_eq!(
            parse(&format!("123456789:{secret}")).unwrap().bot_id(),
            123_456_789
        );
        let bad = [
            String::new(),
            secret.to_owned(),
            format!("0123456789:{secret}"),
            format!("12345:{secret}"),
            format!("12345678901234567:{secret}"),
            format!("123456789:{secret} "),
            format!("123456789:{secret}/x"),
            format!("123456789:{}", "x".repeat(29)),
            format!("123456789:{}", "x".repeat(65)),
            format!("123456789:é{secret}"),
            format!("+23456789:{secret}"),
        ];
        for text in bad {
            assert!(parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn security_scrubbing_leaves_nothing_of_the_secret() {
        let secret = "AAbbCCddEEffGGhhIIjjKKllMMnnOOpp_-1";
        let token = parse(&format!("123456789:{secret}")).unwrap();
        let text = format!("no /bot123456789:{secret}/getMe\nnor 123456789%3A{secret}");
        let scrubbed = token.scrub(&text);
        assert_eq!(scrubbed, "no /bot[token]/getMe nor 123456789%3A[token]");
        assert_eq!(token.scrub(&"x".repeat(5_000)).len(), 300);
    }
}

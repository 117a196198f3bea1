//! Secrets of this machine that are known by name: they are masked before anything is handed over.

use std::cmp::Reverse;
use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::dotenv;

/// The values of variables whose names say that they are secret: the longest first, because it may contain another.
#[derive(Default)]
pub struct KnownSecrets(Vec<(String, String)>);

impl KnownSecrets {
    /// Picks the secrets out of an environment.
    #[must_use]
    pub fn among<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let secret = variables.filter(|(name, value)| is_telling(name) && is_value(value));
        let mut secrets: Vec<(String, String)> = secret
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        secrets.sort_by_key(|(_, value)| Reverse(value.len()));
        Self(secrets)
    }

    /// With those in the `.env` files of the project that this folder belongs to.
    #[must_use]
    pub fn with_files_of(mut self, folder: &Path) -> Self {
        let found = dotenv::variables(folder);
        let pairs = found.iter().map(|(name, value)| (&**name, &**value));
        self.0.extend(Self::among(pairs).0);
        self.0.sort_by_key(|(_, value)| Reverse(value.len()));
        self
    }

    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mask = |text: String, (name, value): &(String, String)| {
            if text.contains(value.as_str()) {
                text.replace(value.as_str(), &format!("[redacted: {name}]"))
            } else {
                text
            }
        };
        self.0.iter().fold(text.to_owned(), mask)
    }

    /// Masks every text in a value, names of fields included.
    #[must_use]
    pub fn mask_all(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.mask_all(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.mask(&name), self.mask_all(value)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownSecrets({})", self.0.len())
    }
}

fn is_telling(name: &str) -> bool {
    const WORDS: [&str; 7] = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "CREDENTIAL",
        "APIKEY",
    ];
    const ENDS: [&str; 3] = ["_KEY", "_AUTH", "_PAT"];
    const PLACES: [&str; 5] = ["_FILE", "_PATH", "_DIR", "_SOCKET", "_SOCK"];
    let name = name.to_ascii_uppercase();
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    !ends(&PLACES) && (WORDS.iter().any(|word| name.contains(word)) || ends(&ENDS))
}

/// Short values are words, those from `/` on are paths, and one with spaces could hide a command.
fn is_value(value: &str) -> bool {
    value.len() >= SHORTEST && !value.starts_with('/') && !value.contains(char::is_whitespace)
}

const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn security_values_of_telling_variables_are_masked_everywhere() {
        let variables = [
            ("DEPLOY_TOKEN", "swordfish-1"),
            ("LONGER_SECRET", "swordfish-1-and-more"),
            ("SSH_KEY", "/home/dev/.ssh/id"),
            ("CC_TELEGRAM_KEY_FILE", "keys/master"),
            ("EDITOR", "swordfish-9"),
            ("X_TOKEN", "rm -rf /srv"),
            ("Y_TOKEN", "short"),
        ];
        let secrets = KnownSecrets::among(variables.into_iter());
        let input =
            json!({"command": "curl -H swordfish-1 x", "swordfish-1": ["swordfish-1-and-more", 7]});
        let masked = secrets.mask_all(input);
        let expected = json!({
            "command": "curl -H [redacted: DEPLOY_TOKEN] x",
            "[redacted: DEPLOY_TOKEN]": ["[redacted: LONGER_SECRET]", 7],
        });
        assert_eq!(masked, expected);
        let kept = "/home/dev/.ssh/id keys/master swordfish-9 rm -rf /srv short";
        assert_eq!(secrets.mask(kept), kept);
    }
}

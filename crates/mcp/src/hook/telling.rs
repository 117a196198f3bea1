//! Texts and names that speak of a secret.

/// Does this text speak of something that must not go over a chat?
pub(super) fn is_telling(text: &str) -> bool {
    const ANYWHERE: [&str; 17] = [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "passwort",
        "token",
        "secret",
        "credential",
        "apikey",
        "privatekey",
        "accesskey",
        "mnemonic",
        "seedphrase",
        "recovery",
        "authenticat",
        "cvv",
        "cvc",
    ];
    const WORDS: [&str; 14] = [
        "key", "keys", "code", "codes", "pin", "otp", "totp", "2fa", "mfa", "pass", "pwd", "auth",
        "ssn", "card",
    ];
    let lower = text.to_lowercase();
    let joined: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    ANYWHERE.iter().any(|word| joined.contains(word))
        || words(text)
            .iter()
            .any(|word| WORDS.contains(&word.as_str()) || is_telling_at_an_end(word))
}

/// `pincode`, `authcode`, `otp2`; but not what merely sounds like it.
fn is_telling_at_an_end(word: &str) -> bool {
    const ENDS: [&str; 4] = ["code", "otp", "pin", "mfa"];
    const OTHERS: [&str; 12] = [
        "decode", "encode", "unicode", "codec", "codecs", "codebase", "spin", "ping", "pink",
        "pine", "pint", "pinned",
    ];
    !OTHERS.contains(&word)
        && ENDS
            .iter()
            .any(|end| word.starts_with(end) || word.ends_with(end))
}

/// The words of a text or of a name like `apiKey_2` or `OTPCode`.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_capitals = before.is_uppercase() && chars.peek().is_some_and(|c| c.is_lowercase());
        let begins =
            !c.is_alphanumeric() || (c.is_uppercase() && (before.is_lowercase() || ends_capitals));
        if begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

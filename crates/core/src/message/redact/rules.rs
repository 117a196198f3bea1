//! What a secret looks like. The group `s` of a pattern is what is masked.

use std::sync::LazyLock;

use regex::Regex;

use super::doubt::always;
use super::doubt::has_all_classes;
use super::doubt::has_digit;
use super::doubt::looks_random;
use super::doubt::not_a_hash;
use super::doubt::not_a_variable;
use super::doubt::not_a_word;
use super::doubt::not_code;
use super::doubt::runs_nothing;

/// One kind of secret.
pub(super) struct Rule {
    /// What the mask calls it.
    pub(super) name: &'static str,
    pub(super) pattern: Regex,
    /// Whether what was found is a secret indeed, where the pattern alone cannot say.
    pub(super) confirms: fn(&str) -> bool,
}

/// Compiled once. The patterns are constants, so this is no state.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compiled = PATTERNS.iter().filter_map(|(name, pattern, confirms)| {
        let pattern = Regex::new(pattern).ok()?;
        Some(Rule {
            name,
            pattern,
            confirms: *confirms,
        })
    });
    compiled.collect()
});

/// What assigns, with the blanks after it. After `NAME=` none may follow: in a shell, what comes then is a command.
macro_rules! assigns {
    () => {
        r#"["'\\]{0,2}(?:[ \t]*(?:=>|:=|:)[ \t]*|[ \t]+=[ \t]*|=)"#
    };
}

/// A name for a password.
macro_rules! password {
    () => {
        r"(?i)(?:password|passwd|passphrase|passwort|pwd)"
    };
}

/// A name for any other secret.
macro_rules! secret {
    () => {
        concat!(
            r"(?i)(?:secret|token|credentials?|",
            r"(?:api|access|auth|client|private|encryption|signing|account|master)[ _-]?key)",
        )
    };
}

/// What may be a secret after such a name.
macro_rules! random {
    () => {
        r"(?P<s>[A-Za-z0-9_./+=~:@%-]{12,200})"
    };
}

/// A name, a pattern and a second look.
type Pattern = (&'static str, &'static str, fn(&str) -> bool);

/// First what is found by its own form, then what is found by the words before it. Where the second look can say no,
/// the length has a limit ([`LONGEST`]): the search goes on inside of what was refused, and that must not take long.
const PATTERNS: &[Pattern] = &[
    (KEY, PRIVATE_KEY, always),
    (
        "telegram bot token",
        r"(?:^|[^0-9])(?P<s>[1-9][0-9]{5,15}:[A-Za-z0-9_-]{30,})",
        not_a_hash,
    ),
    (
        "aws access key",
        r"(?P<s>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,})",
        always,
    ),
    (
        "aws secret key",
        concat!(
            r"(?i)aws[^\n;&|<>$`()]{0,30}?(?:secret|sk)[^\n;&|<>$`()]{0,30}?",
            r#"(?:(?:[:>]|[ \t]=)[ \t]*|[= \t])["'\\]{0,2}(?P<s>[A-Za-z0-9/+]{40,})"#
        ),
        has_all_classes,
    ),
    (
        "github token",
        r"(?P<s>gh[pousr]_[A-Za-z0-9_.-]{36,}|github_pat_[A-Za-z0-9_]{22,})",
        always,
    ),
    (
        "gitlab token",
        r"(?P<s>gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_.-]{20,})",
        always,
    ),
    (
        "slack token",
        r"(?P<s>xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,})",
        always,
    ),
    (
        "slack webhook",
        r"(?P<s>hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,})",
        always,
    ),
    (
        "api key",
        r"(?:^|[^A-Za-z0-9])(?P<s>sk-[A-Za-z0-9_-]{20,200})",
        has_digit,
    ),
    ("api key", r"(?P<s>sk-ant-[A-Za-z0-9_-]{10,})", always),
    (
        "api key",
        r"(?P<s>[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,})",
        always,
    ),
    (
        "api key",
        r"(?P<s>AIza[A-Za-z0-9_-]{35,}|GOCSPX-[A-Za-z0-9_-]{20,})",
        always,
    ),
    (
        "api key",
        r"(?P<s>npm_[A-Za-z0-9]{36,}|pypi-AgEI[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,})",
        always,
    ),
    (
        "api key",
        r"(?P<s>SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|do[opr]_v1_[a-f0-9]{64})",
        always,
    ),
    (
        "api key",
        r"(?P<s>AGE-SECRET-KEY-1[A-Z0-9]{20,}|hv[sb]\.[A-Za-z0-9_-]{24,})",
        always,
    ),
    (
        "web token",
        r"(?P<s>eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_.-]*)",
        always,
    ),
    (
        "password",
        r#"://[^\s/:@]*:(?P<s>[^\s/;&|<>`"'(){}\\]+)@"#,
        not_a_variable,
    ),
    (
        "authorization",
        concat!(
            r"(?i)authorization",
            assigns!(),
            r"[\x22'\\]{0,2}",
            r"(?:bearer|basic|digest|token|apikey|bot)[ \t]+(?P<s>[A-Za-z0-9._~+/=:-]{8,})",
        ),
        always,
    ),
    (
        "authorization",
        concat!(
            r"(?i)authorization",
            assigns!(),
            r"[\x22'\\]{0,2}(?P<s>[A-Za-z0-9._~+/=:-]{8,200})"
        ),
        has_digit,
    ),
    (
        "authorization",
        r"(?i)(?:^|[^a-z])bearer[ \t]+(?P<s>[A-Za-z0-9._~+/-]{16,}=*)",
        has_digit,
    ),
    (
        "password",
        concat!(password!(), assigns!(), r#"\\?"(?P<s>[^"\n\\]{3,200})"#),
        runs_nothing,
    ),
    (
        "password",
        concat!(password!(), assigns!(), r"\\?'(?P<s>[^'\n\\]{3,200})"),
        runs_nothing,
    ),
    (
        "password",
        concat!(
            password!(),
            r#"["'\\]{0,2}(?:[ \t]*(?:=>|:=|:)|[ \t]+=)[ \t]+"#,
            r#"(?P<s>[^\s"'`,;&|<>$)\\]{4,200})"#
        ),
        not_a_word,
    ),
    (
        "password",
        concat!(
            password!(),
            r#"["'\\]{0,2}[ \t]*(?:=>|:=|=|:)(?P<s>[^\s"'`,;&|<>$)\\]{4,200})"#
        ),
        not_code,
    ),
    (
        "password",
        r#"(?i)(?:^|\s)--?[a-z-]*pass(?:word|wd|phrase)?[ \t]+["']?(?P<s>[^\s"'`;&|<>$)\\]{4,200})"#,
        not_code,
    ),
    (
        "secret",
        concat!(secret!(), assigns!(), r#"\\?["']?"#, random!()),
        looks_random,
    ),
    (
        "secret",
        concat!(
            r"(?i)(?:^|\s)--?[a-z-]*",
            secret!(),
            r#"[ \t]+["']?"#,
            random!()
        ),
        looks_random,
    ),
];

/// How a key begins. What belongs to it is found by [`super::key::ranges`].
const PRIVATE_KEY: &str = r"(?P<s>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)";

/// What a mask calls a private key.
pub(super) const KEY: &str = "private key";

/// The limit in the patterns above. A find of this length is masked on to the end of its word.
pub(super) const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_every_pattern_compiles_and_says_what_to_mask() {
        assert_eq!(RULES.len(), PATTERNS.len());
        for rule in RULES.iter() {
            assert!(
                rule.pattern
                    .capture_names()
                    .flatten()
                    .any(|name| name == "s"),
                "{}",
                rule.name
            );
        }
    }
}

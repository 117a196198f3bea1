//! What a secret looks like. The group `s` of a pattern is what is masked.

use std::sync::LazyLock;

use regex::Regex;

use super::doubt::always;
use super::doubt::has_all_classes;
use super::doubt::has_digit;
use super::doubt::looks_random;
use super::doubt::not_a_hash;
use super::doubt::not_a_label;
use super::doubt::not_a_variable;
use super::doubt::not_a_word;
use super::doubt::not_code;

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

/// A name for a password and what assigns to it.
macro_rules! password {
    () => {
        r#"(?i)(?:password|passwd|passphrase|passwort|pwd)["'\\]{0,2}[ \t]*(?:=>|:=|=|:)"#
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

/// What stands between the lines of a key: also in a string, a quotation or a diff.
macro_rules! gap {
    () => {
        r#"(?:[\s"'+,>|#*-]|\\{1,2}[nrt])"#
    };
}

/// A name, a pattern and a second look.
type Pattern = (&'static str, &'static str, fn(&str) -> bool);

/// First what is found by its own form, then what is found by the words before it. Where the second look can say no,
/// the length has a limit ([`LONGEST`]): the search goes on inside of what was refused, and that must not take long.
const PATTERNS: &[Pattern] = &[
    ("private key", PRIVATE_KEY, always),
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
        r#"(?i)aws.{0,30}?(?:secret|sk).{0,30}?[\s:=>]\s*["'\\]{0,2}(?P<s>[A-Za-z0-9/+]{40,})"#,
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
    ("password", r"://[^\s/:@]*:(?P<s>[^\s/]+)@", not_a_variable),
    (
        "authorization",
        concat!(
            r"(?i)authorization[\x22'\\]{0,2}\s*[:=]\s*[\x22'\\]{0,2}",
            r"(?:bearer|basic|digest|token|apikey|bot)\s+(?P<s>[A-Za-z0-9._~+/=:-]{8,})",
        ),
        always,
    ),
    (
        "authorization",
        r"(?i)authorization[\x22'\\]{0,2}\s*[:=]\s*[\x22'\\]{0,2}(?P<s>[A-Za-z0-9._~+/=:-]{8,200})",
        has_digit,
    ),
    (
        "authorization",
        r"(?i)(?:^|[^a-z])bearer\s+(?P<s>[A-Za-z0-9._~+/-]{16,}=*)",
        has_digit,
    ),
    (
        "password",
        concat!(password!(), r#"[ \t]*\\?"(?P<s>[^"\n\\]{3,200})"#),
        not_a_label,
    ),
    (
        "password",
        concat!(password!(), r"[ \t]*\\?'(?P<s>[^'\n\\]{3,200})"),
        not_a_label,
    ),
    (
        "password",
        concat!(password!(), r#"[ \t]+(?P<s>[^\s"'`,;\\]{4,200})"#),
        not_a_word,
    ),
    (
        "password",
        concat!(password!(), r#"(?P<s>[^\s"'`,;&\\]{4,200})"#),
        not_code,
    ),
    (
        "password",
        r#"(?i)(?:^|\s)--?[a-z-]*pass(?:word|wd|phrase)?[ \t]+["']?(?P<s>[^\s"'`;&|\\]{4,200})"#,
        not_code,
    ),
    (
        "secret",
        concat!(
            secret!(),
            r#"["'\\]{0,2}[ \t]*(?:=>|:=|=|:)[ \t]*\\?["'`]?"#,
            random!()
        ),
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

/// Only lines of base64 belong to a key: a mask must not swallow a command that follows a header.
const PRIVATE_KEY: &str = concat!(
    r"(?P<s>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
    r"(?:",
    gap!(),
    r"+(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [A-Za-z0-9 .,/()-]{0,80})*",
    r"(?:",
    gap!(),
    r"+[A-Za-z0-9+/]{20,}={0,2})*",
    r"(?:",
    gap!(),
    r"+(?:MI[A-Za-z0-9+/=]*|[A-Za-z0-9+/=]{8,}))?",
    r"(?:(?:",
    gap!(),
    r"+[A-Za-z0-9+/=]{1,80})?(?:",
    gap!(),
    r"+=[A-Za-z0-9+/]{4})?",
    gap!(),
    r"*-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?)",
);

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

//! A secret that was planted does not survive, whatever stands around it, and looking for it takes time in proportion.

use proptest::prelude::*;

use super::super::rules::LONGEST;
use super::super::rules::RULES;
use super::super::rules::Rule;
use super::hostile;
use super::samples::aws_secret;
use super::samples::by_form;
use super::samples::letters;
use super::*;

/// A token that none of the surroundings has a part of.
fn token() -> String {
    ["Zq9Yw8Xe7Vr6", "Ut5Ts4Sd3Rf2"].concat()
}

/// What says that a secret follows, and what follows. Each stands on a line of its own.
fn named_secrets() -> Vec<(&'static str, String)> {
    vec![
        ("aws_secret_access_key = ", aws_secret()),
        ("postgres://app:", "sw0rdfish@db.local/shop".to_owned()),
        ("Authorization: Bearer ", token()),
        ("\"Authorization\": \"", token()),
        ("bearer ", token()),
        ("DB_PASSWORD=", "sw0rdfish".to_owned()),
        ("password: ", "c0rrect-horse".to_owned()),
        ("passphrase = '", "correct horse'".to_owned()),
        ("tool --password ", "sw0rdfish".to_owned()),
        ("\"password\": \"", "it is plain\"".to_owned()),
        ("\"Authorization\": \"", token()),
        ("api_key: ", token()),
        ("export SERVICE_TOKEN=", token()),
        ("tool --token ", token()),
        ("DEPLOY_TOKEN_FOR_TESTS=", token()),
        ("cacheKey: '", token()),
        ("datadog.site = ", token()),
        ("curl -s -u app:", "sw0rdfish".to_owned()),
        (
            "<add key=\"ClearTextPassword\" value=\"",
            "sw0rdfish\"".to_owned(),
        ),
        ("https://x.blob.local/a?sv=1&sig=", token().repeat(2)),
        ("https://x.s3.local/a?X-Amz-Signature=", token().repeat(2)),
        ("Cookie: _gitlab_session=", token().repeat(2)),
    ]
}

/// How many bytes the rules look at, all together: the search of [`secrets`], counted. A regular expression takes time
/// in proportion to what it looks at, which is from where it begins to the end of what it finds.
fn looked_at(text: &str) -> usize {
    let count = |rule: &Rule| {
        let (mut bytes, mut at) = (0, 0);
        let pattern = rule.pattern().unwrap();
        while let Some(captures) = pattern.captures_at(text, at) {
            bytes += captures.get_match().end() - at;
            let secret = captures.name("s").or_else(|| captures.get(0)).unwrap();
            let goes_on_inside = !(rule.confirms)(secret.as_str()) && secret.start() > at;
            at = if goes_on_inside {
                secret.start()
            } else {
                secret.end()
            };
        }
        bytes + text.len().saturating_sub(at)
    };
    RULES.iter().map(count).sum()
}

#[test]
fn every_rule_has_a_planted_secret() {
    let mut texts: Vec<String> = by_form().into_iter().map(|(secret, _)| secret).collect();
    texts.extend(
        named_secrets()
            .into_iter()
            .map(|(name, secret)| format!("{name}{secret}")),
    );
    for rule in RULES.iter() {
        let pattern = rule.pattern().unwrap();
        let finds = |text: &String| pattern.is_match(text);
        assert!(texts.iter().any(finds), "{pattern}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A blank before it, since some forms count only where no letter or digit stands before.
    #[test]
    fn security_no_surroundings_save_a_secret_known_by_its_form(
        before in hostile(),
        which in prop::sample::select(by_form()),
        after in hostile(),
    ) {
        let (secret, name) = which;
        // The surroundings are made of secrets too, glued to one another: another copy has no blank before it.
        prop_assume!(!before.contains(&secret) && !after.contains(&secret));
        prop_assume!(!before.contains(&letters(64)) && !after.contains(&letters(64)));
        let masked = redact(&format!("{before} {secret}{after}"));
        // Of a key, every line is a secret.
        for line in secret.lines().filter(|line| name != "private key" || *line == letters(64)) {
            prop_assert!(!masked.contains(line), "{name}: {masked:?}");
        }
    }

    #[test]
    fn security_no_surroundings_save_a_secret_known_by_its_name(
        before in hostile(),
        which in prop::sample::select(named_secrets()),
        after in hostile(),
    ) {
        let (name, secret) = which;
        let masked = redact(&format!("{before}\n{name}{secret}\n{after}"));
        prop_assert!(!masked.contains(&secret), "{name}: {masked:?}");
    }

    #[test]
    fn security_twice_the_text_is_at_most_twice_the_work(part in hostile(), length in 1_000..4_000_usize) {
        prop_assume!(!part.is_empty());
        let once = part.repeat(length / part.len() + 1);
        let twice = once.repeat(2);
        let (less, more) = (looked_at(&once), looked_at(&twice));
        // What stands at the seam is looked at anew: a few finds of the longest kind, by every rule.
        let seam = RULES.len() * 4 * LONGEST;
        prop_assert!(more <= 2 * less + seam, "{less} and {more} bytes");
    }
}

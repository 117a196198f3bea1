//! Masks secrets: what looks like a key, a token or a password is replaced by a word that says what it was.

mod doubt;
mod key;
mod numbers;
mod rules;
mod tags;

use std::borrow::Cow;
use std::ops::Range;

use self::rules::KEY;
use self::rules::LONGEST;
use self::rules::Rule;
pub use self::tags::Tags;
use super::visible::is_hidden;

/// A mask can bring parts together that look like a secret in turn. This many rounds end that.
const ROUNDS: usize = 8;

/// `://:a@` is the shortest text that a rule can find something in.
const SHORTEST: usize = 6;

/// The text with every secret replaced, for example by `[redacted: aws access key]`. Characters that nobody sees and
/// terminal colours do not hide a secret.
#[must_use]
pub fn redact(text: &str) -> String {
    masked(text, None)
}

/// As [`redact`], and every mask ends in the tag of what it covers: `[redacted: aws access key 3f9c1a]`.
#[must_use]
pub fn redact_tagged(text: &str, tags: &Tags) -> String {
    masked(text, Some(tags))
}

/// Masks the whole text where `name`, the key that leads to it, says that it is a secret.
#[must_use]
pub fn redact_named(name: &str, text: &str, tags: Option<&Tags>) -> String {
    let secret = !text.is_empty() && !is_mask(text) && doubt::not_a_variable(text);
    match named(&plain(name).text) {
        Some(name) if secret => mask(name, &plain(text).text, tags),
        Some(_) | None => masked(text, tags),
    }
}

fn masked(text: &str, tags: Option<&Tags>) -> String {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        let Some(masked) = mask_once(&text, tags) else {
            break;
        };
        text = Cow::Owned(masked);
    }
    text.into_owned()
}

/// What stands in the place of a secret.
fn mask(name: &str, secret: &str, tags: Option<&Tags>) -> String {
    match tags {
        Some(tags) => format!("[redacted: {name} {}]", tags.of(secret)),
        None => format!("[redacted: {name}]"),
    }
}

fn is_mask(text: &str) -> bool {
    text.starts_with("[redacted: ") && text.ends_with(']')
}

/// What a field of this name holds, when that is a secret. `pwd` alone is mostly a directory.
fn named(name: &str) -> Option<&'static str> {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    if ends(&["password", "passwd", "passphrase", "passwort"]) {
        Some("password")
    } else if ends(&[
        "secret",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "authkey",
        "authorization",
    ]) {
        Some("secret")
    } else {
        None
    }
}

/// The text with what the rules find replaced; nothing when they find nothing.
fn mask_once(text: &str, tags: Option<&Tags>) -> Option<String> {
    if text.len() < SHORTEST {
        return None;
    }
    let plain = plain(text);
    let mut found: Vec<(Range<usize>, &str)> = Vec::new();
    for rule in rules::worth_trying(&plain.text) {
        secrets(rule, &plain.text, &mut found);
    }
    numbers::find(&plain.text, &mut found);
    let found = apart(found);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, name) in &found {
        let before = text.get(copied..plain.origin(range.start));
        out.push_str(before.unwrap_or_default());
        let secret = plain.text.get(range.clone()).unwrap_or_default();
        out.push_str(&mask(name, secret, tags));
        copied = plain.origin(range.end);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    (!found.is_empty()).then_some(out)
}

/// Of overlapping finds the first gives the name; a mask covers them all.
fn apart(mut found: Vec<(Range<usize>, &str)>) -> Vec<(Range<usize>, &str)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<(Range<usize>, &str)> = Vec::with_capacity(found.len());
    for (range, name) in found {
        match apart.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            Some(_) | None => apart.push((range, name)),
        }
    }
    apart
}

/// Where a rule's secrets are. After a find that is none, the search goes on inside of it.
fn secrets(rule: &Rule, text: &str, found: &mut Vec<(Range<usize>, &str)>) {
    let Some(pattern) = rule.pattern() else {
        return;
    };
    let mut at = 0;
    while let Some(captures) = pattern.captures_at(text, at) {
        let Some(secret) = captures.name("s").or_else(|| captures.get(0)) else {
            break;
        };
        if (rule.confirms)(secret.as_str()) {
            if rule.name == KEY {
                let ranges = key::ranges(text, secret.range());
                at = ranges.last().map_or(secret.end(), |range| range.end);
                found.extend(ranges.into_iter().map(|range| (range, rule.name)));
            } else {
                at = end_of_word(text, secret.range());
                found.push((secret.start()..at, rule.name));
            }
        } else if secret.start() > at {
            at = secret.start();
        } else {
            at = secret.end();
        }
    }
}

fn end_of_word(text: &str, found: Range<usize>) -> usize {
    if found.len() < LONGEST {
        return found.end;
    }
    let rest = text.get(found.end..).unwrap_or_default();
    let in_word = |c: char| c.is_ascii_alphanumeric() || "_+/=.~-".contains(c);
    found
        .end
        .saturating_add(rest.find(|c| !in_word(c)).unwrap_or(rest.len()))
}

/// A text without what nobody sees, and where its bytes come from.
struct Plain<'a> {
    text: Cow<'a, str>,
    /// For each byte of the text, and for its end, the place in the original; empty when nothing was left out.
    origins: Vec<usize>,
}

impl Plain<'_> {
    fn origin(&self, at: usize) -> usize {
        self.origins.get(at).copied().unwrap_or(at)
    }
}

/// How long the rest of a terminal colour is, `[1;31m`. Nothing else is skipped: `;` and a word may be a command.
fn colour(after: &str) -> usize {
    let bytes = after.as_bytes();
    let numbers = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
    let end = bytes.iter().skip(1).position(|byte| !numbers(byte));
    let Some(end) = end.map(|end| end.saturating_add(1)) else {
        return 0;
    };
    let open = bytes.get(..end).unwrap_or_default();
    let whole = after.starts_with('[') && !open.ends_with(b";") && !open.starts_with(b"[;");
    if whole && matches!(bytes.get(end), Some(b'm' | b'K')) {
        end.saturating_add(1)
    } else {
        0
    }
}

fn plain(text: &str) -> Plain<'_> {
    if !text.contains(is_hidden) {
        return Plain {
            text: text.into(),
            origins: Vec::new(),
        };
    }
    let mut kept = String::with_capacity(text.len());
    let mut origins = Vec::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = text.get(at.saturating_add(c.len_utf8())..);
        let colour = after.filter(|_| c == '\u{1b}').map_or(0, colour);
        if colour > 0 {
            // All of it is ASCII.
            let _skipped = chars.nth(colour.saturating_sub(1));
        } else if !is_hidden(c) || c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n')
        {
            kept.push(c);
            origins.extend(std::iter::repeat_n(at, c.len_utf8()));
        }
    }
    origins.push(text.len());
    Plain {
        text: kept.into(),
        origins,
    }
}

#[cfg(test)]
mod tests;

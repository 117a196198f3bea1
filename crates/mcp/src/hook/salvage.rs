//! Input that is no proper JSON, or too deep or too large to be read: what can still be said of it. A call of a tool must not
//! get past the rules by being hard to read.

use serde_json::Map;
use serde_json::Value;

/// The same document with what JavaScript writes and Rust refuses put right: half a surrogate pair becomes U+FFFD, which
/// is what a program gets that is started with it.
pub(super) fn repaired(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let length = match surrogate(escape) {
            Some(Half::High) if escape.get(6..).and_then(surrogate) == Some(Half::Low) => 12,
            Some(Half::High | Half::Low) => {
                plain.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            None => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        let (whole, behind) = escape.split_at(length);
        plain.push_str(whole);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Half {
    High,
    Low,
}

/// Does the text begin with `\uD800` to `\uDFFF`?
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// The members of the outermost object that hold a text, as far as the document goes.
pub(super) fn outer_texts(text: &str) -> Map<String, Value> {
    let mut found = Map::new();
    let Some(mut rest) = text.trim_start().strip_prefix('{') else {
        return found;
    };
    while let Some((key, behind)) = string(rest) {
        let Some(value) = behind.trim_start().strip_prefix(':') else {
            break;
        };
        let text = string(value);
        if let Some((text, behind)) = text {
            found.insert(key, Value::String(text));
            rest = behind;
        } else {
            rest = skipped(value);
        }
        let Some(next) = rest.trim_start().strip_prefix(',') else {
            break;
        };
        rest = next;
    }
    found
}

/// A string at the beginning, and what stands behind it.
fn string(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let length = string_length(text)?;
    let (literal, behind) = text.split_at(length);
    Some((serde_json::from_str(literal).ok()?, behind))
}

/// The bytes of a string with its quotes.
fn string_length(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    bytes.next().filter(|(_, first)| *first == b'"')?;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at.saturating_add(1)),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

/// What stands behind a value, however deep that is.
fn skipped(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut at = 0_usize;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                let rest = text.get(at..).unwrap_or_default();
                at = at.saturating_add(string_length(rest).unwrap_or(rest.len()));
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' | b',' if depth == 0 => break,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at = at.saturating_add(1);
    }
    text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_replaced_and_a_whole_one_kept() {
        for (text, expected) in [
            (r#""a\ud83d\ude00b""#, r#""a\ud83d\ude00b""#),
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\ude00\ud83dx""#, r#""\ufffd\ufffdx""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d \" \u00e9""#, r#""\\ud83d \" \u00e9""#),
            ("\\", "\\"),
            ("\\\u{e9}\\u12", "\\\u{e9}\\u12"),
        ] {
            assert_eq!(repaired(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_are_found_beside_what_is_too_deep_or_cut_off() {
        let found = outer_texts(r#"{"a": "x\"}", "b": {"}": "]"}}"#);
        assert_eq!(found.len(), 1);
        assert_eq!(found.get("a"), Some(&Value::from("x\"}")));
        assert!(outer_texts("[\"a\"]").is_empty());
        let deep = format!(
            r#"{{"b": {}{}, "c": "y", "d": 1e999, "e": "z", "f": ["cut"#,
            "[".repeat(1_000),
            "]".repeat(1_000)
        );
        let found = outer_texts(&deep);
        let texts: Vec<(&str, &str)> = found
            .iter()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
            .collect();
        assert_eq!(texts, [("c", "y"), ("e", "z")]);
    }
}

//! Text as `TDLib` cleans it: control characters become spaces, `\r` and U+2028 to U+202E vanish,
//! white space around the text is trimmed; the entities move along.

use serde_json::Value;

use super::entities;
use crate::error::ApiError;

/// Raw text of one message before any parsing (telegram-bot-api server), in bytes.
const RAW_MAX: usize = 32_768;

/// Text with its entities, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

/// A message's text: 1 to 4096 characters after cleaning (Bot API), counted in UTF-16 units.
pub(crate) fn message(raw: &str, entities: Option<&Value>) -> Result<Formatted, ApiError> {
    let formatted = clean(raw, entities)?;
    if formatted.text.is_empty() {
        return Err(ApiError::bad_request("message text is empty"));
    }
    if utf16_len(&formatted.text) > 4096 {
        return Err(ApiError::bad_request("message is too long"));
    }
    Ok(formatted)
}

/// A caption: 0 to 1024 characters after cleaning (Bot API), counted in UTF-16 units.
pub(crate) fn caption(raw: &str, entities: Option<&Value>) -> Result<Formatted, ApiError> {
    let formatted = clean(raw, entities)?;
    if utf16_len(&formatted.text) > 1024 {
        return Err(ApiError::bad_request("message caption is too long"));
    }
    Ok(formatted)
}

pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

fn clean(raw: &str, entities: Option<&Value>) -> Result<Formatted, ApiError> {
    if raw.len() > RAW_MAX {
        return Err(ApiError::bad_request("text is too long"));
    }
    let (text, moved) = replace(raw);
    let mut spans = entities::parse(entities, &moved)?;
    let text = text.trim_end_matches([' ', '\n']);
    // White space that an entity covers stays, as in TDLib.
    let first = spans.first().map_or(usize::MAX, |span| span.start);
    let lead = text
        .bytes()
        .take(first)
        .take_while(|byte| matches!(byte, b' ' | b'\n'))
        .count();
    let text = text.get(lead..).unwrap_or_default().to_owned();
    let length = utf16_len(&text);
    for span in &mut spans {
        span.start = span.start.saturating_sub(lead).min(length);
        span.end = span.end.saturating_sub(lead).min(length);
    }
    spans.retain(|span| span.start < span.end);
    let entities = spans.into_iter().map(entities::Span::into_json).collect();
    Ok(Formatted { text, entities })
}

/// The replaced text, and for every UTF-16 offset of the old one its new offset; none inside a
/// surrogate pair.
fn replace(raw: &str) -> (String, Vec<Option<usize>>) {
    let mut text = String::with_capacity(raw.len());
    let (mut moved, mut length) = (Vec::with_capacity(raw.len() + 1), 0);
    for character in raw.chars() {
        moved.push(Some(length));
        if character.len_utf16() == 2 {
            moved.push(None);
        }
        let kept = match character {
            '\r' | '\u{2028}'..='\u{202e}' => continue,
            '\n' => '\n',
            '\0'..='\u{1f}' => ' ',
            other => other,
        };
        length += kept.len_utf16();
        text.push(kept);
    }
    moved.push(Some(length));
    (text, moved)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn description(result: Result<Formatted, ApiError>) -> String {
        result.unwrap_err().description
    }

    #[test]
    fn lengths_are_utf16_units_after_cleaning() {
        assert!(message(&"a".repeat(4096), None).is_ok());
        assert!(message(&format!("  {}\n", "a".repeat(4096)), None).is_ok());
        assert!(message(&"😀".repeat(2048), None).is_ok());
        let long = "Bad Request: message is too long";
        assert_eq!(description(message(&"a".repeat(4097), None)), long);
        assert_eq!(description(message(&"😀".repeat(2049), None)), long);
        let raw = "Bad Request: text is too long";
        assert_eq!(description(message(&"a".repeat(32_769), None)), raw);
        let caption_long = "Bad Request: message caption is too long";
        assert_eq!(description(caption(&"a".repeat(1025), None)), caption_long);
        assert!(caption("", None).is_ok());
    }

    #[test]
    fn nothing_visible_is_empty() {
        for raw in ["", " ", "\n \n", "\u{202e}", "\0\t"] {
            assert_eq!(
                description(message(raw, None)),
                "Bad Request: message text is empty"
            );
        }
    }

    #[test]
    fn cleaning_moves_entities() {
        let bold = |offset, length| json!([{"type": "bold", "offset": offset, "length": length}]);
        for (raw, given, text, expected) in [
            ("a\tb\0c", bold(2, 1), "a b c", bold(2, 1)),
            ("a\r\nb", bold(3, 1), "a\nb", bold(2, 1)),
            ("\u{202e}ab", bold(1, 2), "ab", bold(0, 2)),
            ("a\u{2028}b", bold(0, 3), "ab", bold(0, 2)),
            ("  \n ab ", bold(4, 2), "ab", bold(0, 2)),
            ("ab  ", bold(0, 4), "ab", bold(0, 2)),
            ("ab  ", bold(3, 1), "ab", json!([])),
            ("  ab", bold(0, 4), "  ab", bold(0, 4)),
            ("😀 x", bold(0, 2), "😀 x", bold(0, 2)),
        ] {
            let formatted = message(raw, Some(&given)).unwrap();
            assert_eq!(formatted.text, text);
            assert_eq!(json!(formatted.entities), expected, "{raw:?}");
        }
    }
}

//! Message entities: types, bounds in UTF-16 units, nesting.

use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;

/// More are dropped silently.
const MAX: usize = 100;

/// Styles that may contain and be part of anything but code.
const STYLES: [&str; 5] = ["bold", "italic", "underline", "strikethrough", "spoiler"];
const QUOTES: [&str; 2] = ["blockquote", "expandable_blockquote"];
const CODE: [&str; 2] = ["pre", "code"];
/// Entities that cannot contain each other, with the field they need.
const OTHERS: [(&str, Option<&str>); 11] = [
    ("bot_command", None),
    ("cashtag", None),
    ("custom_emoji", Some("custom_emoji_id")),
    ("date_time", Some("unix_time")),
    ("email", None),
    ("hashtag", None),
    ("mention", None),
    ("phone_number", None),
    ("text_link", Some("url")),
    ("text_mention", Some("user")),
    ("url", None),
];
const FIELDS: [&str; 9] = [
    "type",
    "offset",
    "length",
    "url",
    "user",
    "language",
    "custom_emoji_id",
    "unix_time",
    "date_time_format",
];

/// An entity with its bounds apart, so that they can move.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    kind: String,
    fields: Map<String, Value>,
}

impl Span {
    pub(crate) fn into_json(self) -> Value {
        let mut fields = self.fields;
        fields.insert("offset".into(), self.start.into());
        fields.insert("length".into(), (self.end - self.start).into());
        Value::Object(fields)
    }
}

/// Parses the entities of a text whose offsets moved as `moved` says (none: inside a surrogate
/// pair). They come back sorted, outer ones first.
pub(crate) fn parse(given: Option<&Value>, moved: &[Option<usize>]) -> Result<Vec<Span>, ApiError> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    let list = given
        .as_array()
        .ok_or_else(|| cannot("expected an Array of MessageEntity"))?;
    let spans: Result<Vec<_>, _> = list.iter().map(|entity| span(entity, moved)).collect();
    let mut spans = spans?;
    spans.sort_by_key(|span| (span.start, usize::MAX - span.end));
    spans.truncate(MAX);
    check_nesting(&spans)?;
    Ok(spans)
}

fn cannot(what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("can't parse entities: {what}"))
}

fn span(entity: &Value, moved: &[Option<usize>]) -> Result<Span, ApiError> {
    let fields = entity
        .as_object()
        .ok_or_else(|| cannot("expected an Object"))?;
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(cannot(format!("unknown field {unknown:?}")));
    }
    let kind = fields
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    check_kind(&kind, fields)?;
    let offset = bound(fields, "offset")?;
    let length = bound(fields, "length")?;
    if length == 0 {
        return Err(cannot(format!(
            "{kind} entity at UTF-16 offset {offset} is empty"
        )));
    }
    let last = moved.len().saturating_sub(1);
    if offset.saturating_add(length) > last {
        return Err(cannot(format!(
            "entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 \
             offset {last}"
        )));
    }
    let at = |position: usize, verb: &str| {
        let new = moved.get(position).copied().flatten();
        new.ok_or_else(|| {
            cannot(format!(
                "entity {verb} in a middle of a UTF-16 symbol at offset {position}"
            ))
        })
    };
    let (start, end) = (at(offset, "begins")?, at(offset + length, "ends")?);
    Ok(Span {
        start,
        end,
        kind,
        fields: fields.clone(),
    })
}

fn bound(fields: &Map<String, Value>, name: &str) -> Result<usize, ApiError> {
    let value = fields.get(name);
    let number = value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    let bound = number.and_then(|number| usize::try_from(number).ok());
    bound.ok_or_else(|| cannot(format!("field {name:?} must be a non-negative Integer")))
}

fn check_kind(kind: &str, fields: &Map<String, Value>) -> Result<(), ApiError> {
    if STYLES.contains(&kind) || QUOTES.contains(&kind) || CODE.contains(&kind) {
        return Ok(());
    }
    let Some((_, needed)) = OTHERS.iter().find(|(name, _)| *name == kind) else {
        return Err(cannot(format!("unsupported entity type {kind:?}")));
    };
    match needed {
        Some(field)
            if fields
                .get(*field)
                .is_none_or(|value| value == "" || value.is_null()) =>
        {
            Err(cannot(format!("{kind} entity needs the field {field:?}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Two entities with common characters must be nested, and not everything nests (Bot API,
/// "Formatting options"). Telegram splits or drops what breaks the rules; here it is an error.
fn check_nesting(spans: &[Span]) -> Result<(), ApiError> {
    for (index, outer) in spans.iter().enumerate() {
        for inner in spans
            .iter()
            .skip(index + 1)
            .take_while(|inner| inner.start < outer.end)
        {
            let same = (outer.start, outer.end) == (inner.start, inner.end);
            let nested = inner.end <= outer.end;
            let fits = nests(&outer.kind, &inner.kind) || same && nests(&inner.kind, &outer.kind);
            if !(nested && fits) {
                return Err(cannot(format!(
                    "{} entity at UTF-16 offset {} can't overlap the {} entity at {}",
                    inner.kind, inner.start, outer.kind, outer.start
                )));
            }
        }
    }
    Ok(())
}

fn nests(outer: &str, inner: &str) -> bool {
    let quote = QUOTES.contains(&outer);
    if CODE.contains(&outer) || quote && QUOTES.contains(&inner) || outer == inner {
        return false;
    }
    quote || STYLES.contains(&outer) && !CODE.contains(&inner) || STYLES.contains(&inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(length: usize, entities: &Value) -> Result<usize, String> {
        let moved: Vec<_> = (0..=length).map(Some).collect();
        parse(Some(entities), &moved)
            .map(|spans| spans.len())
            .map_err(|error| error.description)
    }

    fn pair(outer: &str, inner: &str) -> Value {
        json!([
            {"type": outer, "offset": 0, "length": 4, "url": "https://example.org"},
            {"type": inner, "offset": 1, "length": 2, "url": "https://example.org"},
        ])
    }

    #[test]
    fn bounds_are_checked() {
        for (entity, error) in [
            (
                json!({"type": "bold", "offset": 3, "length": 2}),
                "ends after the end",
            ),
            (
                json!({"type": "bold", "offset": -1, "length": 2}),
                "non-negative Integer",
            ),
            (
                json!({"type": "bold", "offset": 0, "length": 0}),
                "is empty",
            ),
            (
                json!({"type": "blink", "offset": 0, "length": 1}),
                "unsupported entity type",
            ),
            (
                json!({"type": "text_link", "offset": 0, "length": 1}),
                "needs the field \"url\"",
            ),
            (
                json!({"type": "bold", "offset": 0, "length": 1, "lang": "x"}),
                "unknown field",
            ),
        ] {
            let refused = check(4, &json!([entity])).unwrap_err();
            assert!(
                refused.starts_with("Bad Request: can't parse entities: "),
                "{refused}"
            );
            assert!(refused.contains(error), "{refused}");
        }
        assert!(check(4, &json!({})).is_err());
    }

    #[test]
    fn surrogate_pairs_are_not_split() {
        let moved = [Some(0), None, Some(2)];
        let half = json!([{"type": "bold", "offset": 0, "length": 1}]);
        assert!(
            parse(Some(&half), &moved)
                .unwrap_err()
                .description
                .contains("in a middle")
        );
        let whole = json!([{"type": "bold", "offset": 0, "length": 2}]);
        assert!(parse(Some(&whole), &moved).is_ok());
    }

    #[test]
    fn nesting_rules() {
        for (outer, inner) in [
            ("bold", "italic"),
            ("blockquote", "pre"),
            ("blockquote", "text_link"),
            ("text_link", "bold"),
            ("bold", "blockquote"),
            ("bold", "text_link"),
        ] {
            assert_eq!(check(4, &pair(outer, inner)), Ok(2), "{outer} {inner}");
        }
        for (outer, inner) in [
            ("pre", "bold"),
            ("bold", "code"),
            ("code", "code"),
            ("blockquote", "expandable_blockquote"),
            ("text_link", "text_link"),
            ("text_link", "code"),
        ] {
            assert!(check(4, &pair(outer, inner)).is_err(), "{outer} {inner}");
        }
        let crossing = json!([
            {"type": "bold", "offset": 0, "length": 3},
            {"type": "italic", "offset": 2, "length": 2},
        ]);
        assert!(check(4, &crossing).is_err());
        let same = json!([
            {"type": "pre", "offset": 0, "length": 3},
            {"type": "blockquote", "offset": 0, "length": 3},
        ]);
        assert_eq!(check(4, &same), Ok(2));
    }

    #[test]
    fn the_hundred_and_first_is_dropped() {
        let entities: Vec<_> = (0..150)
            .map(|at| json!({"type": "bold", "offset": at * 2, "length": 1}))
            .collect();
        assert_eq!(check(400, &json!(entities)), Ok(MAX));
    }
}

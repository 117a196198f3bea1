//! Bytes become an event.

use std::collections::BTreeSet;

use cctelegram_crypto::Digest;
use cctelegram_crypto::Hasher;
use serde::de::IgnoredAny;
use serde_json::Map;
use serde_json::Value;
use serde_json::error::Category;

use super::Event;
use super::Kind;
use super::attachment;
use super::lenient::custom_event;
use super::raw::Raw;
use super::raw::RawApproval;
use crate::id::ALERT;
use crate::id::BadEventId;
use crate::id::EventId;
use crate::message::redact::redact;
use crate::message::visible::visible;

/// How strictly a document is read (`CC_TELEGRAM_VALIDATE_EVENTS`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Validation {
    /// `type` and `title` are required.
    Strict,
    /// A JSON object without `type` or `title` goes out as `custom_event`.
    Lenient,
}

/// Why a document is no event. Values are never repeated in it: they may be secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Rejected {
    /// The field that is wrong, as a path (`data.options[2]`), or `document` for the whole.
    pub field: String,
    pub reason: String,
}

impl Rejected {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// Reads one event. `origin` identifies where the bytes came from (file name, inode, time), so that an event without
/// an id gets the same id when it is read again.
pub fn parse(bytes: &[u8], validation: Validation, origin: Digest) -> Result<Event, Rejected> {
    let object = object(bytes)?;
    let object = match validation {
        Validation::Strict => object,
        Validation::Lenient => custom_event(object),
    };
    for name in ["type", "title"] {
        require_text(&object, name)?;
    }
    let raw = read(object)?;
    let id = match raw.event_id {
        Some(id) => given_id(&id).map_err(|reason| Rejected::new("event_id", reason))?,
        None => EventId::derived(identity(bytes, origin)),
    };
    let kind = Kind::from(raw.kind);
    let data = raw.data.unwrap_or_default();
    let options = if kind == Kind::ApprovalRequest {
        options(&data)?
    } else {
        Vec::new()
    };
    attachment::wanted(&data)?;
    Ok(Event {
        id,
        kind,
        title: raw.title,
        description: raw.description,
        source: raw.source,
        timestamp: raw.timestamp,
        task_id: raw.task_id,
        project: raw.project,
        correlation_id: raw.correlation_id,
        parent_event_id: raw.parent_event_id,
        data,
        options,
        attachments: Vec::new(),
    })
}

/// The label of the bridge's own button beside the choices.
const DETAILS: &str = "Details";

/// An id that a producer chose. It is shown and names files, so it must not be a secret, nor pass for the bridge's own.
fn given_id(id: &str) -> Result<EventId, String> {
    let parsed: EventId = id.parse().map_err(|bad: BadEventId| bad.to_string())?;
    if id.starts_with(ALERT) {
        Err(format!("must not begin with {ALERT}"))
    } else if redact(id) == id {
        Ok(parsed)
    } else {
        Err("it looks like a secret".to_owned())
    }
}

/// Are these bytes exactly one complete JSON value, of whatever type and depth?
#[must_use]
pub fn is_one_document(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

fn identity(bytes: &[u8], origin: Digest) -> Digest {
    let mut hasher = Hasher::default();
    hasher.field(origin.as_bytes());
    hasher.field(bytes);
    hasher.finish()
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Rejected> {
    let rejected = |reason: String| Rejected::new("document", reason);
    let text = std::str::from_utf8(bytes)
        .map_err(|bad| rejected(format!("not UTF-8 text from byte {} on", bad.valid_up_to())))?;
    let document: Value = serde_json::from_str(text).map_err(|bad| rejected(not_json(&bad)))?;
    let kind = found(&document);
    let Value::Object(object) = document else {
        return Err(rejected(format!("expected an object, found {kind}")));
    };
    Ok(object)
}

fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("recursion limit exceeded") {
        return format!(
            "nested too deep, the limit is 127 levels (line {})",
            error.line()
        );
    }
    match error.classify() {
        Category::Eof if error.line() <= 1 && error.column() == 0 => "it is empty".to_owned(),
        Category::Eof => format!("not JSON: it ends too early (line {})", error.line()),
        Category::Syntax | Category::Data | Category::Io => format!("not JSON: {text}"),
    }
}

fn require_text(object: &Map<String, Value>, name: &str) -> Result<(), Rejected> {
    let reason = match object.get(name) {
        None | Some(Value::Null) => "is required".to_owned(),
        Some(Value::String(text)) if text.trim().is_empty() => "must not be empty".to_owned(),
        Some(Value::String(_)) => return Ok(()),
        Some(other) => format!("expected text, found {}", found(other)),
    };
    Err(Rejected::new(name, reason))
}

/// Both `type` and `title` are texts here, so an error is about another field; trying one at a time finds it.
fn read(object: Map<String, Value>) -> Result<Raw, Rejected> {
    let whole = Value::Object(object.clone());
    serde_json::from_value(whole).map_err(|_| {
        let wrong = object.iter().find(|(name, value)| {
            let mut alone = Map::new();
            alone.insert("type".to_owned(), Value::from(""));
            alone.insert("title".to_owned(), Value::from(""));
            alone.insert((*name).clone(), (*value).clone());
            serde_json::from_value::<Raw>(Value::Object(alone)).is_err()
        });
        let Some((name, value)) = wrong else {
            return Rejected::new("document", "not an event");
        };
        let expected = match name.as_str() {
            "data" => "an object",
            "schema_version" => "text or a number",
            _ => "text",
        };
        Rejected::new(name, format!("expected {expected}, found {}", found(value)))
    })
}

/// The choices of a request: 1 to 8 different labels that fit a button.
fn options(data: &Map<String, Value>) -> Result<Vec<String>, Rejected> {
    let read = serde_json::from_value::<RawApproval>(Value::Object(data.clone()));
    let options = match read.map(|raw| raw.options) {
        Ok(Some(options)) => options,
        Ok(None) => return Ok(vec!["Approve".to_owned(), "Deny".to_owned()]),
        Err(_) => return Err(wrong_option(data.get("options").unwrap_or(&Value::Null))),
    };
    if !(1..=8).contains(&options.len()) {
        let reason = format!("expected 1 to 8 choices, found {}", options.len());
        return Err(Rejected::new("data.options", reason));
    }
    let mut seen = BTreeSet::new();
    for (index, option) in options.iter().enumerate() {
        let shown = visible(&redact(option)).trim().to_owned();
        let reason = if option.trim().is_empty() {
            "must not be empty"
        } else if option.chars().count() > 100 {
            "is longer than 100 characters"
        } else if shown == DETAILS {
            "is the name of another button"
        } else if !seen.insert(shown) {
            "is there twice"
        } else {
            continue;
        };
        return Err(Rejected::new(format!("data.options[{index}]"), reason));
    }
    Ok(options)
}

fn wrong_option(options: &Value) -> Rejected {
    let items = options.as_array().map_or(&[][..], Vec::as_slice);
    let wrong = items.iter().enumerate().find(|(_, item)| !item.is_string());
    wrong.map_or_else(
        || {
            Rejected::new(
                "data.options",
                format!("expected a list, found {}", found(options)),
            )
        },
        |(index, item)| {
            let reason = format!("expected text, found {}", found(item));
            Rejected::new(format!("data.options[{index}]"), reason)
        },
    )
}

pub(super) fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;

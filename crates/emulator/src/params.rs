//! Typed parameters of a call. Reading integers and booleans is as lenient as Telegram's; names
//! and malformed values are not: Telegram ignores those, this emulator refuses, so typos show.

pub(crate) mod body;

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;
use crate::method::Kind;
use crate::method::Method;
use crate::method::UNSUPPORTED;

/// A file part of a multipart request.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) file_name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// The parameters of one call, all known to its method.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: Map<String, Value>,
    files: BTreeMap<String, Upload>,
}

impl Params {
    /// Types what the request carried.
    pub(crate) fn typed(
        method: Method,
        raw: Vec<(String, Value)>,
        mut uploads: BTreeMap<String, Upload>,
    ) -> Result<Self, ApiError> {
        let mut params = Self::default();
        for (name, value) in raw {
            let kind = method.kind_of(&name).ok_or_else(|| unknown(&name))?;
            let typed = typed(&name, kind, value)?;
            if !typed.is_null() {
                params.values.insert(name, typed);
            }
        }
        for (name, kind) in method.parameters() {
            if *kind != Kind::File {
                continue;
            }
            let attached = params
                .text(name)
                .and_then(|value| value.strip_prefix("attach://"));
            let part = attached.unwrap_or(name).to_owned();
            if let Some(upload) = uploads.remove(&part) {
                params.files.insert((*name).to_owned(), upload);
            }
        }
        match uploads.keys().next() {
            Some(stray) => Err(unknown(stray)),
            None => Ok(params),
        }
    }

    /// The JSON the call log keeps.
    pub(crate) fn to_json(&self) -> Value {
        let mut values = self.values.clone();
        for (name, file) in &self.files {
            let shown = json!({
                "file_name": file.file_name,
                "mime_type": file.mime_type,
                "size": file.bytes.len(),
            });
            values.insert(name.clone(), shown);
        }
        Value::Object(values)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.values
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    pub(crate) fn json(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(crate) fn upload(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }
}

fn unknown(name: &str) -> ApiError {
    if UNSUPPORTED.contains(&name) {
        return ApiError::bad_request(format!("{name} is not supported by this emulator"));
    }
    ApiError::bad_request(format!("unknown parameter {name}"))
}

fn typed(name: &str, kind: Kind, value: Value) -> Result<Value, ApiError> {
    let wrong = |what: &str| ApiError::bad_request(format!("parameter {name} is not {what}"));
    if value.is_null() {
        return Ok(value);
    }
    match kind {
        Kind::Integer => integer(&value).ok_or_else(|| wrong("an integer")),
        Kind::Boolean => boolean(&value).ok_or_else(|| wrong("a boolean")),
        Kind::Text | Kind::File => text(value).ok_or_else(|| wrong("a string")),
        Kind::Chat => integer(&value)
            .or_else(|| text(value))
            .ok_or_else(|| wrong("a chat")),
        Kind::Json => match value {
            Value::String(empty) if empty.trim().is_empty() => Ok(Value::Null),
            Value::String(nested) => serde_json::from_str(&nested).map_err(|_| {
                ApiError::bad_request(format!("can't parse {}: not JSON", name.replace('_', " ")))
            }),
            plain @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => Ok(plain),
        },
    }
}

fn integer(value: &Value) -> Option<Value> {
    let number = value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok());
    number.map(Value::from)
}

/// Spellings the telegram-bot-api server takes for true; the rest of these words is false.
fn boolean(value: &Value) -> Option<Value> {
    let spelled = text(value.clone())?;
    match spelled.as_str()?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true.into()),
        "false" | "no" | "0" | "" => Some(false.into()),
        _ => None,
    }
}

fn text(value: Value) -> Option<Value> {
    if value.is_string() {
        return Some(value);
    }
    (value.is_number() || value.is_boolean()).then(|| Value::String(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: Method, pairs: &[(&str, Value)]) -> Result<Value, String> {
        let raw = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let params = Params::typed(method, raw, BTreeMap::new());
        params
            .map(|params| params.to_json())
            .map_err(|error| error.description)
    }

    #[test]
    fn strings_become_what_the_method_wants() {
        let read = read(
            Method::SendMessage,
            &[
                ("chat_id", json!("42")),
                ("text", json!(7)),
                ("disable_notification", json!("True")),
                ("entities", json!("[]")),
                ("reply_markup", json!("")),
            ],
        );
        let expected =
            json!({"chat_id": 42, "text": "7", "disable_notification": true, "entities": []});
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn typos_and_malformed_values_are_refused() {
        for (name, value, error) in [
            ("txt", json!("x"), "Bad Request: unknown parameter txt"),
            (
                "limit",
                json!("ten"),
                "Bad Request: parameter limit is not an integer",
            ),
            (
                "allowed_updates",
                json!("[x"),
                "Bad Request: can't parse allowed updates: not JSON",
            ),
        ] {
            assert_eq!(
                read(Method::GetUpdates, &[(name, value)]),
                Err(error.to_owned())
            );
        }
        let mode = read(Method::SendMessage, &[("parse_mode", json!("HTML"))]);
        assert_eq!(
            mode,
            Err("Bad Request: parse_mode is not supported by this emulator".to_owned())
        );
    }
}

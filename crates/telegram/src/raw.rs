//! Updates before they are decoded.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::number::whole;

/// An update as it came, but for the keyboards of our own messages: its id and its JSON text, to be stored first and
/// decoded later (see [`decode`](crate::update::decode)).
#[derive(Clone, PartialEq, Eq)]
pub struct RawUpdate {
    pub id: i64,
    pub body: String,
}

impl fmt::Debug for RawUpdate {
    /// Leaves out what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RawUpdate {{ id: {}, {} bytes }}",
            self.id,
            self.body.len()
        )
    }
}

impl RawUpdate {
    /// Takes an update whose id can be read.
    pub(crate) fn read(json: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Numbered<'a> {
            #[serde(borrow)]
            update_id: &'a RawValue,
        }
        let numbered: Numbered<'_> = serde_json::from_str(json.get()).ok()?;
        let id = whole(&serde_json::from_str(numbered.update_id.get()).ok()?)?;
        Some(Self {
            id,
            body: without_keyboards(json.get()),
        })
    }
}

/// Telegram repeats the message that a button or a reply belongs to, with everything that its other buttons carry. Nobody
/// needs that, and it is not to be stored.
fn without_keyboards(text: &str) -> String {
    let told = || text.to_owned();
    if !text.contains(KEYBOARD) {
        return told();
    }
    let Ok(mut update) = serde_json::from_str(text) else {
        return told();
    };
    strip(&mut update);
    update.to_string()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove(KEYBOARD);
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const KEYBOARD: &str = "reply_markup";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let json: Box<RawValue> = serde_json::from_str(text).unwrap();
        RawUpdate::read(&json).unwrap().body
    }

    #[test]
    fn security_what_buttons_carry_is_left_out_of_what_is_stored() {
        let keyboard =
            r#""reply_markup":{"inline_keyboard":[[{"text":"Yes","callback_data":"secret"}]]}"#;
        let press = format!(
            r#"{{"update_id":1,"callback_query":{{"data":"d","message":{{{keyboard}}}}}}}"#
        );
        assert_eq!(
            read(&press),
            r#"{"callback_query":{"data":"d","message":{}},"update_id":1}"#
        );
        let reply = format!(
            r#"{{"update_id":1,"message":{{"reply_to_message":{{"x":[{{{keyboard}}}]}}}}}}"#
        );
        assert_eq!(
            read(&reply),
            r#"{"message":{"reply_to_message":{"x":[{}]}},"update_id":1}"#
        );
    }

    #[test]
    fn other_updates_stay_as_they_came() {
        let text = r#"{"update_id": 8.0,  "new_thing": "reply_to"}"#;
        assert_eq!(read(text), text);
    }
}

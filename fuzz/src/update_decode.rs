//! Updates: whatever comes, decoding does not fail, and what takes authority from a message is never lost.

use cctelegram_telegram::update::Update;
use cctelegram_telegram::update::decode;
use serde_json::Value;

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let update = decode(&text);
    let Ok(json) = serde_json::from_str::<Value>(&text) else {
        assert!(
            matches!(update, Update::Other { .. }),
            "{update:?} from no JSON"
        );
        return;
    };
    match update {
        Update::Message(message) => {
            let (content, edited) = match json.get("message") {
                Some(content) => (content, false),
                None => (&json["edited_message"], true),
            };
            assert_eq!(message.edited, edited);
            assert_eq!(Some(message.chat.0), number(&content["chat"]["id"]));
            let private = content["chat"]["type"] == "private";
            assert_eq!(message.chat_is_private, private);
            let marked = |name: &str| !matches!(content[name], Value::Null | Value::Bool(false));
            assert_eq!(message.via_bot, marked("via_bot"));
            assert_eq!(message.has_sender_chat, marked("sender_chat"));
            let forwards = [
                "forward_origin",
                "forward_date",
                "forward_from",
                "forward_from_chat",
                "forward_sender_name",
            ];
            assert!(message.forwarded || !forwards.into_iter().any(marked));
            let sender = message.from.map(|from| (from.id.0, from.is_bot));
            assert!(sender.is_none() || sender == known(&content["from"]));
            assert_eq!(message.text.as_deref(), content["text"].as_str());
        }
        Update::Press(press) => {
            let query = &json["callback_query"];
            assert_eq!(
                Some((press.from.id.0, press.from.is_bot)),
                known(&query["from"])
            );
            assert_eq!(
                press.chat.map(|chat| chat.0),
                number(&query["message"]["chat"]["id"])
            );
            assert_eq!(
                press.message.map(|id| id.0),
                number(&query["message"]["message_id"])
            );
            assert_eq!(press.data.as_deref(), query["data"].as_str());
        }
        Update::Membership(change) => {
            assert_eq!(
                Some(change.chat.0),
                number(&json["my_chat_member"]["chat"]["id"])
            );
        }
        Update::Migration(moved) => {
            let here = number(&json["message"]["chat"]["id"]);
            assert!(here == Some(moved.from.0) || here == Some(moved.to.0));
            assert!(moved.from.is_group() && moved.to.is_group(), "{moved:?}");
        }
        Update::Other { what } => {
            let shown = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ');
            assert!(
                what.chars().all(shown) && what.len() <= 64,
                "{what:?} goes into a log"
            );
        }
    }
}

fn known(sender: &Value) -> Option<(i64, bool)> {
    Some((
        number(&sender["id"])?,
        !matches!(sender["is_bot"], Value::Null | Value::Bool(false)),
    ))
}

/// A whole number, also where it is written as 7.0, as long as no other number is written the same.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        let float =
            Some(float).filter(|it| it.fract() == 0.0 && it.abs() < 9_007_199_254_740_992.0)?;
        format!("{float:.0}").parse().ok()
    })
}

//! Inline keyboards: exactly one action per button, and Telegram's sizes.

use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;
use crate::model::Button;

/// Known limits of server and apps.
const BUTTONS_MAX: usize = 100;
const ROW_MAX: usize = 8;
/// `callback_data` in bytes (Bot API).
const DATA_MAX: usize = 64;
/// `copy_text.text` in characters (Bot API).
const COPY_MAX: usize = 256;

const ACTIONS: [&str; 4] = ["callback_data", "copy_text", "disabled", "url"];
const UNSUPPORTED: [&str; 8] = [
    "callback_game",
    "icon_custom_emoji_id",
    "login_url",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "web_app",
];

/// The rows of a `reply_markup`; no markup and an empty one are both no rows.
pub(crate) fn parse(markup: Option<&Value>) -> Result<Vec<Vec<Button>>, ApiError> {
    let Some(markup) = markup else {
        return Ok(Vec::new());
    };
    let fields = markup.as_object().ok_or_else(|| {
        ApiError::bad_request("can't parse reply keyboard markup JSON object: object expected")
    })?;
    if fields.keys().any(|name| name != "inline_keyboard") {
        return Err(ApiError::bad_request(
            "only inline keyboards are supported by this emulator",
        ));
    }
    let rows = match fields.get("inline_keyboard") {
        None => return Ok(Vec::new()),
        Some(rows) => array(rows)?,
    };
    let mut keyboard = Vec::new();
    for row in rows {
        let row: Result<Vec<_>, _> = array(row)?.iter().map(button).collect();
        keyboard.push(row?);
    }
    keyboard.retain(|row| !row.is_empty());
    let count: usize = keyboard.iter().map(Vec::len).sum();
    if count > BUTTONS_MAX || keyboard.iter().any(|row| row.len() > ROW_MAX) {
        return Err(ApiError::bad_request("reply markup is too long"));
    }
    Ok(keyboard)
}

fn array(value: &Value) -> Result<&Vec<Value>, ApiError> {
    value.as_array().ok_or_else(|| {
        ApiError::bad_request("can't parse inline keyboard: Array of Array of buttons expected")
    })
}

fn cannot(what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("can't parse inline keyboard button: {what}"))
}

fn button(value: &Value) -> Result<Button, ApiError> {
    let fields = value
        .as_object()
        .ok_or_else(|| cannot("expected an Object"))?;
    let mut button = Button {
        text: string(fields, "text")?.unwrap_or_default(),
        ..Button::default()
    };
    if button.text.trim().is_empty() {
        return Err(cannot("Field \"text\" must be non-empty"));
    }
    for name in fields.keys().map(String::as_str) {
        if UNSUPPORTED.contains(&name) {
            return Err(cannot(format!("{name} is not supported by this emulator")));
        }
        if !ACTIONS.contains(&name) && name != "text" && name != "style" {
            return Err(cannot(format!("unknown field {name:?}")));
        }
    }
    match ACTIONS
        .iter()
        .filter(|action| fields.get(**action).is_some_and(|v| !v.is_null()))
        .count()
    {
        0 => return Err(cannot("Text buttons are unallowed in the inline keyboard")),
        1 => {}
        _ => return Err(cannot("exactly one action must be used")),
    }
    button.callback_data = string(fields, "callback_data")?;
    button.url = string(fields, "url")?;
    button.style = string(fields, "style")?;
    button.disabled = fields.get("disabled").is_some_and(Value::is_object);
    button.copy_text = copied(fields.get("copy_text"))?;
    check(&button)?;
    Ok(button)
}

fn string(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(cannot(format!("Field \"{name}\" must be of type String"))),
    }
}

fn copied(value: Option<&Value>) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let text = value
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() || text.chars().count() > COPY_MAX {
        return Err(ApiError::bad_request("BUTTON_COPY_TEXT_INVALID"));
    }
    Ok(Some(text.to_owned()))
}

fn check(button: &Button) -> Result<(), ApiError> {
    let data = button.callback_data.as_ref().map(String::len);
    if data.is_some_and(|length| length == 0 || length > DATA_MAX) {
        return Err(ApiError::bad_request("BUTTON_DATA_INVALID"));
    }
    let schemes = ["https://", "http://", "tg://"];
    if button
        .url
        .as_ref()
        .is_some_and(|url| !schemes.iter().any(|scheme| url.starts_with(scheme)))
    {
        return Err(ApiError::bad_request("BUTTON_URL_INVALID"));
    }
    match button.style.as_deref() {
        None | Some("danger" | "success" | "primary") => Ok(()),
        Some(_) => Err(cannot("invalid button style specified")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(button: &Value) -> Result<Vec<Vec<Button>>, String> {
        let markup = json!({"inline_keyboard": [[button]]});
        parse(Some(&markup)).map_err(|error| error.description)
    }

    #[test]
    fn callback_data_is_one_to_64_bytes() {
        for (data, good) in [("", false), ("x", true)] {
            assert_eq!(
                one(&json!({"text": "a", "callback_data": data})).is_ok(),
                good
            );
        }
        let bytes = |count: usize| json!({"text": "a", "callback_data": "ü".repeat(count)});
        assert!(one(&bytes(32)).is_ok());
        assert_eq!(
            one(&bytes(33)),
            Err("Bad Request: BUTTON_DATA_INVALID".to_owned())
        );
    }

    #[test]
    fn a_button_has_a_label_and_one_action() {
        for (button, error) in [
            (
                json!({"text": "a"}),
                "Text buttons are unallowed in the inline keyboard",
            ),
            (
                json!({"text": "", "url": "https://x.org"}),
                "Field \"text\" must be non-empty",
            ),
            (
                json!({"text": "a", "url": "https://x.org", "callback_data": "d"}),
                "exactly one",
            ),
            (json!({"text": "a", "callback_dat": "d"}), "unknown field"),
            (
                json!({"text": "a", "callback_data": "d", "style": "pink"}),
                "invalid button style",
            ),
            (json!({"text": "a", "web_app": {}}), "not supported"),
            (
                json!({"text": "a", "callback_data": 5}),
                "must be of type String",
            ),
        ] {
            let refused = one(&button).unwrap_err();
            assert!(refused.starts_with("Bad Request: can't parse inline keyboard button: "));
            assert!(refused.contains(error), "{refused}");
        }
        assert_eq!(
            one(&json!({"text": "a", "url": "javascript:0"})),
            Err("Bad Request: BUTTON_URL_INVALID".to_owned())
        );
        assert!(one(&json!({"text": "a", "disabled": {}, "style": "danger"})).is_ok());
        assert!(one(&json!({"text": "a", "copy_text": {"text": "c"}})).is_ok());
    }

    #[test]
    fn sizes() {
        let button = json!({"text": "a", "callback_data": "d"});
        let rows = |rows: usize, columns: usize| {
            let keyboard = vec![vec![button.clone(); columns]; rows];
            parse(Some(&json!({"inline_keyboard": keyboard}))).is_ok()
        };
        assert!(rows(12, 8));
        assert!(rows(100, 1));
        assert!(!rows(101, 1));
        assert!(!rows(1, 9));
        assert!(rows(0, 0));
        assert!(parse(Some(&json!({"inline_keyboard": [button]}))).is_err());
        assert!(parse(Some(&json!([]))).is_err());
        assert!(parse(Some(&json!({"remove_keyboard": true}))).is_err());
    }
}

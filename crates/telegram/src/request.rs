//! Messages, formatting and buttons as the Bot API writes them.

use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::message::Action;
use cctelegram_core::message::Body;
use cctelegram_core::message::Button;
use cctelegram_core::message::Document;
use cctelegram_core::message::Entity;
use cctelegram_core::message::EntityKind;
use cctelegram_core::message::Keyboard;
use reqwest::multipart::Form;
use reqwest::multipart::Part;
use serde_json::Value;
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::client::SendOptions;

/// Whether a text goes out with its formatting, or without it because the server blamed the formatting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formatting {
    Kept,
    Dropped,
}

/// The parameters of `sendMessage`.
pub(crate) fn send_text(
    chat: ChatId,
    body: &Body,
    keyboard: Option<&Keyboard>,
    options: SendOptions,
    formatting: Formatting,
) -> Value {
    let mut call = text(chat, body, keyboard, formatting);
    if options.silent {
        set(&mut call, "disable_notification", json!(true));
    }
    if let Some(message) = options.reply_to {
        set(&mut call, "reply_parameters", reply(message));
    }
    if let Some(thread) = options.thread {
        set(&mut call, "message_thread_id", json!(thread.0));
    }
    call
}

/// The parameters of `editMessageText`. Without a keyboard the message loses the one it has.
pub(crate) fn edit_text(
    chat: ChatId,
    message: MessageId,
    body: &Body,
    keyboard: Option<&Keyboard>,
    formatting: Formatting,
) -> Value {
    let mut call = text(chat, body, keyboard, formatting);
    set(&mut call, "message_id", json!(message.0));
    call
}

/// The form of `sendDocument`.
pub(crate) fn send_document(
    chat: ChatId,
    document: &Document,
    caption: &Body,
    options: SendOptions,
    formatting: Formatting,
) -> Result<Form, reqwest::Error> {
    let file = Part::bytes(document.content().as_bytes().to_vec())
        .file_name(document.name().to_owned())
        .mime_str("text/plain; charset=utf-8")?;
    let mut form = Form::new()
        .text("chat_id", chat.to_string())
        .part("document", file);
    if !caption.is_empty() {
        form = form.text("caption", caption.text().to_owned());
    }
    if formatting == Formatting::Kept && !caption.entities().is_empty() {
        form = form.text("caption_entities", entities(caption).to_string());
    }
    Ok(with_options(form, options))
}

/// The form with what every sending method understands.
pub(crate) fn with_options(mut form: Form, options: SendOptions) -> Form {
    if options.silent {
        form = form.text("disable_notification", "true");
    }
    if let Some(message) = options.reply_to {
        form = form.text("reply_parameters", reply(message).to_string());
    }
    if let Some(thread) = options.thread {
        form = form.text("message_thread_id", thread.to_string());
    }
    form
}

/// The most UTF-16 code units of a text that fit, cut between characters as people see them.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut length = 0_usize;
    let mut end = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        length = length.saturating_add(grapheme.encode_utf16().count());
        if length > limit {
            break;
        }
        end = start.saturating_add(grapheme.len());
    }
    text.get(..end).unwrap_or(text)
}

/// What `sendMessage` and `editMessageText` have in common. Link previews are off: Telegram's servers would fetch
/// whatever URL stands in an agent's output.
fn text(chat: ChatId, body: &Body, keyboard: Option<&Keyboard>, formatting: Formatting) -> Value {
    let mut call = json!({
        "chat_id": chat.0,
        "text": body.text(),
        "link_preview_options": { "is_disabled": true },
    });
    if formatting == Formatting::Kept && !body.entities().is_empty() {
        set(&mut call, "entities", entities(body));
    }
    if let Some(keyboard) = keyboard {
        set(&mut call, "reply_markup", inline_keyboard(keyboard));
    }
    call
}

fn set(call: &mut Value, name: &str, value: Value) {
    if let Value::Object(parameters) = call {
        parameters.insert(name.to_owned(), value);
    }
}

/// A reply is sent as a plain message when what it answers is gone.
fn reply(message: MessageId) -> Value {
    json!({ "message_id": message.0, "allow_sending_without_reply": true })
}

fn entities(body: &Body) -> Value {
    body.entities().iter().map(entity).collect()
}

fn entity(entity: &Entity) -> Value {
    let kind = match &entity.kind {
        EntityKind::Bold => "bold",
        EntityKind::Italic => "italic",
        EntityKind::Code => "code",
        EntityKind::Pre { .. } => "pre",
        EntityKind::Blockquote => "blockquote",
        EntityKind::ExpandableBlockquote => "expandable_blockquote",
    };
    let mut written = json!({ "type": kind, "offset": entity.offset, "length": entity.length });
    if let EntityKind::Pre {
        language: Some(language),
    } = &entity.kind
    {
        set(&mut written, "language", json!(language));
    }
    written
}

fn inline_keyboard(keyboard: &Keyboard) -> Value {
    let row = |buttons: &Vec<Button>| buttons.iter().map(button).collect::<Value>();
    let rows: Value = keyboard.0.iter().map(row).collect();
    json!({ "inline_keyboard": rows })
}

fn button(button: &Button) -> Value {
    match button.action() {
        Action::Callback(data) => json!({ "text": button.label(), "callback_data": data }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, limit, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("", 3, ""),
            ("ab👍", 3, "ab"),
            ("ab👍", 4, "ab👍"),
            ("a👩\u{200d}💻b", 5, "a"),
            ("e\u{301}e\u{301}", 3, "e\u{301}"),
        ] {
            assert_eq!(cut(text, limit), expected, "{text} {limit}");
        }
    }
}

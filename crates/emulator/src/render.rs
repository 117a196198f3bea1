//! State as Bot API objects.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::groups::ANONYMOUS_ADMIN;
use crate::groups::GroupKind;
use crate::model::Button;
use crate::model::Document;
use crate::model::Message;
use crate::model::User;
use crate::world::World;

pub(crate) fn user(user: &User) -> Value {
    let mut object = json!({
        "id": user.id,
        "is_bot": false,
        "first_name": user.first_name,
        "language_code": "en",
    });
    insert(&mut object, "username", user.username.clone());
    object
}

pub(crate) fn bot(world: &World) -> Value {
    json!({
        "id": world.bot.id,
        "is_bot": true,
        "first_name": world.bot.name,
        "username": world.bot.username,
    })
}

pub(crate) fn chat(world: &World, chat_id: i64) -> Value {
    let Some(person) = world.people.get(&chat_id) else {
        return group(world, chat_id);
    };
    let mut chat =
        json!({ "id": chat_id, "type": "private", "first_name": person.user.first_name });
    insert(&mut chat, "username", person.user.username.clone());
    chat
}

fn group(world: &World, chat_id: i64) -> Value {
    let (title, kind) = world
        .groups
        .get(&chat_id)
        .map_or(("", GroupKind::Supergroup), |group| {
            (group.title.as_str(), group.kind)
        });
    let name = match kind {
        GroupKind::Basic => "group",
        GroupKind::Supergroup | GroupKind::Forum => "supergroup",
    };
    let mut chat = json!({ "id": chat_id, "type": name, "title": title });
    insert(
        &mut chat,
        "is_forum",
        (kind == GroupKind::Forum).then_some(true),
    );
    chat
}

/// Who wrote a message. Anonymous administrators write as an account of Telegram's own.
fn author(world: &World, message: &Message) -> Value {
    let person = message.sender.unwrap_or(message.chat_id);
    match world.people.get(&person) {
        _ if message.from_bot => bot(world),
        Some(person) => user(&person.user),
        None => json!({
            "id": ANONYMOUS_ADMIN,
            "is_bot": true,
            "first_name": "Group",
            "username": "GroupAnonymousBot",
        }),
    }
}

/// A message as the bot sees it, with the message it answers.
pub(crate) fn message(world: &World, message: &Message) -> Value {
    let mut object = bare_message(world, message);
    let answered = message
        .reply_to
        .and_then(|id| world.message(message.chat_id, id));
    insert(
        &mut object,
        "reply_to_message",
        answered.map(|it| bare_message(world, it)),
    );
    object
}

fn bare_message(world: &World, message: &Message) -> Value {
    let mut object = json!({
        "message_id": message.message_id,
        "from": author(world, message),
        "chat": chat(world, message.chat_id),
        "date": message.date,
    });
    insert(&mut object, "edit_date", message.edit_date);
    insert(&mut object, "message_thread_id", message.thread);
    insert(
        &mut object,
        "is_topic_message",
        message.thread.is_some().then_some(true),
    );
    insert(&mut object, "text", message.text.clone());
    insert(&mut object, "caption", message.caption.clone());
    if !message.entities.is_empty() {
        let name = if message.text.is_some() {
            "entities"
        } else {
            "caption_entities"
        };
        insert(&mut object, name, Some(message.entities.clone()));
    }
    insert(&mut object, "document", message.document.as_ref().map(file));
    insert(&mut object, "photo", message.photo.as_ref().map(photo));
    if !message.keyboard.is_empty() {
        insert(
            &mut object,
            "reply_markup",
            Some(keyboard(&message.keyboard)),
        );
    }
    insert(
        &mut object,
        "has_protected_content",
        message.protected.then_some(true),
    );
    let preview = message
        .preview_disabled
        .then(|| json!({ "is_disabled": true }));
    insert(&mut object, "link_preview_options", preview);
    object
}

/// A message the bot cannot see any more.
pub(crate) fn inaccessible(world: &World, chat_id: i64, message_id: i64) -> Value {
    json!({ "chat": chat(world, chat_id), "message_id": message_id, "date": 0 })
}

fn keyboard(rows: &[Vec<Button>]) -> Value {
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| row.iter().map(button).collect())
        .collect();
    json!({ "inline_keyboard": rows })
}

fn button(button: &Button) -> Value {
    let mut object = json!({ "text": button.text });
    insert(&mut object, "callback_data", button.callback_data.clone());
    insert(&mut object, "url", button.url.clone());
    insert(&mut object, "style", button.style.clone());
    insert(
        &mut object,
        "copy_text",
        button
            .copy_text
            .as_ref()
            .map(|text| json!({ "text": text })),
    );
    insert(&mut object, "disabled", button.disabled.then(|| json!({})));
    object
}

fn file(document: &Document) -> Value {
    json!({
        "file_id": document.file_id,
        "file_unique_id": format!("u{}", document.file_id),
        "file_name": document.file_name,
        "mime_type": document.mime_type,
        "file_size": document.size,
    })
}

fn photo(document: &Document) -> Value {
    let (width, height) = png_size(&document.bytes).unwrap_or((1280, 1280));
    json!([{
        "file_id": document.file_id,
        "file_unique_id": format!("u{}", document.file_id),
        "file_size": document.size,
        "width": width,
        "height": height,
    }])
}

/// Width and height from the IHDR chunk.
pub(crate) fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    Some((number(8)?, number(12)?))
}

/// Sets a field if there is a value.
pub(crate) fn insert(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object
            .as_object_mut()
            .unwrap_or(&mut Map::new())
            .insert(name.to_owned(), value.into());
    }
}

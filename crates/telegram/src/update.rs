//! Updates, read leniently: what is unknown or odd becomes [`Update::Other`] and never an error.

use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::id::UserId;
use serde_json::Value;

use crate::number::whole;

/// Something that happened at Telegram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Update {
    Message(IncomingMessage),
    Press(IncomingPress),
    Membership(Membership),
    Migration(Migration),
    /// Nothing that the bridge handles; `what` says what it was, for the log.
    Other {
        what: String,
    },
}

/// A message that somebody wrote or edited.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own in the Bot API"
)]
pub struct IncomingMessage {
    pub chat: ChatId,
    pub chat_is_private: bool,
    /// The group it was written in; absent in private chats and channels.
    pub group: Option<GroupChat>,
    pub message: MessageId,
    /// Absent for messages in the name of a chat, and when the sender has no readable id.
    pub from: Option<Sender>,
    pub reply_to: Option<MessageId>,
    /// Absent for pictures and all that is not text; a caption is not a text.
    pub text: Option<String>,
    pub forwarded: bool,
    pub via_bot: bool,
    pub edited: bool,
    /// Written in the name of a chat: an anonymous administrator or a channel.
    pub has_sender_chat: bool,
    /// Seconds since 1970; 0 when unknown.
    pub date: i64,
}

/// A group as Telegram describes it with every message from there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupChat {
    pub title: String,
    /// Does it have topics?
    pub is_forum: bool,
}

/// A group became a supergroup, which has another id. Telegram says so in both chats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migration {
    pub from: ChatId,
    pub to: ChatId,
}

/// Who did it. Only the id identifies: names change hands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    pub id: UserId,
    pub is_bot: bool,
    pub username: Option<String>,
    pub first_name: String,
}

/// A pressed button. Everything but the sender may be forged by a modified app or be missing for old messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncomingPress {
    pub callback_id: String,
    pub from: Sender,
    pub chat: Option<ChatId>,
    pub message: Option<MessageId>,
    pub data: Option<String>,
}

/// The bot's own standing in a chat changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Membership {
    pub chat: ChatId,
    pub chat_is_private: bool,
    pub group: Option<GroupChat>,
    /// Who changed it.
    pub from: Option<Sender>,
    pub change: StandingChange,
}

/// What the change of standing means for the bot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StandingChange {
    /// A person blocked the bot, or a group threw it out.
    Blocked,
    /// The bot may write again.
    Returned,
    /// The bot was there before, and its rights are others now: it may send messages.
    MaySend,
    Other,
}

/// Reads an update's JSON text.
#[must_use]
pub fn decode(body: &str) -> Update {
    read(body).unwrap_or_else(|what| Update::Other { what })
}

fn read(body: &str) -> Result<Update, String> {
    let Ok(Value::Object(update)) = serde_json::from_str(body) else {
        return Err("not a JSON object".to_owned());
    };
    for (kind, decode) in KINDS {
        if let Some(content) = update.get(kind) {
            return decode(content).ok_or_else(|| format!("an incomplete {kind}"));
        }
    }
    let unknown = update.keys().find(|name| *name != "update_id");
    Err(unknown.map_or_else(
        || "an update without content".to_owned(),
        |kind| name_of(kind),
    ))
}

type Decode = fn(&Value) -> Option<Update>;

/// The kinds of update that are handled. An update has one of them, beside fields that Telegram may add.
const KINDS: [(&str, Decode); 4] = [
    ("message", |json| {
        let moved = migration(json).map(Update::Migration);
        moved.or_else(|| message(json, Edited::No).map(Update::Message))
    }),
    ("edited_message", |json| {
        message(json, Edited::Yes).map(Update::Message)
    }),
    ("callback_query", |json| press(json).map(Update::Press)),
    ("my_chat_member", |json| {
        membership(json).map(Update::Membership)
    }),
];

/// The kind's name as far as it looks like one: it goes into logs.
fn name_of(kind: &str) -> String {
    let harmless = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let name: String = kind.chars().take(64).filter(harmless).collect();
    if name.is_empty() {
        "an update of unknown kind".to_owned()
    } else {
        name
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edited {
    Yes,
    No,
}

/// The fields that mark a forwarded message: `forward_origin` since Bot API 7.0, the others before.
const FORWARD_MARKS: [&str; 6] = [
    "forward_origin",
    "forward_date",
    "forward_from",
    "forward_from_chat",
    "forward_sender_name",
    "is_automatic_forward",
];

fn message(json: &Value, edited: Edited) -> Option<IncomingMessage> {
    let reply = json.get("reply_to_message");
    Some(IncomingMessage {
        chat: chat_id(json)?,
        chat_is_private: chat_is_private(json),
        group: group(json),
        message: message_id(json)?,
        from: json.get("from").and_then(sender),
        reply_to: reply.and_then(message_id),
        text: text(json, "text"),
        forwarded: FORWARD_MARKS.iter().any(|mark| present(json, mark)),
        via_bot: present(json, "via_bot"),
        edited: edited == Edited::Yes,
        has_sender_chat: present(json, "sender_chat"),
        date: json.get("date").and_then(whole).unwrap_or(0),
    })
}

fn press(json: &Value) -> Option<IncomingPress> {
    let pressed = json.get("message");
    Some(IncomingPress {
        callback_id: text(json, "id")?,
        from: json.get("from").and_then(sender)?,
        chat: pressed.and_then(chat_id),
        message: pressed.and_then(message_id),
        data: text(json, "data"),
    })
}

fn membership(json: &Value) -> Option<Membership> {
    let was_in = json.get("old_chat_member").and_then(takes_part);
    let is_in = json.get("new_chat_member").and_then(takes_part);
    let change = match (was_in, is_in) {
        (_, Some(false)) => StandingChange::Blocked,
        (Some(false), Some(true)) => StandingChange::Returned,
        (Some(true), Some(true)) if json.get("new_chat_member").is_some_and(may_send) => {
            StandingChange::MaySend
        }
        (_, Some(true) | None) => StandingChange::Other,
    };
    Some(Membership {
        chat: chat_id(json)?,
        chat_is_private: chat_is_private(json),
        group: group(json),
        from: json.get("from").and_then(sender),
        change,
    })
}

/// Whether a member with this status is in the chat; unknown for a status that Telegram may invent.
fn takes_part(member: &Value) -> Option<bool> {
    match member.get("status")?.as_str()? {
        "creator" | "administrator" | "member" => Some(true),
        "restricted" => member.get("is_member").and_then(Value::as_bool),
        "left" | "kicked" => Some(false),
        _ => None,
    }
}

/// Whether a member may send messages, as far as its own rights go.
fn may_send(member: &Value) -> bool {
    let status = member.get("status").and_then(Value::as_str);
    status != Some("restricted") || present(member, "can_send_messages")
}

fn sender(json: &Value) -> Option<Sender> {
    Some(Sender {
        id: json.get("id").and_then(whole).map(UserId)?,
        is_bot: present(json, "is_bot"),
        username: text(json, "username"),
        first_name: text(json, "first_name").unwrap_or_default(),
    })
}

fn chat_id(json: &Value) -> Option<ChatId> {
    json.get("chat")?.get("id").and_then(whole).map(ChatId)
}

fn chat_is_private(json: &Value) -> bool {
    let kind = json.get("chat").and_then(|chat| chat.get("type"));
    kind.and_then(Value::as_str) == Some("private")
}

fn group(json: &Value) -> Option<GroupChat> {
    let chat = json.get("chat")?;
    let kind = chat.get("type").and_then(Value::as_str);
    matches!(kind, Some("group" | "supergroup")).then(|| GroupChat {
        title: text(chat, "title").unwrap_or_default(),
        is_forum: present(chat, "is_forum"),
    })
}

/// Only a service message carries one of these fields, and no member can write one.
fn migration(json: &Value) -> Option<Migration> {
    let here = chat_id(json)?;
    let other = |name| json.get(name).and_then(whole).map(ChatId);
    let moved = match (other("migrate_to_chat_id"), other("migrate_from_chat_id")) {
        (Some(to), _) => Migration { from: here, to },
        (None, Some(from)) => Migration { from, to: here },
        (None, None) => return None,
    };
    (moved.from.is_group() && moved.to.is_group() && moved.from != moved.to).then_some(moved)
}

fn message_id(json: &Value) -> Option<MessageId> {
    json.get("message_id").and_then(whole).map(MessageId)
}

fn text(json: &Value, name: &str) -> Option<String> {
    json.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// Whether a mark is there: with any value but `null` and `false`.
fn present(json: &Value, name: &str) -> bool {
    json.get(name)
        .is_some_and(|value| !value.is_null() && *value != Value::Bool(false))
}

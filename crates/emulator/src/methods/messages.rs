//! `sendMessage`, and what all sending methods share.

use super::Answer;
use super::topics;
use crate::check::keyboard;
use crate::check::text;
use crate::error::ApiError;
use crate::model::Button;
use crate::model::Message;
use crate::params::Params;
use crate::render;
use crate::world::World;

pub(super) fn send(world: &mut World, params: &Params) -> Answer {
    let formatted = text::message(
        params.text("text").unwrap_or_default(),
        params.json("entities"),
    )?;
    let envelope = Envelope::read(world, params)?;
    let mut message = envelope.draft(world, params);
    message.text = Some(formatted.text);
    message.entities = formatted.entities;
    message.preview_disabled = preview_disabled(params)?;
    Ok(post(world, message))
}

/// Where a message goes and what hangs on it.
pub(super) struct Envelope {
    chat: i64,
    keyboard: Vec<Vec<Button>>,
    reply_to: Option<i64>,
    thread: Option<i64>,
}

impl Envelope {
    /// Checks the keyboard first, then the chat, then the message to reply to.
    pub(super) fn read(world: &World, params: &Params) -> Result<Self, ApiError> {
        let keyboard = keyboard::parse(params.json("reply_markup"))?;
        let chat = world.writable_chat(params)?;
        let reply_to = reply_to(world, params, chat)?;
        let answered = reply_to.and_then(|id| world.message(chat, id));
        // A reply goes where the message is that it answers.
        let thread = topics::thread(world, params, chat)?.or(answered.and_then(|it| it.thread));
        Ok(Self {
            chat,
            keyboard,
            reply_to,
            thread,
        })
    }

    pub(super) fn draft(self, world: &mut World, params: &Params) -> Message {
        let mut message = world.draft(self.chat, true);
        message.keyboard = self.keyboard;
        message.reply_to = self.reply_to;
        message.thread = self.thread;
        message.silent = params.is_set("disable_notification");
        message.protected = params.is_set("protect_content");
        message
    }
}

pub(super) fn post(world: &mut World, message: Message) -> serde_json::Value {
    let rendered = render::message(world, &message);
    world.post(message);
    rendered
}

/// Reads `link_preview_options`; of its fields only `is_disabled` has an effect here.
pub(super) fn preview_disabled(params: &Params) -> Result<bool, ApiError> {
    let known = [
        "is_disabled",
        "url",
        "prefer_small_media",
        "prefer_large_media",
        "show_above_text",
    ];
    let Some(options) = params.json("link_preview_options") else {
        return Ok(false);
    };
    let fields = options.as_object();
    let fields = fields.ok_or_else(|| ApiError::bad_request("can't parse link preview options"))?;
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let what = format!("can't parse link preview options: unknown field {unknown}");
        return Err(ApiError::bad_request(what));
    }
    Ok(fields
        .get("is_disabled")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or_default())
}

fn reply_to(world: &World, params: &Params, chat: i64) -> Result<Option<i64>, ApiError> {
    let known = ["message_id", "chat_id", "allow_sending_without_reply"];
    let Some(reply) = params.json("reply_parameters") else {
        return Ok(None);
    };
    let fields = reply.as_object();
    let fields = fields.ok_or_else(|| ApiError::bad_request("can't parse reply parameters"))?;
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let what = format!("reply parameter {unknown} is not supported by this emulator");
        return Err(ApiError::bad_request(what));
    }
    let field = |name: &str| fields.get(name).and_then(serde_json::Value::as_i64);
    let in_this_chat = field("chat_id").is_none_or(|id| id == chat);
    let target =
        field("message_id").filter(|id| in_this_chat && world.message(chat, *id).is_some());
    let optional = fields
        .get("allow_sending_without_reply")
        .and_then(serde_json::Value::as_bool);
    if target.is_none() && optional != Some(true) {
        return Err(ApiError::bad_request("message to be replied not found"));
    }
    Ok(target)
}

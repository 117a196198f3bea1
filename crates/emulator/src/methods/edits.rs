//! Editing and deleting. An edit without `reply_markup` removes the keyboard.

use serde_json::Value;

use super::Answer;
use super::messages::preview_disabled;
use crate::check::keyboard;
use crate::check::text;
use crate::error::ApiError;
use crate::model::Message;
use crate::params::Params;
use crate::render;
use crate::world::World;

/// A bot can delete messages younger than 48 hours (Bot API).
const DELETABLE_SECONDS: i64 = 48 * 60 * 60;

pub(super) fn text(world: &mut World, params: &Params) -> Answer {
    let formatted = text::message(
        params.text("text").unwrap_or_default(),
        params.json("entities"),
    )?;
    let keyboard = keyboard::parse(params.json("reply_markup"))?;
    let preview_disabled = preview_disabled(params)?;
    let old = target(world, params)?;
    if old.text.is_none() {
        return Err(ApiError::bad_request(
            "there is no text in the message to edit",
        ));
    }
    let mut new = old.clone();
    new.text = Some(formatted.text);
    new.entities = formatted.entities;
    new.keyboard = keyboard;
    new.preview_disabled = preview_disabled;
    replace(world, new)
}

pub(super) fn caption(world: &mut World, params: &Params) -> Answer {
    let raw = params.text("caption").unwrap_or_default();
    let formatted = text::caption(raw, params.json("caption_entities"))?;
    let keyboard = keyboard::parse(params.json("reply_markup"))?;
    let old = target(world, params)?;
    if old.text.is_some() {
        return Err(ApiError::bad_request(
            "there is no caption in the message to edit",
        ));
    }
    let mut new = old.clone();
    new.caption = Some(formatted.text).filter(|text| !text.is_empty());
    new.entities = formatted.entities;
    new.keyboard = keyboard;
    replace(world, new)
}

pub(super) fn reply_markup(world: &mut World, params: &Params) -> Answer {
    let keyboard = keyboard::parse(params.json("reply_markup"))?;
    let mut new = target(world, params)?.clone();
    new.keyboard = keyboard;
    replace(world, new)
}

pub(super) fn delete(world: &mut World, params: &Params) -> Answer {
    let chat = world.known_chat(params)?;
    let now = world.clock.unix();
    let message = message_id(params).and_then(|id| world.message_mut(chat, id));
    let not_found = || ApiError::bad_request("message to delete not found");
    let message = message.ok_or_else(not_found)?;
    if now - message.date > DELETABLE_SECONDS {
        return Err(ApiError::bad_request(
            "message can't be deleted for everyone",
        ));
    }
    message.deleted = true;
    Ok(true.into())
}

fn message_id(params: &Params) -> Option<i64> {
    params.integer("message_id")
}

/// The bot's own message a call names.
fn target<'a>(world: &'a World, params: &Params) -> Result<&'a Message, ApiError> {
    let chat = world.writable_chat(params)?;
    let message = message_id(params).and_then(|id| world.message(chat, id));
    let message = message.ok_or_else(|| ApiError::bad_request("message to edit not found"))?;
    if !message.from_bot {
        return Err(ApiError::bad_request("message can't be edited"));
    }
    Ok(message)
}

fn replace(world: &mut World, mut new: Message) -> Answer {
    let edited = world.clock.unix();
    let Some(old) = world.message_mut(new.chat_id, new.message_id) else {
        return Err(ApiError::bad_request("message to edit not found"));
    };
    let same_content =
        (&old.text, &old.caption, &old.entities) == (&new.text, &new.caption, &new.entities);
    if same_content && old.keyboard == new.keyboard {
        return Err(ApiError::bad_request(
            "message is not modified: specified new message content and reply markup are exactly \
             the same as a current content and reply markup of the message",
        ));
    }
    new.edits += 1;
    if !same_content {
        new.edit_date = Some(edited);
    }
    *old = new.clone();
    let rendered: Value = render::message(world, &new);
    Ok(rendered)
}

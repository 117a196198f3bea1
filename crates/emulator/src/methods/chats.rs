//! Chats: description, "typing…", reactions.

use serde_json::Value;
use serde_json::json;

use super::Answer;
use crate::error::ApiError;
use crate::params::Params;
use crate::render;
use crate::world::World;

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// What a bot may react with (Bot API, `ReactionTypeEmoji`).
const REACTIONS: &str = "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 \
    ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 \
    🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";

pub(super) fn get(world: &World, params: &Params) -> Answer {
    let id = world.known_chat(params)?;
    let mut chat = render::chat(world, id);
    render::insert(&mut chat, "accent_color_id", Some(0));
    render::insert(&mut chat, "max_reaction_count", Some(11));
    let gifts = json!({
        "unlimited_gifts": false,
        "limited_gifts": false,
        "unique_gifts": false,
        "premium_subscription": false,
        "gifts_from_channels": false,
    });
    render::insert(&mut chat, "accepted_gift_types", Some(gifts));
    Ok(chat)
}

pub(super) fn action(world: &mut World, params: &Params) -> Answer {
    if !params
        .text("action")
        .is_some_and(|action| ACTIONS.contains(&action))
    {
        return Err(ApiError::bad_request("wrong parameter action in request"));
    }
    let chat = world.writable_chat(params)?;
    let now = world.clock.now();
    world.typing.insert(chat, now);
    Ok(true.into())
}

pub(super) fn react(world: &mut World, params: &Params) -> Answer {
    let reaction = reaction(params.json("reaction"))?;
    let chat = world.writable_chat(params)?;
    let message = params
        .integer("message_id")
        .and_then(|id| world.message_mut(chat, id));
    let not_found = || ApiError::bad_request("message to react not found");
    message.ok_or_else(not_found)?.reaction = reaction;
    Ok(true.into())
}

/// None removes the reaction; a bot has at most one per message.
fn reaction(given: Option<&Value>) -> Result<Option<String>, ApiError> {
    let invalid = || ApiError::bad_request("REACTION_INVALID");
    let Some(given) = given else { return Ok(None) };
    let list = given.as_array().ok_or_else(invalid)?;
    let Some(first) = list.first() else {
        return Ok(None);
    };
    if list.len() > 1 {
        return Err(ApiError::bad_request("REACTIONS_TOO_MANY"));
    }
    let emoji = first
        .get("emoji")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_known = REACTIONS.split_whitespace().any(|known| known == emoji);
    if first.get("type").and_then(Value::as_str) != Some("emoji") || !is_known {
        return Err(invalid());
    }
    Ok(Some(emoji.to_owned()))
}

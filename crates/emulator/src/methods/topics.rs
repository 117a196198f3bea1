//! Topics: creating them, and sending into them.

use serde_json::json;

use super::Answer;
use crate::check::text::utf16_len;
use crate::error::ApiError;
use crate::groups::GroupKind;
use crate::groups::Topic;
use crate::params::Params;
use crate::world::World;

/// The longest name of a topic (Bot API, `createForumTopic`).
const NAME_MAX: usize = 128;
/// The colours that an icon may have (Bot API, `createForumTopic`); the first is the default.
const COLOURS: [i64; 6] = [
    7_322_096, 16_766_590, 13_338_331, 9_367_192, 16_749_490, 16_478_047,
];

pub(super) fn create(world: &mut World, params: &Params) -> Answer {
    let name = params.text("name").unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        return Err(ApiError::bad_request("topic name must be non-empty"));
    }
    if utf16_len(&name) > NAME_MAX {
        return Err(ApiError::bad_request("topic name is too long"));
    }
    let [default, ..] = COLOURS;
    let colour = params.integer("icon_color").unwrap_or(default);
    if !COLOURS.contains(&colour) {
        return Err(ApiError::bad_request("wrong icon color"));
    }
    let chat = world.writable_chat(params)?;
    if !has_topics(world, chat) {
        return Err(ApiError::bad_request("the chat is not a forum"));
    }
    let group = world.groups.get(&chat);
    if group.is_some_and(|group| !group.bot_manages_topics) {
        return Err(ApiError::bad_request("not enough rights to create a topic"));
    }
    let thread = world.next_id();
    let topic = Topic {
        thread,
        name: name.clone(),
        closed: false,
    };
    world.topics.add(chat, topic);
    Ok(json!({ "message_thread_id": thread, "name": name, "icon_color": colour }))
}

/// The topic that a message is sent to.
pub(super) fn thread(world: &World, params: &Params, chat: i64) -> Result<Option<i64>, ApiError> {
    let Some(thread) = params.integer("message_thread_id") else {
        return Ok(None);
    };
    match world.topics.get(chat, thread) {
        Some(Topic { closed: true, .. }) => Err(ApiError::bad_request("TOPIC_CLOSED")),
        Some(_) => Ok(Some(thread)),
        None => Err(ApiError::bad_request("message thread not found")),
    }
}

fn has_topics(world: &World, chat: i64) -> bool {
    match world.groups.get(&chat) {
        Some(group) => group.kind == GroupKind::Forum,
        None => world.bot.has_topics,
    }
}

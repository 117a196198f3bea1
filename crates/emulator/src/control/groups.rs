//! What can be done about groups, over HTTP.

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::error::EmulatorError;
use crate::groups::GroupKind;
use crate::groups::Post;
use crate::world::World;

/// What can be posted to `/control/group`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum GroupAction {
    Add {
        chat_id: i64,
        title: String,
        kind: GroupKind,
        #[serde(default)]
        members: Vec<i64>,
    },
    AddBot {
        chat_id: i64,
        by: i64,
    },
    AddMember {
        chat_id: i64,
        user_id: i64,
    },
    CloseTopic {
        chat_id: i64,
        thread: i64,
        closed: bool,
    },
    DeleteTopic {
        chat_id: i64,
        thread: i64,
    },
    Migrate {
        chat_id: i64,
        to: i64,
    },
    Post {
        chat_id: i64,
        user_id: i64,
        post: Post,
    },
    Press {
        chat_id: i64,
        user_id: i64,
        message_id: i64,
        label: String,
    },
    PrivateTopics {
        on: bool,
    },
    RemoveBot {
        chat_id: i64,
        by: i64,
    },
    TopicRights {
        chat_id: i64,
        allowed: bool,
    },
}

pub(super) fn perform(world: &mut World, action: GroupAction) -> Result<Value, EmulatorError> {
    match action {
        GroupAction::Add {
            chat_id,
            title,
            kind,
            members,
        } => world.add_group(chat_id, &title, kind, &members)?,
        GroupAction::AddBot { chat_id, by } => world.set_bot_membership(chat_id, by, true)?,
        GroupAction::AddMember { chat_id, user_id } => world.add_member(chat_id, user_id)?,
        GroupAction::CloseTopic {
            chat_id,
            thread,
            closed,
        } => world.close_topic(chat_id, thread, closed)?,
        GroupAction::DeleteTopic { chat_id, thread } => world.delete_topic(chat_id, thread)?,
        GroupAction::Migrate { chat_id, to } => world.migrate_group(chat_id, to)?,
        GroupAction::Post {
            chat_id,
            user_id,
            post,
        } => {
            let id = world.post_in_group(chat_id, user_id, &post)?;
            return Ok(json!({ "message_id": id }));
        }
        GroupAction::Press {
            chat_id,
            user_id,
            message_id,
            label,
        } => {
            let id = world.press_in_group(chat_id, user_id, message_id, &label)?;
            return Ok(json!({ "callback_id": id }));
        }
        GroupAction::PrivateTopics { on } => world.bot.has_topics = on,
        GroupAction::RemoveBot { chat_id, by } => world.set_bot_membership(chat_id, by, false)?,
        GroupAction::TopicRights { chat_id, allowed } => {
            world.set_topic_rights(chat_id, allowed)?;
        }
    }
    Ok(json!({}))
}

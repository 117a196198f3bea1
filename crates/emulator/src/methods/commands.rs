//! The bot's command lists, one for each scope and language.

use serde_json::Value;
use serde_json::json;

use super::Answer;
use crate::error::ApiError;
use crate::params::Params;
use crate::world::World;

/// Commands in one list (Bot API).
const COMMANDS_MAX: usize = 100;

const SCOPES: [&str; 7] = [
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
];

pub(super) fn set(world: &mut World, params: &Params) -> Answer {
    let key = key(params)?;
    let commands = params.json("commands").and_then(Value::as_array);
    let commands = commands.ok_or_else(|| ApiError::bad_request("can't parse commands"))?;
    if commands.len() > COMMANDS_MAX {
        return Err(ApiError::bad_request("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in commands {
        check(command)?;
    }
    world.commands.insert(key, json!(commands));
    Ok(true.into())
}

pub(super) fn get(world: &World, params: &Params) -> Answer {
    let commands = world.commands.get(&key(params)?);
    Ok(commands.cloned().unwrap_or_else(|| json!([])))
}

pub(super) fn delete(world: &mut World, params: &Params) -> Answer {
    world.commands.remove(&key(params)?);
    Ok(true.into())
}

fn key(params: &Params) -> Result<(String, String), ApiError> {
    let default = json!({ "type": "default" });
    let scope = params.json("scope").unwrap_or(&default);
    let kind = scope
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !SCOPES.contains(&kind) {
        return Err(ApiError::bad_request(
            "can't parse BotCommandScope: unsupported type",
        ));
    }
    let language = params.text("language_code").unwrap_or_default();
    Ok((scope.to_string(), language.to_owned()))
}

/// A command has 1 to 32 characters, its description 1 to 256 (Bot API).
fn check(command: &Value) -> Result<(), ApiError> {
    let field = |name: &str| {
        command
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (name, description) = (field("command"), field("description"));
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 32 || !name.chars().all(is_word) {
        return Err(ApiError::bad_request("BOT_COMMAND_INVALID"));
    }
    if description.is_empty() || description.chars().count() > 256 {
        return Err(ApiError::bad_request("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(())
}

//! What the bot does: one function per method, all at once under the lock. `getUpdates` waits and
//! is in `polling`.

mod callbacks;
mod chats;
mod commands;
mod edits;
mod files;
mod messages;
mod topics;
mod webhook;

pub(crate) use self::webhook::Webhook;

use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;
use crate::method::Method;
use crate::params::Params;
use crate::render;
use crate::world::World;

/// What a method answers.
pub(crate) type Answer = Result<Value, ApiError>;

/// Executes a call.
pub(crate) fn execute(world: &mut World, method: Method, params: &Params) -> Answer {
    match method {
        Method::AnswerCallbackQuery => callbacks::answer(world, params),
        Method::Close | Method::LogOut => Ok(true.into()),
        Method::CreateForumTopic => topics::create(world, params),
        Method::DeleteMessage => edits::delete(world, params),
        Method::DeleteMyCommands => commands::delete(world, params),
        Method::DeleteWebhook => Ok(webhook::delete(world, params)),
        Method::EditMessageCaption => edits::caption(world, params),
        Method::EditMessageReplyMarkup => edits::reply_markup(world, params),
        Method::EditMessageText => edits::text(world, params),
        Method::GetChat => chats::get(world, params),
        Method::GetFile => files::get(world, params),
        Method::GetMe => Ok(get_me(world)),
        Method::GetMyCommands => commands::get(world, params),
        Method::GetUpdates => Ok(json!([])),
        Method::GetWebhookInfo => Ok(webhook::info(world)),
        Method::SendChatAction => chats::action(world, params),
        Method::SendDocument => files::send_document(world, params),
        Method::SendMessage => messages::send(world, params),
        Method::SendPhoto => files::send_photo(world, params),
        Method::SetMessageReaction => chats::react(world, params),
        Method::SetMyCommands => commands::set(world, params),
        Method::SetWebhook => webhook::set(world, params),
    }
}

fn get_me(world: &World) -> Value {
    let mut bot = render::bot(world);
    for ability in [
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
        "allows_users_to_create_topics",
        "can_manage_bots",
    ] {
        render::insert(&mut bot, ability, Some(false));
    }
    render::insert(&mut bot, "has_topics_enabled", Some(world.bot.has_topics));
    bot
}

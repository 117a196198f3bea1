//! Enrolled groups as the running bridge sees them: what follows when the bot is thrown out, what people are told.

use cctelegram_core::api::ChatEntry;
use cctelegram_core::audit::Actor;
use cctelegram_core::id::ChatId;
use cctelegram_core::message::visible;
use cctelegram_core::route::Route;
use cctelegram_store::Left;
use cctelegram_store::Store;
use cctelegram_store::StoreError;
use cctelegram_store::StoredUpdateId;
use cctelegram_telegram::update::Sender;

use crate::app::App;

/// A group's title is shown up to here.
const SHOWN: usize = 80;
/// How the reason of a park begins that is for a missing right, and ends when the right is given back.
const NO_RIGHT: &str = "the bot may not send messages there";

/// The bot was thrown out of an enrolled group: it is parked, people are told once.
pub(crate) async fn thrown_out(
    app: &App,
    update: StoredUpdateId,
    group: &ChatEntry,
    by: &Sender,
) -> Result<(), StoreError> {
    let text = told(group, &format!(" by {}", named(by)));
    let left = Left {
        update: Some(update),
        chat: ChatId(group.chat),
        reason: "the bot was removed from the group".to_owned(),
        actor: Actor::Telegram { user: by.id },
        people: app.config.people.chats(),
        text,
        now: app.now(),
    };
    app.store.leave_chat(left).await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Why a group is parked in which the bot may not write.
pub(crate) fn no_right(refusal: &str) -> String {
    format!("{NO_RIGHT}: {refusal}")
}

/// Is the group parked for nothing but a missing right?
pub(crate) async fn lacks_right(app: &App, chat: ChatId) -> Result<bool, StoreError> {
    let parked = app.store.parked().await?;
    let mut reasons = parked.iter().filter(|(parked, _)| *parked == chat);
    Ok(reasons.any(|(_, why)| why.starts_with(NO_RIGHT)))
}

/// Telegram refused a message to a chat for who it is: when it is an enrolled group, people are told once, as above.
pub(crate) async fn refused(
    app: &App,
    chat: ChatId,
    reason: &str,
) -> Result<Option<Left>, StoreError> {
    if !chat.is_group() {
        return Ok(None);
    }
    let Some(group) = app.store.enrolled_chat(chat).await? else {
        return Ok(None);
    };
    let text = if reason.starts_with(NO_RIGHT) {
        told_of_right(&group, reason)
    } else {
        told(&group, &format!(" ({reason})"))
    };
    Ok(Some(Left {
        update: None,
        chat,
        reason: reason.to_owned(),
        actor: Actor::System,
        people: app.config.people.chats(),
        text,
        now: app.now(),
    }))
}

fn told_of_right(group: &ChatEntry, reason: &str) -> String {
    format!(
        "Group “{}”: {reason}. What waits for the group is kept; requests that only it had come here. Give the bot the \
         right to send messages and files there and write /status to it in the group, or end it with: cctelegram chats \
         remove {}",
        quoted(&group.title),
        group.chat
    )
}

fn told(group: &ChatEntry, how: &str) -> String {
    format!(
        "The bot was removed from the group “{}”{how}. What waits for the group is kept; requests that only it had \
         come here. Add the bot to the group again, or end it with: cctelegram chats remove {}",
        quoted(&group.title),
        group.chat
    )
}

/// The parked groups, one sentence each.
pub(crate) async fn parked(app: &App) -> Vec<String> {
    let parked = app.store.parked().await.unwrap_or_default();
    let groups = app.store.enrolled_chats().await.unwrap_or_default();
    let sentence = |group: &ChatEntry| {
        let (_, why) = parked.iter().find(|(chat, _)| chat.0 == group.chat)?;
        let title = quoted(&group.title);
        let until = if why.starts_with(NO_RIGHT) {
            "is given the right"
        } else {
            "is in it again"
        };
        Some(format!(
            "Group “{title}” ({}) cannot be written to until the bot {until}: {why}.",
            group.chat
        ))
    };
    groups.iter().filter_map(sentence).collect()
}

/// Routes may name groups that nobody enrolled: they are passed over, and said so at the start.
pub(crate) async fn warn_of_unknown(store: &Store, routes: &[Route]) -> Result<(), StoreError> {
    let groups = store.groups().await?;
    let is_known = |chat: ChatId| {
        groups
            .iter()
            .any(|group| group.chat == chat || group.former == Some(chat))
    };
    let named = routes.iter().flat_map(|route| &route.chats);
    for chat in named.filter(|chat| chat.is_group() && !is_known(**chat)) {
        tracing::warn!(
            chat.id = chat.0,
            "a [[route]] names a group that is not enrolled, and nothing goes there: `cctelegram chats enrol`"
        );
    }
    Ok(())
}

/// `Ada (42)`.
pub(crate) fn named(person: &Sender) -> String {
    format!("{} ({})", quoted(&person.first_name), person.id)
}

/// What others chose as a name, so that it cannot be taken for more than a name.
pub(crate) fn quoted(name: &str) -> String {
    visible::quotable(name, SHOWN)
}

/// The name of a project, in one line and not too long.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN).collect()
}

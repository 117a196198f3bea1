//! Enrolled groups as the running bridge sees them: what follows when the bot is thrown out, what people are told.

use cctelegram_core::api::ChatEntry;
use cctelegram_core::audit::Actor;
use cctelegram_core::id::ChatId;
use cctelegram_core::route::Route;
use cctelegram_store::Left;
use cctelegram_store::Store;
use cctelegram_store::StoreError;
use cctelegram_store::StoredUpdateId;
use cctelegram_telegram::update::Sender;

use crate::app::App;

/// A group's title is shown up to here.
const SHOWN: usize = 80;

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

/// Telegram refused a message to a chat for who it is: when it is a group, people are told once, as above.
pub(crate) async fn refused(app: &App, chat: ChatId, reason: &str) {
    if !chat.is_group() {
        return;
    }
    if let Err(error) = try_refused(app, chat, reason).await {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::error!(
            error,
            chat.id = chat.0,
            "people cannot be told of a lost group"
        );
    }
}

async fn try_refused(app: &App, chat: ChatId, reason: &str) -> Result<(), StoreError> {
    let Some(group) = app.store.enrolled_chat(chat).await? else {
        return Ok(());
    };
    let left = Left {
        update: None,
        chat,
        reason: reason.to_owned(),
        actor: Actor::System,
        people: app.config.people.chats(),
        text: told(&group, &format!(" ({reason})")),
        now: app.now(),
    };
    app.store.leave_chat(left).await?;
    app.wake.outbox.notify_one();
    Ok(())
}

fn told(group: &ChatEntry, how: &str) -> String {
    format!(
        "The bot was removed from the group “{}”{how}. What waits for the group is kept; requests that only it had \
         come here. Add the bot to the group again, or end it with: cctelegram chats remove {}",
        one_line(&group.title),
        group.chat
    )
}

/// The parked groups, one sentence each.
pub(crate) async fn parked(app: &App) -> Vec<String> {
    let parked = app.store.parked().await.unwrap_or_default();
    let groups = app.store.enrolled_chats().await.unwrap_or_default();
    let sentence = |group: &ChatEntry| {
        let (_, why) = parked.iter().find(|(chat, _)| chat.0 == group.chat)?;
        let title = one_line(&group.title);
        Some(format!(
            "Group “{title}” ({}) cannot be written to until the bot is in it again: {why}.",
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
    format!("{} ({})", one_line(&person.first_name), person.id)
}

/// What others chose as a name, in one line and not too long.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN).collect()
}

//! What happens in groups. Only commands to the bot and replies to its messages count, only from allowed people, only
//! where the group is enrolled. Everything else that people say there is their own affair.

use cctelegram_core::api::ChatEntry;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::UserId;
use cctelegram_store::Handling;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::update::GroupChat;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::Membership;
use cctelegram_telegram::update::Migration;
use cctelegram_telegram::update::StandingChange;

use super::command;
use super::command::Command;
use super::enrol;
use super::message;
use super::message::lacks_authority;
use super::no_authority;
use super::record;
use crate::app::App;
use crate::groups;

/// Handles a message in a group.
pub(super) async fn handle(
    app: &App,
    stored: &StoredUpdate,
    message: IncomingMessage,
) -> anyhow::Result<()> {
    let enrolled = app.store.enrolled_chat(message.chat).await?;
    let authority = match (lacks_authority(&message), &message.from) {
        (None, Some(from)) => Ok(from.clone()),
        (Some(why), _) => Err(why),
        (None, None) => Err("it names no sender"),
    };
    if let (Some(code), Ok(from)) = (enrol::code(app, &message), &authority) {
        return enrol::use_code(app, stored, &message, from, &code).await;
    }
    // Anybody can add the bot to a group of their own: what is said there leaves no trace.
    let Some(enrolled) = enrolled else {
        tracing::debug!(update.id = %stored.id, "a message in a group that is not enrolled was left alone");
        app.store.ignore(stored.id).await?;
        return Ok(());
    };
    if let Some(described) = &message.group {
        note_description(app, &enrolled, described).await?;
    }
    let Some(meant) = meant_for_us(app, &message).await? else {
        app.store.ignore(stored.id).await?;
        return Ok(());
    };
    let from = match authority {
        Ok(from) => from,
        Err(why) => return no_authority(app, stored, why).await,
    };
    if !app.config.people.admits(from.id) {
        return refuse(app, stored, from.id, &enrolled).await;
    }
    match meant {
        // The queue holds what is about other projects too, and everybody in the group reads along.
        Meant::Command(Command::Queue) => {
            let sorry = "What waits is shown in private only: write /queue to me there.";
            message::answered(app, stored, &message, &from, ("/queue", sorry.to_owned())).await
        }
        Meant::Command(command) if !message::is_answer(app, &message, &command).await? => {
            command::handle(app, stored, &message, &from, command).await
        }
        Meant::Command(_) | Meant::Reply => message::text(app, stored, &message, &from).await,
    }
}

/// What makes a message one to the bot.
enum Meant {
    Command(Command),
    /// It answers a message about an event.
    Reply,
}

/// Other bots may be in the group: a command that is not one of ours has to name us.
async fn meant_for_us(app: &App, message: &IncomingMessage) -> anyhow::Result<Option<Meant>> {
    let replied = super::replied_event(app, message).await?;
    let text = message.text.as_deref().unwrap_or_default();
    if !text.trim_start().starts_with('/') {
        return Ok(replied.map(|_| Meant::Reply));
    }
    let (Some(name), head) = (
        app.bot.username(),
        text.split_whitespace().next().unwrap_or_default(),
    ) else {
        return Ok(None);
    };
    let command = command::parse(text, Some(&name));
    Ok(command
        .filter(|command| {
            !matches!(command, Command::Other(_)) || head.contains('@') || replied.is_some()
        })
        .map(Meant::Command))
}

/// A stranger in an enrolled group: on the record, and not answered, so that nobody can make the bot talk there.
async fn refuse(
    app: &App,
    stored: &StoredUpdate,
    user: UserId,
    group: &ChatEntry,
) -> anyhow::Result<()> {
    tracing::warn!(
        user.id = user.0,
        chat.id = group.chat,
        "a stranger was refused in a group"
    );
    app.metrics.refused.inc();
    let record = record(app, EventName::AccessRefused, user, "message in a group")
        .outcome(Disposition::Refused)
        .details(serde_json::json!({ "chat": group.chat }))
        .action("refused silently");
    let handling = Handling {
        records: vec![record],
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    Ok(())
}

/// The bot was added to a group, thrown out, or given other rights there.
pub(super) async fn membership_changed(
    app: &App,
    stored: &StoredUpdate,
    membership: Membership,
    described: GroupChat,
) -> anyhow::Result<()> {
    let enrolled = app.store.enrolled_chat(membership.chat).await?;
    let (Some(enrolled), Some(by)) = (enrolled, &membership.from) else {
        app.store.ignore(stored.id).await?;
        return Ok(());
    };
    note_description(app, &enrolled, &described).await?;
    match membership.change {
        StandingChange::Blocked => {
            groups::thrown_out(app, stored.id, &enrolled, by).await?;
            return Ok(());
        }
        StandingChange::MaySend if groups::lacks_right(app, membership.chat).await? => {}
        StandingChange::MaySend | StandingChange::Other => {
            app.store.ignore(stored.id).await?;
            return Ok(());
        }
        StandingChange::Returned => {}
    }
    let target = format!("chat {}", membership.chat);
    // Whoever gives a right to the bot that is in the group is one of its administrators, and does not bring it back.
    let counts = membership.change == StandingChange::MaySend || app.config.people.admits(by.id);
    let handling = if counts {
        Handling {
            records: vec![record(app, EventName::RecipientReturned, by.id, target)],
            unpark: Some(membership.chat),
            ..Handling::default()
        }
    } else {
        let record = record(app, EventName::AccessRefused, by.id, target)
            .outcome(Disposition::Refused)
            .action("added by somebody who is not allowed: the group stays parked");
        Handling {
            records: vec![record],
            ..Handling::default()
        }
    };
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// A group became a supergroup.
pub(super) async fn moved(
    app: &App,
    stored: &StoredUpdate,
    Migration { from, to }: Migration,
) -> anyhow::Result<()> {
    if app
        .store
        .follow_migration(stored.id, (from, to), app.now())
        .await?
    {
        tracing::info!(
            chat.id = to.0,
            from = from.0,
            "an enrolled group became a supergroup"
        );
    }
    app.wake.outbox.notify_one();
    Ok(())
}

async fn note_description(
    app: &App,
    group: &ChatEntry,
    described: &GroupChat,
) -> anyhow::Result<()> {
    if (&group.title, group.forum) != (&described.title, described.is_forum) {
        let (chat, title) = (ChatId(group.chat), described.title.clone());
        app.store
            .describe_chat(chat, title, described.is_forum)
            .await?;
    }
    Ok(())
}

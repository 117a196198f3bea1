//! Stored updates are handled here, in order, each once: the effect and the mark "handled" are one transaction.

mod command;
mod enrol;
mod group;
mod list;
mod message;
mod press;
mod stranger;

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::event::Event;
use cctelegram_core::id::UserId;
use cctelegram_store::Handling;
use cctelegram_store::StoreError;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::update;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::Membership;
use cctelegram_telegram::update::StandingChange;

use cctelegram_telegram::update::Update;
use tokio_util::sync::CancellationToken;

use crate::app::App;

pub(crate) use command::COMMANDS;
pub(crate) use press::tell_presser;

/// So many updates are read from the store at a time.
const BATCH: u32 = 100;
/// Without a wake-up the inbox is looked at this often; also the wait after a failure.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Handles stored updates until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let woken = app.wake.inbox.notified();
        let wait = match handle_all(&app, &stop).await {
            Ok(()) => LOOK_ANYWAY,
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "updates cannot be handled; trying again"
                );
                TRY_AGAIN
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

async fn handle_all(app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
    loop {
        let updates = app.store.unhandled(BATCH).await?;
        if updates.is_empty() {
            return Ok(());
        }
        for stored in updates {
            if stop.is_cancelled() {
                return Ok(());
            }
            if let Err(error) = handle(app, &stored).await {
                give_up_if_hopeless(app, &stored, error).await?;
            }
        }
    }
}

/// An update that can never be handled must not hold up all later ones: it is refused on the record. Anything else is
/// handed back, to be tried again.
async fn give_up_if_hopeless(
    app: &App,
    stored: &StoredUpdate,
    error: anyhow::Error,
) -> anyhow::Result<()> {
    let hopeless = matches!(
        error.downcast_ref(),
        Some(StoreError::Damaged { .. } | StoreError::NoSuchOption)
    );
    if !hopeless {
        return Err(error);
    }
    let error = format!("{error:#}");
    tracing::error!(update.id = %stored.id, error, "an update can never be handled");
    no_authority(app, stored, &error).await
}

/// The event that a message replies to. A reply can come before Telegram's answer to the call that it replies to is
/// recorded: then that is waited for.
async fn replied_event(app: &App, message: &IncomingMessage) -> Result<Option<Event>, StoreError> {
    let Some(to) = message.reply_to else {
        return Ok(None);
    };
    let known = app.store.event_of_message(message.chat, to).await?;
    if known.is_some() {
        return Ok(known);
    }
    app.calls.landed(message.chat).await;
    app.store.event_of_message(message.chat, to).await
}

async fn handle(app: &App, stored: &StoredUpdate) -> anyhow::Result<()> {
    let body = match app.keys.open_update(stored) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(update.id = %stored.id, %error, "a stored update cannot be opened: it was changed, or its key is gone");
            return no_authority(app, stored, &format!("its sealed content: {error}")).await;
        }
    };
    match update::decode(&body) {
        Update::Message(message) => message::handle(app, stored, message).await,
        Update::Press(press) => press::handle(app, stored, press).await,
        Update::Membership(membership) => membership_changed(app, stored, membership).await,
        Update::Migration(moved) => group::moved(app, stored, moved).await,
        Update::Other { what } => {
            tracing::debug!(update.id = %stored.id, what, "an update of no use to us");
            app.store.ignore(stored.id).await?;
            Ok(())
        }
    }
}

/// Somebody blocked the bot or came back.
async fn membership_changed(
    app: &App,
    stored: &StoredUpdate,
    membership: Membership,
) -> anyhow::Result<()> {
    if let Some(described) = membership.group.clone() {
        return group::membership_changed(app, stored, membership, described).await;
    }
    let person = membership.from.as_ref().map(|sender| sender.id);
    let ours = app.config.people.chats().contains(&membership.chat);
    let (Some(person), true) = (person, ours) else {
        app.store.ignore(stored.id).await?;
        return Ok(());
    };
    let mut handling = Handling::default();
    let name = match membership.change {
        StandingChange::Blocked => {
            handling.park = Some((membership.chat, "blocked by the user".to_owned()));
            EventName::RecipientParked
        }
        StandingChange::Returned => {
            handling.unpark = Some(membership.chat);
            EventName::RecipientReturned
        }
        StandingChange::MaySend | StandingChange::Other => {
            app.store.ignore(stored.id).await?;
            return Ok(());
        }
    };
    handling.records.push(record(
        app,
        name,
        person,
        format!("chat {}", membership.chat),
    ));
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// A record of something that a Telegram user did.
fn record(app: &App, name: EventName, user: UserId, target: impl Into<String>) -> Record {
    Record::new(app.now(), name, Actor::Telegram { user }, target)
}

/// Leaves an update alone, on the record: it cannot carry anybody's authority.
async fn no_authority(app: &App, stored: &StoredUpdate, why: &str) -> anyhow::Result<()> {
    tracing::info!(update.id = %stored.id, why, "an update without authority was left alone");
    let record = Record::new(
        app.now(),
        EventName::UpdateIgnored,
        Actor::System,
        format!("update {}", stored.id),
    )
    .outcome(Disposition::Refused)
    .action(format!("left alone: {why}"));
    let handling = Handling {
        records: vec![record],
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    Ok(())
}

//! A message from a person: a command, a reply to something we sent, or free text.

use cctelegram_core::agent::is_asked_by_hook;
use cctelegram_core::agent::session_of;
use cctelegram_core::approval::Person;
use cctelegram_core::audit::EventName;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use cctelegram_store::About;
use cctelegram_store::Decide;
use cctelegram_store::Decided;
use cctelegram_store::Handling;
use cctelegram_store::NewResponse;
use cctelegram_store::ResponseKind;
use cctelegram_store::SessionReply;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::Sender;
use serde_json::Map;
use uuid::Uuid;

use super::command;
use super::command::Command;
use super::group;
use super::no_authority;
use super::record;
use super::stranger;
use crate::app::App;
use crate::hearing::Promise;

/// Handles one message.
pub(super) async fn handle(
    app: &App,
    stored: &StoredUpdate,
    message: IncomingMessage,
) -> anyhow::Result<()> {
    if message.group.is_some() {
        return group::handle(app, stored, message).await;
    }
    if !message.chat_is_private {
        return no_authority(app, stored, "not in a private chat").await;
    }
    if let Some(why) = lacks_authority(&message) {
        return no_authority(app, stored, why).await;
    }
    let Some(from) = message.from.clone() else {
        return no_authority(app, stored, "it names no sender").await;
    };
    let command = message
        .text
        .as_deref()
        .and_then(|text| command::parse(text, app.bot.username().as_deref()));
    if !app.config.people.admits(from.id) {
        let open = app.config.people.admits_anybody_to_help();
        return match command {
            Some(command) if open && command.is_open_to_anybody() => {
                command::handle(app, stored, &message, &from, command).await
            }
            Some(_) | None => stranger::refuse(app, stored, &from, Some(message.chat), "message")
                .await
                .map(drop),
        };
    }
    match command {
        Some(command) if !is_answer(app, &message, &command).await? => {
            command::handle(app, stored, &message, &from, command).await
        }
        Some(_) | None => text(app, stored, &message, &from).await,
    }
}

/// A command of nobody's in reply to a message about an event is for whoever sent that, not for us.
pub(super) async fn is_answer(
    app: &App,
    message: &IncomingMessage,
    command: &Command,
) -> anyhow::Result<bool> {
    Ok(matches!(command, Command::Other(_)) && super::replied_event(app, message).await?.is_some())
}

/// Why a message can carry nobody's authority, whoever is named in it.
pub(super) fn lacks_authority(message: &IncomingMessage) -> Option<&'static str> {
    match message {
        _ if message.edited => Some("an edit of an earlier message"),
        _ if message.forwarded => Some("a forwarded message"),
        _ if message.via_bot => Some("sent through another bot"),
        _ if message.has_sender_chat => Some("sent in the name of a chat"),
        _ if message.from.as_ref().is_some_and(|from| from.is_bot) => Some("sent by a bot"),
        _ => None,
    }
}

/// What is no command of ours: the answer to an event, or free text.
pub(super) async fn text(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
) -> anyhow::Result<()> {
    let Some(text) = &message.text else {
        let sorry = "Only text reaches the bridge; this was not passed on.".to_owned();
        return answered(app, stored, message, from, ("message without text", sorry)).await;
    };
    let event = super::replied_event(app, message).await?;
    if decide(app, stored, (message, text), from).await? {
        return Ok(());
    }
    let kind = match command::parse(text, app.bot.username().as_deref()) {
        Some(_) => ResponseKind::Command,
        None => ResponseKind::Text,
    };
    let response = response(from, text.clone(), kind, event.as_ref(), app.now());
    let session = event.as_ref().and_then(|event| session_of(&event.id));
    let promise = match (&event, &session) {
        (Some(event), Some(session)) => app.hearing.promise(session, &event.id),
        _ => None,
    };
    let said = match (no_answer(app, message, from).await?, &event) {
        (Some(said), _) => said,
        (None, Some(event)) if promise.is_some() => {
            format!("Handed to the agent as an answer to “{}”.", event.title)
        }
        (None, Some(event)) if session.is_some() => format!(
            "Kept as an answer to “{}”: the agent's session is not waiting for a reply now.",
            event.title
        ),
        (None, Some(event)) => format!("Noted as an answer to “{}”.", event.title),
        (None, None) => {
            "Noted. It answers no message in particular: reply to one to answer it.".to_owned()
        }
    };
    let target = event.as_ref().map_or_else(
        || "no event".to_owned(),
        |event| format!("event {}", event.id),
    );
    let handling = Handling {
        records: vec![record(app, EventName::UserResponse, from.id, target)],
        notices: vec![(message.chat, said, Some(message.message))],
        response: Some(response),
        reply: session.is_some().then(|| SessionReply {
            chat: message.chat,
            message: message.message,
            taken: promise.as_ref().map(Promise::claim),
        }),
        unpark: Some(message.chat),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    if let Some(promise) = promise {
        promise.stored();
    }
    app.wake.decided();
    Ok(())
}

/// What is told of a reply that does not answer the request to which it was written: none if a session gets it.
async fn no_answer(
    app: &App,
    message: &IncomingMessage,
    from: &Sender,
) -> anyhow::Result<Option<String>> {
    let Some(to) = message.reply_to else {
        return Ok(None);
    };
    let Some(approval) = app.store.approval_of_message(message.chat, to).await? else {
        return Ok(None);
    };
    if session_of(&approval.event).is_some() {
        return Ok(None);
    }
    if approval.awaits_reason(from.id, app.now())
        && app.store.reply_to(approval.id).await?.is_none()
    {
        return Ok(Some("Noted as your reason.".to_owned()));
    }
    let by_hook = is_asked_by_hook(&approval.event);
    Ok(match approval.ending() {
        Some(end) => {
            let end = end.short(&app.config.messages.zone);
            let but = if by_hook {
                "The agent does not get this."
            } else {
                "This is noted and changes nothing."
            };
            Some(format!("{end} {but}"))
        }
        None if by_hook => {
            Some("The agent does not get this: press a button of the message to decide.".to_owned())
        }
        None => None,
    })
}

/// Takes a reply to a request that may be answered in words as its answer. Anything else, and what comes after its end,
/// is a text like any other.
async fn decide(
    app: &App,
    stored: &StoredUpdate,
    (message, text): (&IncomingMessage, &str),
    from: &Sender,
) -> anyhow::Result<bool> {
    let Some(to) = message.reply_to else {
        return Ok(false);
    };
    let Some(approval) = app.store.approval_of_message(message.chat, to).await? else {
        return Ok(false);
    };
    let by = Person {
        id: from.id,
        username: from.username.clone(),
        first_name: from.first_name.clone(),
    };
    let Ok(Some(decision)) = approval.reply(text, by, app.now()) else {
        return Ok(false);
    };
    let decide = Decide {
        update: stored.id,
        approval: approval.id,
        decision,
        chat: message.chat,
        message: message.message,
        told: Some("That is the answer now.".to_owned()),
    };
    let Decided::Done(approval) = app.store.decide(decide).await? else {
        return Ok(false);
    };
    tracing::info!(approval.id = %approval.id, event.id = %approval.event, user.id = from.id.0, "decided in words");
    app.metrics.decided.inc();
    app.wake.decided();
    Ok(true)
}

/// An answer of one line to a message that changes nothing.
pub(super) async fn answered(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
    (what, said): (&str, String),
) -> anyhow::Result<()> {
    let handling = Handling {
        records: vec![record(app, EventName::CommandHandled, from.id, what)],
        notices: vec![(message.chat, said, Some(message.message))],
        unpark: admitted_chat(app, from.id, message),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Writing to the bot ends a park, for those who are recipients.
fn admitted_chat(app: &App, user: UserId, message: &IncomingMessage) -> Option<ChatId> {
    app.config.people.admits(user).then_some(message.chat)
}

/// What was said, as it will stand in the answer file.
pub(super) fn response(
    from: &Sender,
    text: String,
    kind: ResponseKind,
    event: Option<&Event>,
    at: Timestamp,
) -> NewResponse {
    NewResponse {
        about: event.map_or_else(
            || About::Nothing(Uuid::now_v7()),
            |event| About::Event(event.id.clone()),
        ),
        task_id: event.and_then(|event| event.task_id.clone()),
        user_id: Some(from.id),
        username: from.username.clone(),
        at,
        response: text,
        option: None,
        kind,
        options: event.map(|event| event.options.clone()).unwrap_or_default(),
        metadata: Map::new(),
    }
}

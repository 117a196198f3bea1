//! A press on a button: checked in full, decided once, answered with the truth.

use std::time::Duration;

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Decision;
use cctelegram_core::approval::Person;
use cctelegram_core::approval::Press;
use cctelegram_core::approval::Verdict;
use cctelegram_core::approval::Void;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::message::Draft;
use cctelegram_crypto::Digest;
use cctelegram_store::Decide;
use cctelegram_store::Decided;
use cctelegram_store::FoundButton;
use cctelegram_store::Handling;
use cctelegram_store::StoredUpdate;
use cctelegram_store::Toggle;
use cctelegram_telegram::CallbackStyle;
use cctelegram_telegram::update::IncomingPress;

use super::enrol;
use super::list;
use super::record;
use super::stranger;
use crate::app::App;
use crate::compose::tick;
use crate::courtesy::Sorry;

/// A press can be quicker than the mark of the message that carries the button; it is waited for so long.
pub(super) const MARK_WAIT: Duration = Duration::from_secs(3);
/// A stranger's presses in a group are recorded and answered once in this time.
const REFUSED_AGAIN: Duration = Duration::from_mins(1);
/// An answer to the presser may take so long; the next update waits meanwhile.
const ANSWER: Duration = Duration::from_secs(5);

/// Handles one press.
pub(super) async fn handle(
    app: &App,
    stored: &StoredUpdate,
    press: IncomingPress,
) -> anyhow::Result<()> {
    let is_stranger = press.from.is_bot || !app.config.people.admits(press.from.id);
    if let Some(chat) = press.chat.filter(|chat| chat.is_group()) {
        let is_enrolled = app.store.enrolled_chat(chat).await?.is_some();
        match (is_stranger, is_enrolled) {
            (false, true) => {}
            (false, false) => return refuse(app, stored, &press, &Void::Unknown).await,
            (true, true) => return refuse_in_group(app, stored, press).await,
            // Anybody can have the bot's messages in a group of their own.
            (true, false) => {
                app.store.ignore(stored.id).await?;
                return Ok(());
            }
        }
    }
    if is_stranger {
        let told = stranger::refuse(app, stored, &press.from, None, "button press").await?;
        if told {
            answer(
                app,
                &press,
                "This bot is private. Your press had no effect.",
                CallbackStyle::Window,
            )
            .await;
        }
        return Ok(());
    }
    if let Some(found) = list::known(app, &press).await? {
        return list::details(app, stored, &press, found).await;
    }
    if enrol::press(app, stored, &press).await? {
        return Ok(());
    }
    match judge(app, &press).await? {
        Ok((found, Verdict::Details)) => details(app, stored, &press, &found).await,
        Ok((found, Verdict::Mark(option))) => {
            mark(app, stored, &press, (found.approval, option)).await
        }
        Ok((found, Verdict::Decide(decision))) => {
            decide(app, stored, &press, found.approval, decision).await
        }
        Err(void) => refuse(app, stored, &press, &void).await,
    }
}

/// A stranger's press in a group. Whoever is in it sees the buttons and can press them as often as they like, so it is
/// recorded and answered once in a while.
async fn refuse_in_group(
    app: &App,
    stored: &StoredUpdate,
    press: IncomingPress,
) -> anyhow::Result<()> {
    let minute_ago = app.now().minus(REFUSED_AGAIN);
    if app.store.was_refused(press.from.id, minute_ago).await? {
        app.store.ignore(stored.id).await?;
        return Ok(());
    }
    stranger::refuse_in_group(app, stored, &press).await?;
    let text = "Only allowed people decide here. Your press had no effect.";
    if app.courtesy.try_send(Sorry { press, text }).is_err() {
        tracing::debug!("too many strangers press buttons: one is not answered");
    }
    Ok(())
}

/// Tells a presser in passing.
pub(crate) async fn tell_presser(app: &App, press: &IncomingPress, text: &str) {
    answer(app, press, text, CallbackStyle::Toast).await;
}

/// What the press comes to, before anything is changed.
async fn judge(
    app: &App,
    press: &IncomingPress,
) -> anyhow::Result<Result<(FoundButton, Verdict), Void>> {
    let (Some(chat), Some(message), Some(data)) = (press.chat, press.message, &press.data) else {
        return Ok(Err(Void::Unknown));
    };
    let Some(found) = known(app, &Digest::of(data.as_bytes())).await? else {
        return Ok(Err(Void::Unknown));
    };
    let by = Person {
        id: press.from.id,
        username: press.from.username.clone(),
        first_name: press.from.first_name.clone(),
    };
    let press = Press {
        by,
        chat,
        message,
        at: app.now(),
    };
    Ok(found
        .approval
        .press(&found.button, &press)
        .map(|effect| (found, effect)))
}

/// Finds the button, waiting a moment for its message to be recorded.
async fn known(app: &App, digest: &Digest) -> anyhow::Result<Option<FoundButton>> {
    let mut changes = app.wake.changes();
    let deadline = tokio::time::Instant::now() + MARK_WAIT;
    loop {
        let found = app.store.button(digest).await?;
        if found
            .as_ref()
            .is_none_or(|found| found.button.message.is_some())
        {
            return Ok(found);
        }
        if !matches!(
            tokio::time::timeout_at(deadline, changes.changed()).await,
            Ok(Ok(()))
        ) {
            return Ok(found);
        }
    }
}

async fn decide(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    approval: Approval,
    decision: Decision,
) -> anyhow::Result<()> {
    let label = approval.label(&decision.answer).unwrap_or_default();
    let (Some(chat), Some(message)) = (press.chat, press.message) else {
        return refuse(app, stored, press, &Void::Unknown).await;
    };
    let decide = Decide {
        update: stored.id,
        approval: approval.id,
        decision,
        chat,
        message,
        told: None,
    };
    match app.store.decide(decide).await? {
        Decided::Done(approval) => {
            tracing::info!(approval.id = %approval.id, event.id = %approval.event, user.id = press.from.id.0, "decided");
            app.metrics.decided.inc();
            app.wake.decided();
            // Only now, after the commit, is the presser told.
            let zone = &app.config.messages.zone;
            let told = approval.ending().map_or(label, |ending| ending.told(zone));
            answer(app, press, &told, CallbackStyle::Toast).await;
            Ok(())
        }
        Decided::Unknown => refuse(app, stored, press, &Void::Unknown).await,
        Decided::TooLate(approval) => {
            let void = approval.ending().map_or(Void::Unknown, Void::Over);
            refuse(app, stored, press, &void).await
        }
    }
}

/// Marks an option, or takes the mark away; the copies follow.
async fn mark(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    (approval, option): (Approval, usize),
) -> anyhow::Result<()> {
    let toggle = Toggle {
        update: stored.id,
        approval: approval.id,
        option,
        by: press.from.id,
        at: app.now(),
    };
    match app.store.toggle(toggle).await? {
        Decided::Done(approval) => {
            app.wake.outbox.notify_one();
            let label = approval.options.get(option).map_or("", String::as_str);
            let told = format!("{} {label}", tick(approval.marks.has(option)));
            answer(app, press, &told, CallbackStyle::Toast).await;
            Ok(())
        }
        Decided::Unknown => refuse(app, stored, press, &Void::Unknown).await,
        Decided::TooLate(approval) => {
            let void = approval.ending().map_or(Void::Unknown, Void::Over);
            refuse(app, stored, press, &void).await
        }
    }
}

async fn details(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    found: &FoundButton,
) -> anyhow::Result<()> {
    let target = format!("details of event {}", found.event.id);
    let handling = Handling {
        records: vec![record(
            app,
            EventName::CommandHandled,
            press.from.id,
            target,
        )],
        details: press.chat.map(|chat| (found.key, chat)),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    answer(app, press, "Details follow.", CallbackStyle::Toast).await;
    Ok(())
}

/// A press that changes nothing: on the record, with its times in UTC, and the presser is told the truth.
pub(super) async fn refuse(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    void: &Void,
) -> anyhow::Result<()> {
    let truth = void.to_string();
    let record = record(
        app,
        EventName::ApprovalPressRefused,
        press.from.id,
        "button",
    )
    .outcome(Disposition::Refused)
    .action(truth.clone());
    tracing::warn!(user.id = press.from.id.0, truth, "a press was refused");
    app.metrics.refused.inc();
    let handling = Handling {
        records: vec![record],
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    let told = void.told(&app.config.messages.zone);
    answer(app, press, &told, CallbackStyle::Window).await;
    Ok(())
}

/// Tells the presser. It is a courtesy: what happened stands in the store and in the edited message.
pub(super) async fn answer(app: &App, press: &IncomingPress, text: &str, style: CallbackStyle) {
    let text = Draft::new().plain(text).finish();
    let client = app.bot.client();
    let answer = client.answer_callback(&press.callback_id, &text, style);
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the press could not be answered"),
        Err(_) => tracing::warn!("the press could not be answered in time"),
    }
}

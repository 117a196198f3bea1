//! Enrolling a group: its code seen there, and the press in private that decides.

use std::time::Duration;

use cctelegram_core::api::EnrolState;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_crypto::Digest;
use cctelegram_store::AskedBy;
use cctelegram_store::DecideEnrolment;
use cctelegram_store::EnrolButton;
use cctelegram_store::Enrolment;
use cctelegram_store::Handling;
use cctelegram_store::StoredUpdate;
use cctelegram_store::UseCode;
use cctelegram_telegram::CallbackStyle;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::IncomingPress;
use cctelegram_telegram::update::Sender;

use super::press::MARK_WAIT;
use super::press::answer;
use super::record;
use crate::app::App;

/// A stranger's wrong codes are recorded once in this time: anybody can write them, in a group of their own.
const REFUSED_AGAIN: Duration = Duration::from_hours(1);

/// The code in `/enrol <code>`, or in the `/start <code>` that Telegram's app writes for a link.
pub(super) fn code(app: &App, message: &IncomingMessage) -> Option<String> {
    read_code(message.text.as_deref()?, app.bot.username().as_deref())
}

fn read_code(text: &str, bot: Option<&str>) -> Option<String> {
    let (head, code) = text.trim().split_once(char::is_whitespace)?;
    let (name, addressed) = match head.split_once('@') {
        Some((name, addressed)) => (name, Some(addressed)),
        None => (head, None),
    };
    let ours = addressed.is_none_or(|name| bot.is_some_and(|bot| bot.eq_ignore_ascii_case(name)));
    let code = code.trim();
    (ours && matches!(name, "/enrol" | "/start") && !code.is_empty()).then(|| code.to_owned())
}

/// A code was written in a group. Whoever wrote it may: the press of an allowed person decides. A wrong one is not
/// answered.
pub(super) async fn use_code(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
    code: &str,
) -> anyhow::Result<()> {
    let group = message.group.as_ref();
    let by = AskedBy {
        chat: message.chat,
        title: group.map(|group| group.title.clone()).unwrap_or_default(),
        forum: group.is_some_and(|group| group.is_forum),
        user: from.id,
        name: from.first_name.clone(),
    };
    let used = UseCode {
        update: stored.id,
        code: Digest::of(code.as_bytes()),
        by,
        people: app.config.people.chats(),
        now: app.now(),
    };
    if app.store.use_code(used).await? {
        tracing::info!(
            chat.id = message.chat.0,
            user.id = from.id.0,
            "a group asks to be enrolled"
        );
        app.wake.outbox.notify_one();
        app.wake.changed();
        return Ok(());
    }
    let is_stranger = !app.config.people.admits(from.id);
    let hour_ago = app.now().minus(REFUSED_AGAIN);
    if is_stranger && app.store.was_refused(from.id, hour_ago).await? {
        app.store.ignore(stored.id).await?;
        return Ok(());
    }
    tracing::warn!(
        chat.id = message.chat.0,
        user.id = from.id.0,
        "a wrong code was written in a group"
    );
    app.metrics.refused.inc();
    let target = message.chat.to_string();
    let record = record(app, EventName::EnrolmentRefused, from.id, target)
        .outcome(Disposition::Refused)
        .action("the code is unknown, used or expired: not answered");
    let handling = Handling {
        records: vec![record],
        stranger: is_stranger.then_some(from.id),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    Ok(())
}

/// Handles a press of an allowed person, if it is on the question of an enrolment; answers whether it is.
pub(super) async fn press(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
) -> anyhow::Result<bool> {
    let Some(data) = &press.data else {
        return Ok(false);
    };
    let Some(button) = known(app, &Digest::of(data.as_bytes())).await? else {
        return Ok(false);
    };
    let own_chat = press.chat == Some(press.from.id.private_chat());
    let right_place = press.chat == Some(button.chat) && press.message == button.message;
    if !own_chat || !right_place || button.message.is_none() {
        let truth = "This button belongs to another message. Nothing was decided.";
        refuse(app, stored, press, truth).await?;
        return Ok(true);
    }
    let decide = DecideEnrolment {
        update: stored.id,
        enrolment: button.enrolment,
        accepts: button.accepts,
        by: press.from.id,
        people: app.config.people.chats(),
        now: app.now(),
    };
    match app.store.decide_enrolment(decide).await? {
        (Some(enrolment), true) => {
            tracing::info!(user.id = press.from.id.0, state = ?enrolment.state, "an enrolment was decided");
            app.wake.outbox.notify_one();
            app.wake.changed();
            // Only now, after the commit, is the presser told.
            answer(app, press, truth(&enrolment), CallbackStyle::Toast).await;
        }
        (Some(enrolment), false) => refuse(app, stored, press, truth(&enrolment)).await?,
        (None, _) => refuse(app, stored, press, "There is no such enrolment.").await?,
    }
    Ok(true)
}

/// Finds the button, waiting a moment for its message to be recorded.
async fn known(app: &App, digest: &Digest) -> anyhow::Result<Option<EnrolButton>> {
    let mut changes = app.wake.changes();
    let deadline = tokio::time::Instant::now() + MARK_WAIT;
    loop {
        let found = app.store.enrol_button(digest).await?;
        if found.is_none_or(|found| found.message.is_some()) {
            return Ok(found);
        }
        let waited = tokio::time::timeout_at(deadline, changes.changed()).await;
        if !matches!(waited, Ok(Ok(()))) {
            return Ok(found);
        }
    }
}

const fn truth(enrolment: &Enrolment) -> &'static str {
    match enrolment.state {
        EnrolState::Open | EnrolState::Asked => "Nothing was decided.",
        EnrolState::Enrolled => "The group is enrolled.",
        EnrolState::Refused => "The group is not enrolled.",
        EnrolState::Expired => "The question has expired. Nothing was changed.",
        EnrolState::Withdrawn => "The enrolment was taken back at the terminal.",
    }
}

async fn refuse(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    truth: &str,
) -> anyhow::Result<()> {
    tracing::warn!(
        user.id = press.from.id.0,
        truth,
        "a press on an enrolment was refused"
    );
    app.metrics.refused.inc();
    let record = record(app, EventName::EnrolmentRefused, press.from.id, "button")
        .outcome(Disposition::Refused)
        .action(truth.to_owned());
    let handling = Handling {
        records: vec![record],
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    answer(app, press, truth, CallbackStyle::Window).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_from_the_command_and_from_what_a_link_writes() {
        let bot = Some("my_bot");
        for (text, code) in [
            ("/enrol abc", Some("abc")),
            ("/enrol@My_Bot  abc ", Some("abc")),
            ("/start@my_bot abc", Some("abc")),
            ("/enrol@other_bot abc", None),
            ("/enrol", None),
            ("/help abc", None),
            ("please /enrol abc", None),
        ] {
            assert_eq!(read_code(text, bot).as_deref(), code, "{text}");
        }
        assert_eq!(read_code("/enrol@my_bot abc", None), None);
    }
}

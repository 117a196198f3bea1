//! Asking a person on the phone, waiting for the answer, and what the agent is told.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::ReplyStatus;
use cctelegram_core::approval::ALLOW_FOR_SESSION;
use cctelegram_core::approval::ALLOW_ONCE;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::DENY;
use cctelegram_core::approval::DENY_AND_SAY_WHY;
use cctelegram_core::approval::State;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::mode::Mode;
use uuid::Uuid;

use super::offer;
use super::offer::Offer;
use super::reply;
use super::secrets::KnownSecrets;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// The longest time for a request that waits for nothing but the bridge itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait of one request; the bridge grants no more.
const STRETCH: Duration = Duration::from_secs(50);
/// A bridge that went away is looked for again after this span.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// In `local`, so long the terminal is left alone with the question.
const AT_THE_DESK_S: u64 = 10;
/// So long a reason is awaited.
const REASON: Duration = Duration::from_mins(1);
/// The longest life of a request.
const LIFETIME: Duration = Duration::from_hours(1);

/// How the asking ended.
pub(super) enum Told {
    /// Somebody decided: what the hook prints.
    Decision(String),
    /// Nobody did, or the terminal did: the agent goes on as without a hook.
    Nothing,
    /// The bridge could not be asked.
    Unreached(LineError),
}

/// Asks, and waits until `deadline` at the latest.
pub(super) fn ask(
    line: &SocketLine<'_>,
    offer: &Offer<'_>,
    secrets: &KnownSecrets,
    deadline: Instant,
) -> Told {
    let mode = match line.ask::<ModeStatus>("GET", "mode", PATIENCE) {
        Ok(status) => status.mode,
        Err(error) => return Told::Unreached(error),
    };
    if mode == Mode::Mute {
        return Told::Nothing;
    }
    let (request, digest) = match request(offer, secrets, mode, left(deadline)) {
        Ok(both) => both,
        Err(error) => return Told::Unreached(LineError::Unreadable(error)),
    };
    let asked: Asked = match line.tell("approvals", &request, PATIENCE) {
        Ok(asked) => asked,
        // Stored or not: with the same id the second time is the same request.
        Err(LineError::Broken(_)) => match line.tell("approvals", &request, PATIENCE) {
            Ok(asked) => asked,
            Err(error) => return Told::Unreached(error),
        },
        Err(error) => return Told::Unreached(error),
    };
    match decision(line, asked.approval_id, deadline) {
        // A decision about anything else is none.
        Some(status) if status.digest == digest => answer(line, offer, &status, deadline),
        Some(_) | None => Told::Nothing,
    }
}

fn request(
    offer: &Offer<'_>,
    secrets: &KnownSecrets,
    mode: Mode,
    wait: Duration,
) -> Result<(AskRequest, String), serde_json::Error> {
    let once = Trace::of(&Uuid::now_v7().to_string());
    let trace = offer::trace(offer.input, offer.call)?;
    let id = trace.event_id(once).map_err(serde::de::Error::custom)?;
    let digest = offer.digest()?;
    let request = AskRequest {
        event: offer.event(id.as_str(), secrets),
        // The phone must not offer what nobody waits for any more.
        lifetime_s: Some(wait.min(LIFETIME).as_secs().max(1)),
        digest: Some(digest.clone()),
        delay_s: (mode == Mode::Local).then_some(AT_THE_DESK_S),
        form: AnswerForm::default(),
        remind_s: None,
    };
    Ok((request, digest))
}

/// Waits for the end of the request, across restarts of the bridge. When the time is up it is taken back; a decision in
/// the last moment still counts.
fn decision(line: &SocketLine<'_>, id: ApprovalId, deadline: Instant) -> Option<ApprovalStatus> {
    loop {
        let left = left(deadline);
        if left.is_zero() {
            return line
                .ask("DELETE", &format!("approvals/{id}"), PATIENCE)
                .ok();
        }
        let stretch = left.min(STRETCH);
        let path = format!("approvals/{id}?wait_s={}", stretch.as_secs().max(1));
        let status: Result<ApprovalStatus, _> =
            line.ask("GET", &path, stretch.saturating_add(PATIENCE));
        match status {
            Ok(status) if status.state == State::Pending => {}
            Ok(status) => return Some(status),
            Err(error) if error.may_pass() => thread::sleep(LOOK_AGAIN.min(left)),
            Err(_) => return None,
        }
    }
}

fn answer(
    line: &SocketLine<'_>,
    offer: &Offer<'_>,
    status: &ApprovalStatus,
    deadline: Instant,
) -> Told {
    let (Some(decision), Some(label)) = (status.state.decision(), &status.option) else {
        return Told::Nothing;
    };
    let who = decision.by.display();
    Told::Decision(match label.as_str() {
        ALLOW_ONCE => reply::allow_once(),
        ALLOW_FOR_SESSION => reply::allow_for_session(offer.rules),
        DENY => reply::deny(&format!("Denied by {who} on the phone.")),
        DENY_AND_SAY_WHY => reply::deny(&match reason(line, status.approval_id, deadline) {
            Some(text) => format!("Denied by {who} on the phone, who wrote: {text}"),
            None => format!("Denied by {who} on the phone."),
        }),
        // A label that was not offered decides nothing.
        _ => return Told::Nothing,
    })
}

fn reason(line: &SocketLine<'_>, id: ApprovalId, deadline: Instant) -> Option<String> {
    let until = deadline.min(Instant::now() + REASON);
    loop {
        let left = left(until);
        if left.is_zero() {
            return None;
        }
        let stretch = left.min(STRETCH);
        let path = format!("approvals/{id}/reply?wait_s={}", stretch.as_secs().max(1));
        match line.ask::<ReplyStatus>("GET", &path, stretch.saturating_add(PATIENCE)) {
            Ok(ReplyStatus { text: Some(text) }) => return Some(text),
            Ok(ReplyStatus { text: None }) => {}
            Err(error) if error.may_pass() => thread::sleep(LOOK_AGAIN.min(left)),
            Err(_) => return None,
        }
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

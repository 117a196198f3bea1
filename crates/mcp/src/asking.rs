//! Questions with buttons: asked, waited for across restarts of the bridge, and taken back when nobody waits any more.

use std::time::Duration;

use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::id::ApprovalId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use tokio::time::Instant;

use crate::access::LONGEST_WAIT_S;
use crate::access::NotReached;
use crate::arguments::Failed;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::desk::LOOK_AGAIN;
use crate::report::Report;

/// The bridge counts a request's life from when it stored it; it has this long to say that the time is up.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
#[schemars(extend("minimum" = 1, "maximum" = 86_400))]
pub(crate) struct WaitSeconds(u64);

impl WaitSeconds {
    pub(crate) const fn span(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Default for WaitSeconds {
    /// Five minutes.
    fn default() -> Self {
        Self(300)
    }
}

impl TryFrom<u64> for WaitSeconds {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, &'static str> {
        if (1..=86_400).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err("is not between 1 and 86400 seconds")
        }
    }
}

/// What came of a question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub(crate) struct Ended {
    pub(crate) event_id: String,
    /// `decided`, or why there is no decision: `expired`, `withdrawn`, `locally`, `undeliverable`.
    pub(crate) state: String,
    /// Only true when a person pressed the first option.
    pub(crate) approved: bool,
    /// The label that was pressed.
    pub(crate) option: Option<String>,
    /// What a program reads of the decision.
    pub(crate) response: Option<String>,
    /// Who decided.
    pub(crate) decided_by: Option<String>,
    pub(crate) decided_by_id: Option<i64>,
    /// SHA-256 of what was asked: what the decision is about.
    pub(crate) digest: String,
}

impl Ended {
    fn of(status: &ApprovalStatus) -> Self {
        let decision = status.state.decision();
        let state = match status.state {
            State::Pending => "pending",
            State::Decided(_) => "decided",
            State::Expired { .. } => "expired",
            State::Withdrawn { .. } => "withdrawn",
            State::Locally { .. } => "locally",
            State::Undeliverable { .. } => "undeliverable",
        };
        Self {
            event_id: status.event_id.to_string(),
            state: state.to_owned(),
            approved: decision.is_some_and(|decision| decision.answer == GivenAnswer::Choice(0)),
            option: status.option.clone(),
            response: status.response.clone(),
            decided_by: decision.map(|decision| decision.by.display()),
            decided_by_id: decision.map(|decision| decision.by.id.0),
            digest: status.digest.clone(),
        }
    }

    /// One sentence for the agent.
    pub(crate) fn told(&self) -> String {
        let by = self.decided_by.as_deref().unwrap_or("a person");
        match (self.state.as_str(), self.option.as_deref()) {
            ("decided", Some(option)) => format!("{by} chose “{option}”."),
            ("expired", _) => "Nobody decided in time: this is no approval.".to_owned(),
            ("undeliverable", _) => {
                "The question could not be delivered to anybody: this is no approval.".to_owned()
            }
            (state, _) => {
                format!("The question ended without a decision ({state}): this is no approval.")
            }
        }
    }
}

/// A question that was stored.
pub(crate) struct Posed {
    pub(crate) approval: ApprovalId,
    /// It is held back, because the bridge is mute.
    pub(crate) muted: bool,
}

/// Stores the question; it ends by itself when the time is over.
pub(crate) async fn pose(
    desk: &Desk,
    report: &Report,
    wait: Duration,
) -> Result<Posed, NotReached> {
    let request = AskRequest {
        event: report.value(),
        lifetime_s: Some(wait.as_secs()),
        digest: None,
        delay_s: None,
        form: AnswerForm::default(),
        attended: false,
        remind_s: None,
    };
    let asked = desk.access.ask(&request).await?;
    desk.note_sent();
    Ok(Posed {
        approval: asked.approval_id,
        muted: asked.muted,
    })
}

/// Asks and waits for the end, however it comes about. A client that goes away takes its question back.
pub(crate) async fn ask(
    desk: &Desk,
    caller: &Caller,
    report: &Report,
    wait: Duration,
) -> Result<Ended, Failed> {
    let posed = pose(desk, report, wait).await?;
    let what = waiting_for(posed.muted);
    let ended = caller.while_waiting(wait, what, end(desk, posed.approval, wait));
    match ended.await {
        Some(ended) => Ok(ended?),
        None => Ok(withdraw(desk, posed.approval).await?),
    }
}

pub(crate) const fn waiting_for(muted: bool) -> &'static str {
    if muted {
        "The bridge is mute: the question is held back until it is not."
    } else {
        "Waiting for an answer on the phone."
    }
}

/// Waits for the end of a question; a bridge that restarts meanwhile is waited for too. What cannot be waited for is taken
/// back.
pub(crate) async fn end(desk: &Desk, id: ApprovalId, wait: Duration) -> Result<Ended, NotReached> {
    let deadline = Instant::now() + wait + GRACE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // A decision in the last moment still counts: the withdrawal tells of it.
            return withdraw(desk, id).await;
        }
        let wait_s = left.as_secs().saturating_add(1).min(LONGEST_WAIT_S);
        match desk.access.approval(id, wait_s).await {
            Ok(status) if status.state != State::Pending => return Ok(Ended::of(&status)),
            Ok(_) => {}
            Err(error) if error.may_pass() => tokio::time::sleep(LOOK_AGAIN).await,
            Err(error) => {
                give_up(desk, id).await;
                return Err(error);
            }
        }
    }
}

/// Nobody waits any more, because something went wrong: people are not left with a question that nobody hears the answer to.
pub(crate) async fn give_up(desk: &Desk, id: ApprovalId) {
    if let Err(error) = withdraw(desk, id).await {
        tracing::warn!(%error, "a question cannot be taken back, and ends by itself");
    }
}

/// Takes a question back; a decision that was made before stands.
pub(crate) async fn withdraw(desk: &Desk, id: ApprovalId) -> Result<Ended, NotReached> {
    Ok(Ended::of(&desk.access.withdraw(id).await?))
}

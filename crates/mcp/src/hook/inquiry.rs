//! Asking people on the phone: posed, waited for across restarts of the bridge, and taken back when the time is up.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::ReplyStatus;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::mode::Mode;
use serde_json::Value;

use super::input::CodingAgent;
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
/// People are told once more after this span.
const REMIND_AFTER: Duration = Duration::from_mins(10);
/// The same at the desk for Codex, whose terminal is blocked meanwhile.
const REMIND_SOON: Duration = Duration::from_mins(1);
/// What waits for less than this is told once.
const TOO_SHORT: Duration = Duration::from_mins(2);

/// How the asking ended.
pub(super) enum Told {
    /// Somebody decided: what the hook prints.
    Decision(String),
    /// Nobody was asked, or the terminal answered: the agent goes on as without a hook.
    Nothing,
    /// People were asked, and nobody answered in time.
    Nobody,
    /// The bridge could not be asked, or went away before the answer.
    Unreached(LineError),
}

/// A line to people that is open until the time is up.
pub(super) struct Inquiry<'a> {
    line: &'a SocketLine<'a>,
    agent: CodingAgent,
    deadline: Instant,
    mode: Mode,
    /// Everything that was posed; the bridge takes it back when this process is gone.
    posed: RefCell<Vec<ApprovalId>>,
}

/// One question.
pub(super) struct Query {
    /// An `approval_request`.
    pub(super) event: Value,
    /// What the answer is bound to.
    pub(super) digest: String,
    pub(super) form: AnswerForm,
}

/// A question that waits.
pub(super) struct OpenQuestion {
    id: ApprovalId,
    digest: String,
}

/// What came of a question.
pub(super) enum Upshot {
    Decided(Settled),
    /// The terminal was faster.
    Elsewhere,
    Nobody,
}

/// An answer to exactly what was asked.
pub(super) struct Settled {
    id: ApprovalId,
    /// Who answered.
    pub(super) by: String,
    pub(super) answer: GivenAnswer,
    /// The answer as it stood on the button.
    pub(super) label: String,
}

impl<'a> Inquiry<'a> {
    /// Finds the bridge and its mode.
    pub(super) fn open(
        line: &'a SocketLine<'a>,
        agent: CodingAgent,
        deadline: Instant,
    ) -> Result<Self, LineError> {
        let mode = line.ask::<ModeStatus>("GET", "mode", PATIENCE)?.mode;
        Ok(Self {
            line,
            agent,
            deadline,
            mode,
            posed: RefCell::default(),
        })
    }

    pub(super) const fn mode(&self) -> Mode {
        self.mode
    }

    /// Stores a question.
    pub(super) fn pose(&self, query: Query) -> Result<OpenQuestion, LineError> {
        let wait = left(self.deadline).min(LIFETIME);
        let digest = query.digest.clone();
        let request = AskRequest {
            event: query.event,
            // The phone must not offer what nobody waits for any more.
            lifetime_s: Some(wait.as_secs().max(1)),
            digest: Some(query.digest),
            delay_s: (self.mode == Mode::Local).then_some(AT_THE_DESK_S),
            form: query.form,
            attended: true,
            remind_s: Some(remind_after(self.agent, self.mode, wait).as_secs()),
        };
        let asked: Asked = match self.line.tell("approvals", &request, PATIENCE) {
            // Stored or not: with the same id the second time is the same request.
            Err(LineError::Broken(_)) => self.line.tell("approvals", &request, PATIENCE)?,
            other => other?,
        };
        self.posed.borrow_mut().push(asked.approval_id);
        Ok(OpenQuestion {
            id: asked.approval_id,
            digest,
        })
    }

    /// Waits for the end of a question. An answer to anything else than was asked is none. An error means that its end
    /// is not known.
    pub(super) fn upshot(&self, posed: &OpenQuestion) -> Result<Upshot, LineError> {
        let status = self.end(posed.id)?;
        Ok(match (status.state, status.option) {
            (State::Locally { .. }, _) => Upshot::Elsewhere,
            (State::Decided(decision), Some(label)) if status.digest == posed.digest => {
                Upshot::Decided(Settled {
                    id: posed.id,
                    by: decision.by.display(),
                    answer: decision.answer,
                    label,
                })
            }
            (
                State::Pending
                | State::Decided(_)
                | State::Expired { .. }
                | State::Withdrawn { .. }
                | State::Undeliverable { .. },
                _,
            ) => Upshot::Nobody,
        })
    }

    /// Poses one question and waits for its end.
    pub(super) fn put(&self, query: Query) -> Result<Upshot, LineError> {
        self.upshot(&self.pose(query)?)
    }

    /// Takes questions back that nobody waits for any more; those that ended stay as they ended.
    pub(super) fn withdraw(&self, posed: &[OpenQuestion]) {
        for one in posed {
            let path = format!("approvals/{}", one.id);
            // A bridge that cannot be reached ends them when their time is over.
            drop(self.line.ask::<ApprovalStatus>("DELETE", &path, PATIENCE));
        }
    }

    /// What the same person wrote in reply within a minute.
    pub(super) fn reason(&self, settled: &Settled) -> Option<String> {
        let until = self.deadline.min(Instant::now() + REASON);
        loop {
            let left = left(until);
            if left.is_zero() {
                return None;
            }
            let stretch = left.min(STRETCH);
            let path = format!(
                "approvals/{}/reply?wait_s={}",
                settled.id,
                stretch.as_secs().max(1)
            );
            let reply = self
                .line
                .ask("GET", &path, stretch.saturating_add(PATIENCE));
            match reply {
                Ok(ReplyStatus { text: Some(text) }) => return Some(text),
                Ok(ReplyStatus { text: None }) => {}
                Err(error) if error.may_pass() => thread::sleep(LOOK_AGAIN.min(left)),
                Err(_) => return None,
            }
        }
    }

    fn attended(&self) -> String {
        let posed = self.posed.borrow();
        let ids: Vec<String> = posed.iter().map(ToString::to_string).collect();
        ids.join(",")
    }

    /// Waits across restarts of the bridge. When the time is up the question is taken back; a decision in the last
    /// moment still counts.
    fn end(&self, id: ApprovalId) -> Result<ApprovalStatus, LineError> {
        loop {
            let left = left(self.deadline);
            if left.is_zero() {
                let path = format!("approvals/{id}");
                return self.line.ask("DELETE", &path, PATIENCE);
            }
            let stretch = left.min(STRETCH);
            let path = format!(
                "approvals/{id}?wait_s={}&attend={}",
                stretch.as_secs().max(1),
                self.attended()
            );
            let patience = stretch.saturating_add(PATIENCE);
            match self.line.ask::<ApprovalStatus>("GET", &path, patience) {
                Ok(status) if status.state == State::Pending => {}
                Ok(status) => return Ok(status),
                Err(error) if error.may_pass() => thread::sleep(LOOK_AGAIN.min(left)),
                Err(error) => return Err(error),
            }
        }
    }
}

/// When people are told once more: halfway at the latest, and never of what waits for a short while; zero is never.
fn remind_after(agent: CodingAgent, mode: Mode, wait: Duration) -> Duration {
    if wait < TOO_SHORT {
        return Duration::ZERO;
    }
    let blocked = agent == CodingAgent::Codex && mode == Mode::Local;
    let after = if blocked { REMIND_SOON } else { REMIND_AFTER };
    after.min(wait / 2)
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_once_more_and_sooner_where_the_terminal_is_blocked() {
        let after =
            |agent, mode, wait| remind_after(agent, mode, Duration::from_secs(wait)).as_secs();
        let (claude, codex) = (CodingAgent::ClaudeCode, CodingAgent::Codex);
        assert_eq!(after(claude, Mode::Nomad, 3_600), 600);
        assert_eq!(after(claude, Mode::Local, 3_600), 600);
        assert_eq!(after(codex, Mode::Nomad, 3_600), 600);
        assert_eq!(after(codex, Mode::Local, 3_600), 60);
        assert_eq!(after(claude, Mode::Nomad, 590), 295, "while it still waits");
        assert_eq!(after(codex, Mode::Local, 60), 0);
    }
}

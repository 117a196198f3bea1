//! Requests for permission by coding agents: named so that those of a session are found again when the terminal answers.

use cctelegram_crypto::Digest;
use serde::Deserialize;
use serde::Serialize;

use crate::approval::Approval;
use crate::id::ApprovalId;
use crate::id::BadEventId;
use crate::id::EventId;

/// A short digest of what stands behind it: a session, a sub-agent, a call of a tool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace(String);

impl Trace {
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::of_digest(Digest::of(text.as_bytes()))
    }

    #[must_use]
    pub fn of_digest(digest: Digest) -> Self {
        let mut hex = digest.hex();
        hex.truncate(12);
        Self(hex)
    }

    /// A trace that was made elsewhere.
    #[must_use]
    pub const fn named(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of an event that tells of an agent's session: replies to it are for this session. `once` has at most 45 of the
/// characters of an id.
pub fn note_id(session: &Trace, once: &str) -> Result<EventId, BadEventId> {
    format!("{NOTE}.{}.{once}", session.0).parse()
}

/// The id of an event that asks a person something and is waited for: a `note_id` whose `once` has at most 41 characters.
pub fn question_id(session: &Trace, once: &str) -> Result<EventId, BadEventId> {
    note_id(session, &format!("{QUESTION}{once}"))
}

/// Does somebody wait for the reply to exactly this event?
#[must_use]
pub fn is_question(id: &EventId) -> bool {
    let once = id.as_str().splitn(3, '.').nth(2);
    session_of(id).is_some() && once.is_some_and(|once| once.starts_with(QUESTION))
}

/// The session that replies to this event are for.
#[must_use]
pub fn session_of(id: &EventId) -> Option<Trace> {
    let mut parts = id.as_str().splitn(3, '.');
    let (kind, session, once) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = kind == NOTE && !session.is_empty() && !once.is_empty();
    is_whole.then(|| Trace(session.to_owned()))
}

/// Does a coding agent's hook ask with this event? It takes an answer, and no reply beside it.
#[must_use]
pub fn is_asked_by_hook(id: &EventId) -> bool {
    CallTrace::read(id).is_some()
}

/// Who in which session wants to use what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallTrace {
    pub session: Trace,
    /// The sub-agent, or the session's own agent.
    pub agent: Trace,
    pub call: Trace,
}

impl CallTrace {
    /// The id of the event that asks for permission. `once` tells two requests for the same call apart.
    pub fn event_id(&self, once: Trace) -> Result<EventId, BadEventId> {
        let Self {
            session,
            agent,
            call,
        } = self;
        format!("{PREFIX}.{}.{}.{}.{}", session.0, agent.0, call.0, once.0).parse()
    }

    /// The id of one of several events that ask about the same call together, which the terminal answers together.
    pub fn part_id(&self, once: Trace, part: usize) -> Result<EventId, BadEventId> {
        format!("{}.{part}", self.event_id(once)?).parse()
    }

    /// With what tells this request for the call from others.
    fn read(id: &EventId) -> Option<(Self, Trace)> {
        let mut parts = id.as_str().split('.');
        if parts.next() != Some(PREFIX) {
            return None;
        }
        let mut next = || parts.next().map(|part| Trace(part.to_owned()));
        let trace = Self {
            session: next()?,
            agent: next()?,
            call: next()?,
        };
        Some((trace, next()?))
    }
}

/// What was seen in a session: whatever waited there for it was answered at the terminal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Seen {
    /// These calls are over.
    Calls { agent: Trace, calls: Vec<Trace> },
    /// The agent's turn is over.
    Turn { agent: Trace },
    /// Somebody went on at the terminal.
    Prompt { agent: Trace },
    /// The session is over.
    Session,
}

impl Seen {
    /// The requests that this settles. `pending` has the oldest first: of several for the same call, one is settled, with
    /// everything that was asked together with it.
    #[must_use]
    pub fn settles(&self, session: &Trace, pending: &[Approval]) -> Vec<ApprovalId> {
        let here = pending.iter().filter_map(|approval| {
            let (trace, once) = CallTrace::read(&approval.event)?;
            (trace.session == *session).then_some((approval.id, trace, once))
        });
        match self {
            Self::Session => here.map(|(id, ..)| id).collect(),
            Self::Turn { agent } | Self::Prompt { agent } => here
                .filter(|(_, trace, _)| trace.agent == *agent)
                .map(|(id, ..)| id)
                .collect(),
            Self::Calls { agent, calls } => {
                let mut calls = calls.clone();
                let (mut settled, mut together) = (Vec::new(), Vec::new());
                for (id, trace, once) in here.filter(|(_, trace, _)| trace.agent == *agent) {
                    if together.contains(&once) {
                        settled.push(id);
                    } else if let Some(place) = calls.iter().position(|call| *call == trace.call) {
                        calls.remove(place);
                        settled.push(id);
                        together.push(once);
                    }
                }
                settled
            }
        }
    }
}

/// How the ids of events begin that tell of a session.
const NOTE: &str = "agent";
/// How the last part of a question's id begins.
const QUESTION: &str = "ask.";
/// How the ids of these requests begin.
const PREFIX: &str = "hook";

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::approval::AnswerForm;
    use crate::approval::Marks;
    use crate::approval::State;
    use crate::time::Timestamp;

    fn pending(session: &str, agent: &str, call: &str, number: u128) -> Approval {
        let trace = CallTrace {
            session: Trace::of(session),
            agent: Trace::of(agent),
            call: Trace::of(call),
        };
        let once = Trace::of(&number.to_string());
        Approval {
            id: ApprovalId(Uuid::from_u128(number)),
            event: trace.event_id(once).unwrap(),
            options: Vec::new(),
            digest: String::new(),
            asked: Timestamp::from_millis(0),
            expires: None,
            form: AnswerForm::default(),
            marks: Marks::default(),
            state: State::Pending,
        }
    }

    #[test]
    fn security_the_session_of_an_event_stands_in_its_id() {
        let session = Trace::of("one");
        let id = note_id(&session, "0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(session_of(&id), Some(session));
        for other in [
            "deploy",
            "agent",
            "agent.x",
            "agent..x",
            "agent.x.",
            "hook.a.b.c",
            "agents.a.b",
        ] {
            assert_eq!(session_of(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn what_a_hook_asks_stands_in_its_id_too() {
        let asked = pending("one", "", "ls", 1).event;
        assert!(is_asked_by_hook(&asked));
        for other in ["deploy", "hook", "hook.a.b.c", "agent.a.b.c.d"] {
            assert!(!is_asked_by_hook(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn what_was_asked_together_is_settled_together() {
        let part = |once: &str, part, number| {
            let trace = CallTrace {
                session: Trace::of("one"),
                agent: Trace::of(""),
                call: Trace::of("questions"),
            };
            Approval {
                event: trace.part_id(Trace::of(once), part).unwrap(),
                ..pending("one", "", "questions", number)
            }
        };
        let open = [
            part("a", 1, 1),
            part("b", 1, 2),
            part("a", 2, 3),
            part("b", 2, 4),
        ];
        let seen = Seen::Calls {
            agent: Trace::of(""),
            calls: vec![Trace::of("questions")],
        };
        let settled = seen.settles(&Trace::of("one"), &open);
        let numbers: Vec<u128> = settled.iter().map(|id| id.0.as_u128()).collect();
        assert_eq!(numbers, [1, 3]);
    }

    #[test]
    fn what_is_over_settles_its_own_requests_and_no_others() {
        let mut other = pending("one", "", "ls", 9);
        other.event = "deploy".parse().unwrap();
        let open = [
            pending("one", "", "ls", 1),
            pending("one", "", "ls", 2),
            pending("one", "helper", "ls", 3),
            pending("one", "", "make", 4),
            pending("two", "", "ls", 5),
            other,
        ];
        let agent = Trace::of("");
        let cases = [
            (
                Seen::Calls {
                    agent: agent.clone(),
                    calls: vec![Trace::of("ls")],
                },
                vec![1],
            ),
            (
                Seen::Calls {
                    agent: agent.clone(),
                    calls: vec![Trace::of("make"), Trace::of("ls"), Trace::of("ls")],
                },
                vec![1, 2, 4],
            ),
            (
                Seen::Calls {
                    agent: Trace::of("nobody"),
                    calls: vec![Trace::of("ls")],
                },
                vec![],
            ),
            (Seen::Turn { agent }, vec![1, 2, 4]),
            (Seen::Session, vec![1, 2, 3, 4]),
        ];
        for (seen, expected) in cases {
            let settled = seen.settles(&Trace::of("one"), &open);
            let numbers: Vec<u128> = settled.iter().map(|id| id.0.as_u128()).collect();
            assert_eq!(numbers, expected, "{seen:?}");
        }
    }
}

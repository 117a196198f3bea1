//! Requests for a decision: what was asked, who may answer, and what every press comes to.

mod answer;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Serialize;

use crate::id::ApprovalId;
use crate::id::ChatId;
use crate::id::EventId;
use crate::id::MessageId;
use crate::id::UserId;
use crate::time::Timestamp;

pub use answer::AnswerForm;
pub use answer::GivenAnswer;
pub use answer::Marks;

/// The labels of a request for permission, which say in words what was decided.
pub const ALLOW_ONCE: &str = "Allow once";
pub const ALLOW_FOR_SESSION: &str = "Allow like this for the session";
pub const DENY: &str = "Deny";
pub const DENY_AND_SAY_WHY: &str = "Deny and say why";
/// The labels below a plan.
pub const APPROVE: &str = "Approve";
pub const KEEP_PLANNING: &str = "Keep planning";
pub const KEEP_PLANNING_AND_SAY_WHY: &str = "Keep planning and say why";
/// The label below a call that the agent was denied by itself.
pub const RETRY: &str = "Retry";

/// A request for a decision, bound to one event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approval {
    pub id: ApprovalId,
    pub event: EventId,
    pub options: Vec<String>,
    /// SHA-256 of what the decision is about, unmasked, hexadecimal.
    pub digest: String,
    pub asked: Timestamp,
    pub expires: Option<Timestamp>,
    pub form: AnswerForm,
    /// What is marked so far, where several options may be.
    pub marks: Marks,
    pub state: State,
}

/// Where a request stands. Only `Pending` can change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    Pending,
    Decided(Decision),
    Expired {
        at: Timestamp,
    },
    Withdrawn {
        at: Timestamp,
    },
    /// Answered where the agent runs.
    Locally {
        at: Timestamp,
    },
    /// It could not be delivered to anybody, ever: nobody decides.
    Undeliverable {
        at: Timestamp,
    },
}

impl State {
    /// The decision, where somebody made one.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Pending
            | Self::Expired { .. }
            | Self::Withdrawn { .. }
            | Self::Locally { .. }
            | Self::Undeliverable { .. } => None,
        }
    }
}

/// One person's answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    #[serde(flatten)]
    pub answer: GivenAnswer,
    pub by: Person,
    pub at: Timestamp,
}

/// The person who acted, as Telegram named them then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub username: Option<String>,
    pub first_name: String,
}

impl Person {
    /// How the person is named to others: `@alice`, else the first name.
    #[must_use]
    pub fn display(&self) -> String {
        self.username
            .as_ref()
            .map_or_else(|| self.first_name.clone(), |name| format!("@{name}"))
    }
}

/// What a button was made for. It is looked up by the digest of the data that came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ButtonUse {
    pub approval: ApprovalId,
    pub choice: Choice,
    pub chat: ChatId,
    /// The message that carries the button; unknown until Telegram has answered.
    pub message: Option<MessageId>,
}

/// What a button says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    Option(usize),
    /// Answer with what is marked.
    Done,
    Details,
}

/// A press as it came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Press {
    pub by: Person,
    pub chat: ChatId,
    pub message: MessageId,
    pub at: Timestamp,
}

/// What a valid press does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Decide(Decision),
    /// Mark this option, or take its mark away.
    Mark(usize),
    Details,
}

/// How a request ended. It is one sentence once a time zone is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conclusion {
    what: String,
    at: Timestamp,
    /// What stands behind the time.
    rest: &'static str,
}

impl Conclusion {
    fn new(what: &str, at: Timestamp, rest: &'static str) -> Self {
        Self {
            what: what.to_owned(),
            at,
            rest,
        }
    }

    /// `Approved by @alice at 14:02 UTC.`
    #[must_use]
    pub fn told(&self, zone: &TimeZone) -> String {
        format!("{} at {}{}", self.what, self.at.clock_time(zone), self.rest)
    }

    /// Without what stands behind the time: for a moment at which it does not hold any more.
    #[must_use]
    pub fn short(&self, zone: &TimeZone) -> String {
        format!("{} at {}.", self.what, self.at.clock_time(zone))
    }
}

/// Why a press changes nothing. As text its times are in UTC, for the record.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Void {
    #[error("This button is not one of mine, or its message was replaced. Nothing was decided.")]
    Unknown,
    #[error("This button belongs to another message. Nothing was decided.")]
    Elsewhere,
    #[error("Nothing is marked yet. Mark one or more, then press Done.")]
    NothingMarked,
    #[error("{} Nothing was changed.", .0.told(&TimeZone::UTC))]
    Over(Conclusion),
}

impl Void {
    /// What the presser is told.
    #[must_use]
    pub fn told(&self, zone: &TimeZone) -> String {
        match self {
            Self::Unknown | Self::Elsewhere | Self::NothingMarked => self.to_string(),
            Self::Over(end) => format!("{} Nothing was changed.", end.told(zone)),
        }
    }
}

impl Approval {
    /// What a press on a known button comes to. The presser's right to decide was checked before.
    pub fn press(&self, button: &ButtonUse, press: &Press) -> Result<Verdict, Void> {
        if button.approval != self.id {
            return Err(Void::Unknown);
        }
        if button.chat != press.chat || button.message != Some(press.message) {
            return Err(Void::Elsewhere);
        }
        if button.choice == Choice::Details {
            return Ok(Verdict::Details);
        }
        self.is_open(press.at)?;
        let answer = match button.choice {
            Choice::Option(choice) if choice >= self.options.len() => return Err(Void::Unknown),
            Choice::Option(choice) if self.form.several => return Ok(Verdict::Mark(choice)),
            Choice::Option(choice) => GivenAnswer::Choice(choice),
            Choice::Done if !self.form.several => return Err(Void::Unknown),
            Choice::Done if self.marks.list().is_empty() => return Err(Void::NothingMarked),
            Choice::Done => GivenAnswer::Several(self.marks.list()),
            Choice::Details => return Ok(Verdict::Details),
        };
        Ok(Verdict::Decide(Decision {
            answer,
            by: press.by.clone(),
            at: press.at,
        }))
    }

    /// What a press on an option makes of the marks.
    pub fn mark(&self, option: usize, at: Timestamp) -> Result<Marks, Void> {
        self.is_open(at)?;
        if self.form.several && option < self.options.len() {
            Ok(self.marks.toggled(option))
        } else {
            Err(Void::Unknown)
        }
    }

    /// What a reply to the request's message decides; nothing where words are no answer. The writer's right to decide
    /// was checked before.
    pub fn reply(&self, text: &str, by: Person, at: Timestamp) -> Result<Option<Decision>, Void> {
        if !self.form.words {
            return Ok(None);
        }
        self.is_open(at)?;
        let answer = GivenAnswer::Words(text.to_owned());
        Ok(Some(Decision { answer, by, at }))
    }

    /// Is what this person writes at this time the reason that the decision asks for?
    #[must_use]
    pub fn awaits_reason(&self, by: UserId, at: Timestamp) -> bool {
        self.state.decision().is_some_and(|decision| {
            let label = self.label(&decision.answer);
            decision.by.id == by
                && at.since(decision.at) <= REASON_WITHIN
                && label.is_some_and(|label| says_why(&label))
        })
    }

    fn is_open(&self, at: Timestamp) -> Result<(), Void> {
        if let Some(end) = self.ending() {
            return Err(Void::Over(end));
        }
        match self.expires.filter(|end| *end <= at) {
            Some(end) => Err(Void::Over(Conclusion::new("Expired", end, "."))),
            None => Ok(()),
        }
    }

    /// How the request ended; nothing while it is pending.
    #[must_use]
    pub fn ending(&self) -> Option<Conclusion> {
        Some(match &self.state {
            State::Pending => return None,
            State::Decided(decision) => {
                let label = self
                    .label(&decision.answer)
                    .unwrap_or_else(|| "?".to_owned());
                let (done, rest) = match decision.answer {
                    GivenAnswer::Choice(_) => (decided(&label), rest(&label)),
                    GivenAnswer::Several(_) | GivenAnswer::Words(_) => (answered(&label), "."),
                };
                let what = format!("{done} by {}", decision.by.display());
                Conclusion::new(&what, decision.at, rest)
            }
            State::Expired { at } => Conclusion::new("Expired", *at, ": nobody decided."),
            State::Withdrawn { at } => Conclusion::new("Withdrawn by the one who asked", *at, "."),
            State::Locally { at } => Conclusion::new("Already answered in the terminal", *at, "."),
            State::Undeliverable { at } => {
                Conclusion::new("Could not be delivered, given up", *at, ".")
            }
        })
    }

    /// The answer in words: the label, the labels, or what was written. Nothing where it is no answer to this.
    #[must_use]
    pub fn label(&self, answer: &GivenAnswer) -> Option<String> {
        match answer {
            GivenAnswer::Choice(choice) => self.options.get(*choice).cloned(),
            GivenAnswer::Several(choices) => {
                let label = |choice: &usize| self.options.get(*choice).map(String::as_str);
                let labels: Option<Vec<&str>> = choices.iter().map(label).collect();
                labels.map(|labels| labels.join(", "))
            }
            GivenAnswer::Words(text) => Some(text.clone()),
        }
    }

    /// The word a program reads: `approve` and `deny` for those two labels, else the answer itself.
    #[must_use]
    pub fn response(&self, answer: &GivenAnswer) -> Option<String> {
        let label = self.label(answer)?;
        Some(match (answer, label.as_str()) {
            (GivenAnswer::Choice(_), APPROVE) => "approve".to_owned(),
            (GivenAnswer::Choice(_), DENY) => "deny".to_owned(),
            (GivenAnswer::Choice(_) | GivenAnswer::Several(_) | GivenAnswer::Words(_), _) => label,
        })
    }
}

fn decided(label: &str) -> String {
    match label {
        APPROVE => "Approved".to_owned(),
        DENY | DENY_AND_SAY_WHY => "Denied".to_owned(),
        ALLOW_ONCE => "Allowed once".to_owned(),
        ALLOW_FOR_SESSION => "Allowed for the session".to_owned(),
        KEEP_PLANNING | KEEP_PLANNING_AND_SAY_WHY => "Sent back to planning".to_owned(),
        other => answered(other),
    }
}

fn answered(label: &str) -> String {
    format!("Answered “{label}”")
}

/// What stands behind the time of a decision.
fn rest(label: &str) -> &'static str {
    if says_why(label) {
        ". Reply to this message within a minute to say why."
    } else {
        "."
    }
}

fn says_why(label: &str) -> bool {
    matches!(label, DENY_AND_SAY_WHY | KEEP_PLANNING_AND_SAY_WHY)
}

/// So long after the decision its reason counts.
const REASON_WITHIN: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ASKED: Timestamp = Timestamp::from_millis(1_000);
    const EXPIRES: Timestamp = Timestamp::from_millis(60_000);

    fn alice() -> Person {
        Person {
            id: UserId(7),
            username: Some("alice".to_owned()),
            first_name: "Alice".to_owned(),
        }
    }

    fn approval(state: State) -> Approval {
        Approval {
            id: ApprovalId(Uuid::nil()),
            event: "deploy".parse().unwrap(),
            options: vec!["Approve".to_owned(), "Deny".to_owned()],
            digest: String::new(),
            asked: ASKED,
            expires: Some(EXPIRES),
            form: AnswerForm::default(),
            marks: Marks::default(),
            state,
        }
    }

    fn button(choice: Choice) -> ButtonUse {
        let (chat, message) = (ChatId(7), Some(MessageId(42)));
        ButtonUse {
            approval: ApprovalId(Uuid::nil()),
            choice,
            chat,
            message,
        }
    }

    fn press(at: i64) -> Press {
        Press {
            by: alice(),
            chat: ChatId(7),
            message: MessageId(42),
            at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn a_press_on_a_pending_request_decides() {
        let effect = approval(State::Pending)
            .press(&button(Choice::Option(1)), &press(2_000))
            .unwrap();
        let decision = Decision {
            answer: GivenAnswer::Choice(1),
            by: alice(),
            at: Timestamp::from_millis(2_000),
        };
        assert_eq!(effect, Verdict::Decide(decision));
    }

    #[test]
    fn security_a_button_is_bound_to_approval_chat_message_and_choice() {
        let request = approval(State::Pending);
        let here = button(Choice::Option(0));
        let cases = [
            (
                ButtonUse {
                    approval: ApprovalId(Uuid::max()),
                    ..here
                },
                Void::Unknown,
            ),
            (
                ButtonUse {
                    chat: ChatId(8),
                    ..here
                },
                Void::Elsewhere,
            ),
            (
                ButtonUse {
                    message: Some(MessageId(43)),
                    ..here
                },
                Void::Elsewhere,
            ),
            (
                ButtonUse {
                    message: None,
                    ..here
                },
                Void::Elsewhere,
            ),
            (
                ButtonUse {
                    choice: Choice::Option(2),
                    ..here
                },
                Void::Unknown,
            ),
        ];
        for (button, void) in cases {
            assert_eq!(
                request.press(&button, &press(2_000)),
                Err(void),
                "{button:?}"
            );
        }
    }

    #[test]
    fn security_nothing_is_decided_twice_or_late() {
        let at = Timestamp::from_millis(3_000);
        let decision = Decision {
            answer: GivenAnswer::Choice(0),
            by: alice(),
            at,
        };
        let endings = [
            (State::Decided(decision), "Approved by @alice at 00:00 UTC."),
            (
                State::Expired { at },
                "Expired at 00:00 UTC: nobody decided.",
            ),
            (
                State::Withdrawn { at },
                "Withdrawn by the one who asked at 00:00 UTC.",
            ),
            (
                State::Locally { at },
                "Already answered in the terminal at 00:00 UTC.",
            ),
        ];
        for (state, truth) in endings {
            let told = approval(state)
                .press(&button(Choice::Option(1)), &press(4_000))
                .unwrap_err();
            assert_eq!(told.to_string(), format!("{truth} Nothing was changed."));
            let zone = TimeZone::posix("CET-1").unwrap();
            let there = truth.replace("00:00 UTC", "01:00 CET");
            assert_eq!(told.told(&zone), format!("{there} Nothing was changed."));
        }
        let late = approval(State::Pending)
            .press(&button(Choice::Option(0)), &press(60_000))
            .unwrap_err();
        assert_eq!(
            late.to_string(),
            "Expired at 00:01 UTC. Nothing was changed."
        );
    }

    #[test]
    fn where_several_may_be_marked_a_press_marks_and_done_answers() {
        let several = AnswerForm {
            several: true,
            words: false,
        };
        let mut request = Approval {
            form: several,
            ..approval(State::Pending)
        };
        let pressed = |request: &Approval, choice| request.press(&button(choice), &press(2_000));
        assert_eq!(pressed(&request, Choice::Done), Err(Void::NothingMarked));
        assert_eq!(pressed(&request, Choice::Option(1)), Ok(Verdict::Mark(1)));
        assert_eq!(pressed(&request, Choice::Option(2)), Err(Void::Unknown));
        let at = Timestamp::from_millis(2_000);
        request.marks = request.mark(1, at).unwrap();
        request.marks = request.mark(0, at).unwrap();
        assert_eq!(request.mark(2, at), Err(Void::Unknown));
        let answer = GivenAnswer::Several(vec![0, 1]);
        let decision = Decision {
            answer: answer.clone(),
            by: alice(),
            at,
        };
        assert_eq!(
            pressed(&request, Choice::Done),
            Ok(Verdict::Decide(decision))
        );
        assert_eq!(request.label(&answer).as_deref(), Some("Approve, Deny"));
        assert_eq!(request.label(&GivenAnswer::Several(vec![0, 2])), None);
    }

    #[test]
    fn security_nothing_is_marked_after_the_end_and_nothing_marked_where_one_decides() {
        let one = approval(State::Pending);
        let at = Timestamp::from_millis(2_000);
        assert_eq!(one.mark(0, at), Err(Void::Unknown));
        assert_eq!(
            one.press(&button(Choice::Done), &press(2_000)),
            Err(Void::Unknown)
        );
        let form = AnswerForm {
            several: true,
            words: true,
        };
        for request in [
            Approval {
                form,
                ..approval(State::Locally { at })
            },
            Approval {
                form,
                expires: Some(at),
                ..approval(State::Pending)
            },
        ] {
            assert!(matches!(request.mark(0, at), Err(Void::Over(_))));
            assert!(matches!(
                request.reply("x", alice(), at),
                Err(Void::Over(_))
            ));
            let pressed = request.press(&button(Choice::Done), &press(2_000));
            assert!(matches!(pressed, Err(Void::Over(_))), "{pressed:?}");
        }
    }

    #[test]
    fn words_answer_only_where_they_may() {
        let at = Timestamp::from_millis(2_000);
        let mut request = approval(State::Pending);
        assert_eq!(request.reply("Later.", alice(), at), Ok(None));
        request.form.words = true;
        let decision = request.reply("Later.", alice(), at).unwrap().unwrap();
        assert_eq!(decision.answer, GivenAnswer::Words("Later.".to_owned()));
        request.state = State::Decided(decision);
        assert_eq!(
            request.ending().unwrap().told(&TimeZone::UTC),
            "Answered “Later.” by @alice at 00:00 UTC."
        );
        // Who writes the word has not pressed the button.
        let words = GivenAnswer::Words(APPROVE.to_owned());
        assert_eq!(request.response(&words).as_deref(), Some(APPROVE));
    }

    #[test]
    fn an_answer_that_was_stored_before_there_were_words_is_read() {
        let stored = serde_json::json!({
            "state": "decided", "choice": 1, "at": 2000,
            "by": { "id": 7, "username": "alice", "first_name": "Alice" },
        });
        let state: State = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(state.decision().unwrap().answer, GivenAnswer::Choice(1));
        assert_eq!(serde_json::to_value(&state).unwrap(), stored);
    }

    #[test]
    fn details_are_shown_at_any_time() {
        let over = approval(State::Expired { at: EXPIRES });
        assert_eq!(
            over.press(&button(Choice::Details), &press(90_000)),
            Ok(Verdict::Details)
        );
    }
}

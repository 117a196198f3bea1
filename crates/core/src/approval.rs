//! Requests for a decision: what was asked, who may answer, and what every press comes to.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Serialize;

use crate::id::ApprovalId;
use crate::id::ChatId;
use crate::id::EventId;
use crate::id::MessageId;
use crate::id::UserId;
use crate::time::Timestamp;

/// The labels of a request for permission, which say in words what was decided.
pub const ALLOW_ONCE: &str = "Allow once";
pub const ALLOW_FOR_SESSION: &str = "Allow like this for the session";
pub const DENY: &str = "Deny";
pub const DENY_AND_SAY_WHY: &str = "Deny and say why";

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

/// One person's choice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Index into the request's options.
    pub choice: usize,
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
}

/// Why a press changes nothing. As text its times are in UTC, for the record.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Void {
    #[error("This button is not one of mine, or its message was replaced. Nothing was decided.")]
    Unknown,
    #[error("This button belongs to another message. Nothing was decided.")]
    Elsewhere,
    #[error("{} Nothing was changed.", .0.told(&TimeZone::UTC))]
    Over(Conclusion),
}

impl Void {
    /// What the presser is told.
    #[must_use]
    pub fn told(&self, zone: &TimeZone) -> String {
        match self {
            Self::Unknown | Self::Elsewhere => self.to_string(),
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
        let choice = match button.choice {
            Choice::Details => return Ok(Verdict::Details),
            Choice::Option(choice) => choice,
        };
        if let Some(end) = self.ending() {
            return Err(Void::Over(end));
        }
        if let Some(end) = self.expires.filter(|end| *end <= press.at) {
            return Err(Void::Over(Conclusion::new("Expired", end, ".")));
        }
        if choice >= self.options.len() {
            return Err(Void::Unknown);
        }
        Ok(Verdict::Decide(Decision {
            choice,
            by: press.by.clone(),
            at: press.at,
        }))
    }

    /// How the request ended; nothing while it is pending.
    #[must_use]
    pub fn ending(&self) -> Option<Conclusion> {
        Some(match &self.state {
            State::Pending => return None,
            State::Decided(decision) => {
                let label = self
                    .options
                    .get(decision.choice)
                    .map_or("?", String::as_str);
                let what = format!("{} by {}", decided(label), decision.by.display());
                Conclusion::new(&what, decision.at, rest(label))
            }
            State::Expired { at } => Conclusion::new("Expired", *at, ": nobody decided."),
            State::Withdrawn { at } => Conclusion::new("Withdrawn by the one who asked", *at, "."),
            State::Locally { at } => Conclusion::new("Already answered in the terminal", *at, "."),
            State::Undeliverable { at } => {
                Conclusion::new("Could not be delivered, given up", *at, ".")
            }
        })
    }

    /// The word a program reads: `approve` and `deny` for those two labels, else the label itself.
    #[must_use]
    pub fn response(&self, choice: usize) -> Option<&str> {
        self.options.get(choice).map(|label| match label.as_str() {
            "Approve" => "approve",
            "Deny" => "deny",
            other => other,
        })
    }
}

fn decided(label: &str) -> String {
    match label {
        "Approve" => "Approved".to_owned(),
        DENY | DENY_AND_SAY_WHY => "Denied".to_owned(),
        ALLOW_ONCE => "Allowed once".to_owned(),
        ALLOW_FOR_SESSION => "Allowed for the session".to_owned(),
        other => format!("Answered “{other}”"),
    }
}

/// What stands behind the time of a decision.
fn rest(label: &str) -> &'static str {
    match label {
        DENY_AND_SAY_WHY => ". Reply to this message within a minute to say why.",
        _ => ".",
    }
}

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
            choice: 1,
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
            choice: 0,
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
    fn details_are_shown_at_any_time() {
        let over = approval(State::Expired { at: EXPIRES });
        assert_eq!(
            over.press(&button(Choice::Details), &press(90_000)),
            Ok(Verdict::Details)
        );
    }
}

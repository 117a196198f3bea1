//! What is to be delivered, how urgent it is, and what one attempt came to.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::event::Event;
use crate::event::Kind;
use crate::event::Severity;
use crate::id::ApprovalId;
use crate::id::ChatId;
use crate::id::EnrolmentId;
use crate::id::EventId;
use crate::id::MessageId;
use crate::time::Timestamp;

/// Who goes first when a chat's limit makes messages wait. The order of the variants is the order of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// Requests for a decision, their edits, and answers to somebody who just wrote.
    Approval,
    Alert,
    Result,
    Progress,
}

impl Priority {
    #[must_use]
    pub fn of(event: &Event) -> Self {
        if event.asks() {
            return Self::Approval;
        }
        if event.kind == Kind::SecurityAlert || event.id.is_alert() {
            return Self::Alert;
        }
        match event.severity() {
            Severity::Critical | Severity::Error | Severity::Warning => Self::Alert,
            Severity::Success | Severity::Info if event.kind.is_progress() => Self::Progress,
            Severity::Success | Severity::Info => Self::Result,
        }
    }

    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Approval => 0,
            Self::Alert => 1,
            Self::Result => 2,
            Self::Progress => 3,
        }
    }
}

/// What one outbox row has to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "work")]
pub enum Work {
    /// Send the row's event as new messages.
    Event,
    /// Show the progress of a task: edit its message, or send the first one.
    Progress { task: String },
    /// Send a request for a decision, with its buttons.
    Approval { approval: ApprovalId },
    /// Bring the copy of a request in this chat up to date: still waiting, decided, expired.
    ApprovalEdit { approval: ApprovalId },
    /// Say once more that a request waits.
    Reminder { approval: ApprovalId },
    /// Send everything that is known of the row's event.
    Details,
    /// Send this text: an answer to a command, or word of something that happened to the bridge.
    Notice { text: String },
    /// Ask in private whether a group may be enrolled; afterwards, say what became of it.
    Enrolment { enrolment: EnrolmentId },
    /// Send one list of what was held back while the bridge was mute.
    Held { events: Vec<EventId> },
    /// Send one list of so many messages that waited for the chat's limit.
    Folded { count: u64 },
    /// Send everything that is known of the events of a list, which is another row.
    ListDetails { list: i64 },
    /// Bring the message of the row's event up to date with how often the event came.
    Count,
}

/// What one attempt came to. The Telegram client decides this once; nobody parses error text later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Sent(MessageId),
    /// Server errors, lost connections, time-outs: the call may or may not have been executed.
    Retry {
        cause: String,
    },
    /// Telegram's limit (429): nobody writes to this chat before the span is over.
    Limited {
        after: Duration,
    },
    /// 403: this recipient doesn't want us or was never ours; parked until they write again.
    Unpaired {
        reason: String,
    },
    /// The bot is in this group, but it may not write there.
    NoRight {
        reason: String,
    },
    /// The group became a supergroup with this id.
    Migrated(ChatId),
    /// The message to edit is gone: send it anew.
    Gone,
    /// The topic is gone, or closed to us: the message belongs elsewhere.
    NoThread {
        closed: bool,
    },
    /// 401 or 404: the token is not valid now. Nothing is wrong with the message.
    Unauthorized {
        reason: String,
    },
    /// Can never succeed.
    Refused {
        reason: String,
    },
}

/// Where a row stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    Queued { due: Timestamp, attempt: u32 },
    Sent { message: MessageId },
    Dead { reason: String },
}

/// The first wait after a failure that may pass.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// The longest wait: an undelivered message is tried for ever, once in this span.
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);

/// The wait before attempt `attempt + 1`: doubling, with up to a quarter of jitter (`jitter` in 0..=255) taken off.
#[must_use]
pub fn backoff(attempt: u32, jitter: u8) -> Duration {
    let doubled =
        FIRST_BACKOFF.saturating_mul(1_u32.checked_shl(attempt.min(16)).unwrap_or(u32::MAX));
    let longest = doubled.min(LONGEST_BACKOFF);
    longest.saturating_sub(longest.saturating_mul(u32::from(jitter)) / 1_024)
}

/// The kinds that a final result of a task closes.
#[must_use]
pub const fn ends_task(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::TaskCompletion | Kind::TaskFailed | Kind::TaskCancelled
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    #[test]
    fn security_alerts_are_urgent_whatever_severity_they_state() {
        for severity in ["info", "success", "warning", "critical"] {
            let alert = sample("security_alert", "Login", json!({ "severity": severity }));
            assert_eq!(Priority::of(&alert), Priority::Alert, "{severity}");
        }
        let own = Event {
            id: EventId::for_alert(uuid::Uuid::nil()),
            ..sample(
                "alert_notification",
                "The queue is empty again",
                json!({ "severity": "info" }),
            )
        };
        assert_eq!(Priority::of(&own), Priority::Alert);
        let calm = sample("build_completed", "Build", json!({}));
        assert_eq!(Priority::of(&calm), Priority::Result);
    }

    #[test]
    fn waits_double_up_to_a_minute_and_jitter_only_shortens_them() {
        let millis = |attempt, jitter| backoff(attempt, jitter).as_millis();
        assert_eq!(millis(0, 0), 500);
        assert_eq!(millis(3, 0), 4_000);
        assert_eq!(millis(40, 0), 60_000);
        assert!((45_000..60_000).contains(&millis(40, 255)));
    }
}

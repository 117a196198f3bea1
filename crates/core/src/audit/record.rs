//! One audit record.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::id::UserId;
use crate::time::Timestamp;

/// What happened, who did it and what came of it. A change of state and its record are committed together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    pub timestamp: Timestamp,
    pub event: EventName,
    pub outcome: Disposition,
    pub actor: Actor,
    /// What was acted upon: an event, an approval, a chat.
    pub target: String,
    /// Facts without message content: counts, choices, reasons.
    pub details: Value,
    pub action_taken: String,
    pub correlation_id: Option<String>,
}

/// Every name that an audit record can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    BridgeStarted,
    BridgeStopped,
    BotChanged,
    EventAccepted,
    EventRejected,
    ApprovalRequested,
    ApprovalMarked,
    ApprovalReminded,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalWithdrawn,
    ApprovalSettledLocally,
    ApprovalUndeliverable,
    ApprovalPressRefused,
    AccessRefused,
    CommandHandled,
    UserResponse,
    ReplyHandedOver,
    UpdateIgnored,
    MessageUndeliverable,
    MessageRetried,
    MessageDropped,
    RecipientParked,
    RecipientReturned,
    RecipientRemoved,
    ModeChanged,
    PollConflict,
    UserPaired,
    KeyMade,
    EnrolmentStarted,
    EnrolmentRequested,
    EnrolmentRefused,
    EnrolmentWithdrawn,
    ChatEnrolled,
    ChatRemoved,
    ChatMigrated,
    TopicCreated,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    Success,
    Refused,
    Failure,
}

/// Who acted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Actor {
    /// The bridge itself: intake, jobs, supervision.
    System,
    /// A Telegram user; Telegram tells no address.
    Telegram { user: UserId },
    /// A process on this machine, known by the credentials of its socket.
    Local { uid: u32 },
}

impl Record {
    /// A record of something that went well, with nothing more to tell.
    #[must_use]
    pub fn new(
        timestamp: Timestamp,
        event: EventName,
        actor: Actor,
        target: impl Into<String>,
    ) -> Self {
        Self {
            timestamp,
            event,
            outcome: Disposition::Success,
            actor,
            target: target.into(),
            details: Value::Null,
            action_taken: String::new(),
            correlation_id: None,
        }
    }

    #[must_use]
    pub fn outcome(mut self, outcome: Disposition) -> Self {
        self.outcome = outcome;
        self
    }

    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action_taken = action.into();
        self
    }
}

//! Rows of the outbox: how they are written and ended. What is done with them lives elsewhere.

use std::fmt::Display;

use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::tx::Tx;

/// A row to be written.
pub(crate) struct NewRow<'a> {
    pub(crate) chat: ChatId,
    pub(crate) priority: Priority,
    pub(crate) work: &'a Work,
    /// The key of the row's event.
    pub(crate) event: Option<i64>,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) at: Timestamp,
    pub(crate) held: bool,
}

/// How a row ended that was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    Dead,
    /// Something newer took its place, or there is nothing left to say.
    Superseded,
    /// Named in a list: of what was held back, or of what waited.
    Listed,
}

impl Done {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Superseded => "superseded",
            Self::Listed => "listed",
        }
    }
}

/// The name of a piece of work, as it stands in `outbox.kind` and in what people see of the queue.
pub(crate) const fn kind(work: &Work) -> &'static str {
    match work {
        Work::Event => "event",
        Work::Progress { .. } => "progress",
        Work::Approval { .. } => "approval",
        Work::ApprovalEdit { .. } => "approval_edit",
        Work::Reminder { .. } => "reminder",
        Work::Details => "details",
        Work::Notice { .. } => "notice",
        Work::Enrolment { .. } => "enrolment",
        Work::Held { .. } => "held",
        Work::Folded { .. } => "folded",
        Work::ListDetails { .. } => "list_details",
        Work::Count => "count",
    }
}

pub(crate) fn approval_of(work: &Work) -> Option<ApprovalId> {
    match work {
        Work::Approval { approval }
        | Work::ApprovalEdit { approval }
        | Work::Reminder { approval } => Some(*approval),
        Work::Event
        | Work::Progress { .. }
        | Work::Details
        | Work::Notice { .. }
        | Work::Enrolment { .. }
        | Work::Held { .. }
        | Work::Folded { .. }
        | Work::ListDetails { .. }
        | Work::Count => None,
    }
}

pub(crate) fn task_of(work: &Work) -> Option<&str> {
    match work {
        Work::Progress { task } => Some(task),
        Work::Event
        | Work::Approval { .. }
        | Work::ApprovalEdit { .. }
        | Work::Reminder { .. }
        | Work::Details
        | Work::Notice { .. }
        | Work::Enrolment { .. }
        | Work::Held { .. }
        | Work::Folded { .. }
        | Work::ListDetails { .. }
        | Work::Count => None,
    }
}

/// Writes one row; answers its id.
pub(crate) async fn insert(tx: &mut Tx, row: &NewRow<'_>) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO outbox (chat, priority, kind, work, event, approval, task, reply_to, queued, due, held, attempt, \
         parts_sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, 0, 0) RETURNING id",
    )
    .bind(row.chat.0)
    .bind(row.priority.rank())
    .bind(kind(row.work))
    .bind(json("work", row.work)?)
    .bind(row.event)
    .bind(approval_of(row.work).map(|id| id.to_string()))
    .bind(task_of(row.work))
    .bind(row.reply_to.map(|id| id.0))
    .bind(row.at.as_millis())
    .bind(i64::from(row.held))
    .fetch_one(tx.connection())
    .await?;
    Ok(id)
}

/// Ends one row that still waits or is being sent.
pub(crate) async fn finish(
    tx: &mut Tx,
    row: i64,
    done: Done,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET done = $2, reason = $3, finished = $4, leased = NULL \
         WHERE id = $1 AND done IS NULL",
    )
    .bind(row)
    .bind(done.name())
    .bind(reason)
    .bind(at.as_millis())
    .execute(tx.connection())
    .await?;
    tx.known.ended();
    Ok(())
}

/// Text for a JSON column.
pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(what)(error.into()))
}

/// What a JSON column holds.
pub(crate) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(what)(error.into()))
}

/// Passes over what cannot be read back, so that it does not keep everything else back. The log has it.
pub(crate) fn unless_damaged<T>(
    what: impl Display,
    read: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Damaged { what: part, source }) => {
            tracing::error!(%source, "{what}: its stored {part} cannot be read back, so it is passed over");
            Ok(None)
        }
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(error),
    }
}

/// A count or number that is never negative.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A small count or number that is never negative.
pub(crate) fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

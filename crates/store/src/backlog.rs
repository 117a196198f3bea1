//! How much waits, and whether more may.

use std::collections::BTreeSet;

use cctelegram_core::id::ChatId;

use crate::error::StoreError;
use crate::rows::unsigned;
use crate::store::Store;
use crate::tx::Known;
use crate::tx::Tx;

/// Which waiting events count against the limit. Those of parked chats do not, lest one user who blocked the bot stop
/// everybody; but an event that goes only to parked chats is counted with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    Reachable,
    Anywhere,
}

impl Store {
    /// How many events count against the limit of the queue: held ones do, those of parked chats do not.
    pub async fn backlog(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar(REACHABLE)
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(unsigned(count))
    }
}

impl Scope {
    pub(crate) fn of(recipients: &BTreeSet<ChatId>, parked: &BTreeSet<ChatId>) -> Self {
        if recipients.is_subset(parked) {
            Self::Anywhere
        } else {
            Self::Reachable
        }
    }
}

impl Known {
    /// Rows ended, moved or were parked: count again.
    pub(crate) fn forget(&mut self) {
        self.waiting = None;
        self.waiting_anywhere = None;
        self.parked = None;
    }

    /// Notes that one more event waits, so that the next one need not count them all.
    pub(crate) fn count(&mut self, scope: Scope) {
        let more = |count: u64| count.saturating_add(1);
        self.waiting_anywhere = self.waiting_anywhere.map(more);
        if scope == Scope::Reachable {
            self.waiting = self.waiting.map(more);
        }
    }
}

/// The number of events with a row that waits, held ones included.
pub(crate) async fn waiting(tx: &mut Tx, scope: Scope) -> Result<u64, StoreError> {
    let (cached, sql) = match scope {
        Scope::Reachable => (tx.known.waiting, REACHABLE),
        Scope::Anywhere => (
            tx.known.waiting_anywhere,
            "SELECT count(DISTINCT event) FROM outbox WHERE done IS NULL AND event IS NOT NULL \
             AND kind IN ('event', 'progress', 'approval')",
        ),
    };
    if let Some(count) = cached {
        return Ok(count);
    }
    let count = unsigned(sqlx::query_scalar(sql).fetch_one(tx.connection()).await?);
    match scope {
        Scope::Reachable => tx.known.waiting = Some(count),
        Scope::Anywhere => tx.known.waiting_anywhere = Some(count),
    }
    Ok(count)
}

/// Do as many events wait for this chat as may wait in all? They are counted as `waiting` counts them.
pub(crate) async fn is_overfull(
    tx: &mut Tx,
    chat: ChatId,
    max_queue: u64,
) -> Result<bool, StoreError> {
    let limit = i64::try_from(max_queue).unwrap_or(i64::MAX);
    let waiting: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT DISTINCT event FROM outbox WHERE chat = $1 AND done IS NULL \
         AND event IS NOT NULL AND kind IN ('event', 'progress', 'approval') LIMIT $2) AS waiting",
    )
    .bind(chat.0)
    .bind(limit)
    .fetch_one(tx.connection())
    .await?;
    Ok(waiting >= limit)
}

const REACHABLE: &str = "SELECT count(DISTINCT event) FROM outbox WHERE done IS NULL AND event IS NOT NULL \
    AND kind IN ('event', 'progress', 'approval') AND chat NOT IN (SELECT id FROM chat)";
pub(crate) const OVERFULL: &str = "recipient is parked and its backlog is full";

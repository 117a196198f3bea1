//! How much waits, and whether more may.

use std::collections::BTreeSet;

use cctelegram_core::id::ChatId;

use crate::error::StoreError;
use crate::rows::unsigned;
use crate::store::Store;
use crate::tx::Bound;
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
    /// Rows came back, moved or were parked: count again.
    pub(crate) fn forget(&mut self) {
        self.waiting = None;
        self.waiting_anywhere = None;
        self.parked = None;
    }

    /// Notes that one more event waits, so that the next one need not count them all.
    pub(crate) fn count(&mut self, scope: Scope) {
        self.each_bound(
            |bound| bound.at_most = bound.at_most.saturating_add(1),
            scope,
        );
    }

    /// Notes that rows ended: as many events wait as before, or fewer.
    pub(crate) fn ended(&mut self) {
        self.each_bound(|bound| bound.is_exact = false, Scope::Reachable);
    }

    /// What is reachable is among what waits anywhere.
    fn each_bound(&mut self, change: impl Fn(&mut Bound), scope: Scope) {
        let reachable = self.waiting.as_mut().filter(|_| scope == Scope::Reachable);
        self.waiting_anywhere
            .as_mut()
            .into_iter()
            .chain(reachable)
            .for_each(change);
    }
}

/// May one more event wait? Those with a row that waits are counted, held ones included; again only if by the last count
/// the queue may be full.
pub(crate) async fn has_room(
    tx: &mut Tx,
    scope: Scope,
    max_queue: u64,
) -> Result<bool, StoreError> {
    let (known, sql) = match scope {
        Scope::Reachable => (tx.known.waiting, REACHABLE),
        Scope::Anywhere => (
            tx.known.waiting_anywhere,
            "SELECT count(DISTINCT event) FROM outbox WHERE done IS NULL AND event IS NOT NULL \
             AND kind IN ('event', 'progress', 'approval')",
        ),
    };
    if let Some(Bound { at_most, is_exact }) = known
        && (is_exact || at_most < max_queue)
    {
        return Ok(at_most < max_queue);
    }
    let at_most = unsigned(sqlx::query_scalar(sql).fetch_one(tx.connection()).await?);
    let is_exact = true;
    let counted = Some(Bound { at_most, is_exact });
    match scope {
        Scope::Reachable => tx.known.waiting = counted,
        Scope::Anywhere => tx.known.waiting_anywhere = counted,
    }
    Ok(at_most < max_queue)
}

/// Do as many events wait for this chat as may wait in all? They are counted as `has_room` counts them.
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

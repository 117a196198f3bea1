//! Giving up what waits for a chat that gets it no longer, and queueing for people what then would reach nobody.

use std::collections::BTreeSet;

use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::fold;
use crate::rows;
use crate::rows::Done;
use crate::tx::Tx;

/// Rows that are given up together, for one reason.
pub(crate) struct GivingUp<'a> {
    pub(crate) reason: &'static str,
    /// Who gets what would reach nobody.
    pub(crate) people: &'a BTreeSet<ChatId>,
    pub(crate) now: Timestamp,
    /// What was given up so far.
    rows: Vec<i64>,
}

impl<'a> GivingUp<'a> {
    pub(crate) const fn new(
        reason: &'static str,
        people: &'a BTreeSet<ChatId>,
        now: Timestamp,
    ) -> Self {
        Self {
            reason,
            people,
            now,
            rows: Vec::new(),
        }
    }

    /// Gives up everything that waits for a chat. Answers how many rows.
    pub(crate) async fn chat(&mut self, tx: &mut Tx, chat: ChatId) -> Result<u64, StoreError> {
        let waiting: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM outbox WHERE chat = $1 AND done IS NULL ORDER BY id",
        )
        .bind(chat.0)
        .fetch_all(tx.connection())
        .await?;
        for row in &waiting {
            self.row(tx, *row).await?;
        }
        Ok(waiting.len() as u64)
    }

    /// Gives up one row, with what it lists.
    pub(crate) async fn row(&mut self, tx: &mut Tx, row: i64) -> Result<(), StoreError> {
        let listed = fold::give_up(tx, row, self.reason, self.now).await?;
        // What a list named stands for itself from now on: the list is not to be tried a second time.
        let done = if listed.is_empty() {
            Done::Dead
        } else {
            Done::Superseded
        };
        rows::finish(tx, row, done, Some(self.reason), self.now).await?;
        self.rows.extend(listed);
        self.rows.push(row);
        Ok(())
    }

    /// Queues for people what would reach nobody now. Answers how many rows.
    pub(crate) async fn move_orphans(mut self, tx: &mut Tx) -> Result<u64, StoreError> {
        let mut moved = 0;
        // Row by row in the order in which they were queued, so that a copy made for one is seen by the next.
        self.rows.sort_unstable();
        for row in &self.rows {
            if is_orphan(tx, *row).await? {
                moved += self.queue_anew(tx, *row).await?;
            }
        }
        Ok(moved)
    }

    async fn queue_anew(&self, tx: &mut Tx, row: i64) -> Result<u64, StoreError> {
        let mut queued = 0;
        for chat in self.people {
            let inserted = sqlx::query(
                "INSERT INTO outbox (chat, priority, kind, work, event, approval, task, queued, due, held, attempt, \
                 parts_sent) SELECT $2, priority, kind, work, event, approval, task, queued, $3, held, 0, 0 \
                 FROM outbox WHERE id = $1",
            )
            .bind(row)
            .bind(chat.0)
            .bind(self.now.as_millis())
            .execute(tx.connection())
            .await?;
            queued += inserted.rows_affected();
        }
        tx.known.forget();
        Ok(queued)
    }
}

/// Would what this row says reach nobody now? Answers to somebody who is gone are not for others, a request that ended
/// needs nobody, and progress of a task that is over says nothing.
async fn is_orphan(tx: &mut Tx, row: i64) -> Result<bool, StoreError> {
    let reached: Option<bool> = sqlx::query_scalar(REACHES_OTHERS)
        .bind(row)
        .fetch_optional(tx.connection())
        .await?;
    Ok(reached == Some(false))
}

/// Either way an index is used, however long the outbox is: lists of what was held back are about no event.
const REACHES_OTHERS: &str = "SELECT CASE WHEN d.kind = 'held' \
    THEN EXISTS (SELECT 1 FROM outbox o WHERE o.event IS NULL AND o.kind = 'held' AND o.queued = d.queued \
        AND o.id <> d.id AND (o.done IS NULL OR o.done IN ('sent', 'listed'))) \
    ELSE EXISTS (SELECT 1 FROM outbox o WHERE o.event = d.event AND o.kind = d.kind \
        AND o.id <> d.id AND (o.done IS NULL OR o.done IN ('sent', 'listed'))) END \
    FROM outbox d WHERE d.id = $1 AND d.kind IN ('event', 'progress', 'approval', 'held') \
    AND (d.kind <> 'progress' OR d.task IS NOT NULL) \
    AND (d.kind <> 'approval' OR d.held = 1 OR EXISTS (SELECT 1 FROM approval a WHERE a.id = d.approval AND a.pending = 1))";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looking_for_others_reads_no_table_from_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let (store, _writer) = crate::open(&path, Timestamp::from_millis(0)).await.unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {REACHES_OTHERS}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
            .bind(1)
            .fetch_all(&mut *store.reader().await.unwrap())
            .await
            .unwrap();
        let steps: Vec<String> = plan.into_iter().map(|(_, _, _, step)| step).collect();
        let by_event = |step: &&String| step.contains("outbox_by_event (event=?)");
        assert_eq!(steps.iter().filter(by_event).count(), 2, "{steps:?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN")),
            "{steps:?}"
        );
    }
}

//! What becomes of waiting messages when the list of recipients changes.

use std::collections::BTreeSet;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::error::StoreError;
use crate::fold;
use crate::groups;
use crate::rows;
use crate::rows::Done;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// What a new list of recipients came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reconciled {
    /// Messages that were queued anew for those who are left.
    pub moved: u64,
    /// Messages that are no longer sent to those who were removed.
    pub removed: u64,
}

impl Store {
    /// Gives up what waits for chats that are neither in `allowed` nor enrolled groups. What then would reach nobody is queued for all who are,
    /// and so is every open request that only chats have that are not, or groups that the bot is not in.
    /// An empty list changes nothing: with nobody to send to, everything waits.
    pub async fn reconcile(
        &self,
        allowed: BTreeSet<ChatId>,
        now: Timestamp,
    ) -> Result<Reconciled, StoreError> {
        self.change(Reconcile { allowed, now }).await
    }
}

struct Reconcile {
    allowed: BTreeSet<ChatId>,
    now: Timestamp,
}

impl Change for Reconcile {
    type Output = Reconciled;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Reconciled, StoreError> {
        let mut reconciled = Reconciled::default();
        let (mut orphans, mut records) = (Vec::new(), Vec::new());
        for chat in self.removed_chats(tx).await? {
            let waiting: Vec<i64> = sqlx::query_scalar(
                "SELECT id FROM outbox WHERE chat = $1 AND done IS NULL ORDER BY id",
            )
            .bind(chat.0)
            .fetch_all(tx.connection())
            .await?;
            for row in &waiting {
                let named = fold::give_up(tx, *row, REMOVED, self.now).await?;
                let done = if named.is_empty() {
                    Done::Dead
                } else {
                    Done::Superseded
                };
                rows::finish(tx, *row, done, Some(REMOVED), self.now).await?;
                orphans.extend(named);
            }
            let count = waiting.len() as u64;
            reconciled.removed += count;
            orphans.extend(waiting);
            let (name, target) = (EventName::RecipientRemoved, chat.to_string());
            let record = Record::new(self.now, name, Actor::System, target);
            let details = json!({ "given_up": count });
            records.push(record.details(details).action("its queue was given up"));
        }
        // Row by row in the order in which they were queued, so that a copy made for one is seen by the next.
        orphans.sort_unstable();
        for row in orphans {
            if is_orphan(tx, row).await? {
                reconciled.moved += self.queue_anew(tx, row).await?;
            }
        }
        let (asked, of_requests) = ask_people(tx, &self.allowed, self.now).await?;
        reconciled.moved += asked;
        records.extend(of_requests);
        tx.commit_each(records).await?;
        Ok(reconciled)
    }
}

/// Queues every open request that neither one of `people` nor a group has, for all of `people`. Answers how many copies
/// were queued, and the records of it.
pub(crate) async fn ask_people(
    tx: &mut Tx,
    people: &BTreeSet<ChatId>,
    now: Timestamp,
) -> Result<(u64, Vec<Record>), StoreError> {
    let (mut asked, mut records) = (0, Vec::new());
    if people.is_empty() {
        return Ok((asked, records));
    }
    let groups = groups::all(tx.connection()).await?;
    let present = groups.into_iter().filter(|group| !group.away);
    let mut reached: BTreeSet<ChatId> = present.map(|group| group.chat).collect();
    reached.extend(people);
    let ask = AskWhoIsLeft {
        people,
        reached,
        now,
    };
    for id in approvals::pending_ids(tx).await? {
        let queued = ask.one(tx, id).await?;
        if queued > 0 {
            asked += queued;
            records.push(ask.record(id));
        }
    }
    Ok((asked, records))
}

struct AskWhoIsLeft<'a> {
    people: &'a BTreeSet<ChatId>,
    /// Chats in which a request is seen.
    reached: BTreeSet<ChatId>,
    now: Timestamp,
}

impl AskWhoIsLeft<'_> {
    /// Queues an open request for people, unless somebody has it or will get it. Who it could never be delivered to is
    /// not tried again.
    async fn one(&self, tx: &mut Tx, id: ApprovalId) -> Result<u64, StoreError> {
        let rows: Vec<(i64, bool)> = sqlx::query_as(
            "SELECT chat, done IS NULL OR (done = 'sent' AND message IS NOT NULL) FROM outbox \
             WHERE approval = $1 AND kind = 'approval'",
        )
        .bind(id.to_string())
        .fetch_all(tx.connection())
        .await?;
        let is_seen = |chat: i64| self.reached.contains(&ChatId(chat));
        if rows.iter().any(|(chat, lives)| *lives && is_seen(*chat)) {
            return Ok(0);
        }
        let tried: BTreeSet<ChatId> = rows.into_iter().map(|(chat, _)| ChatId(chat)).collect();
        let mut queued = 0;
        for chat in self.people.difference(&tried) {
            copies::ask(tx, id, *chat, self.now).await?;
            queued += 1;
        }
        Ok(queued)
    }

    fn record(&self, id: ApprovalId) -> Record {
        let (name, target) = (EventName::ApprovalRequested, id.to_string());
        let record = Record::new(self.now, name, Actor::System, target);
        record.action("queued for those who are recipients now: only former ones had it")
    }
}

impl Reconcile {
    async fn removed_chats(&self, tx: &mut Tx) -> Result<Vec<ChatId>, StoreError> {
        if self.allowed.is_empty() {
            return Ok(Vec::new());
        }
        let chats: Vec<i64> =
            sqlx::query_scalar("SELECT DISTINCT chat FROM outbox WHERE done IS NULL ORDER BY chat")
                .fetch_all(tx.connection())
                .await?;
        let groups = groups::all(tx.connection()).await?;
        let is_group = |chat: &ChatId| groups.iter().any(|group| group.chat == *chat);
        Ok(chats
            .into_iter()
            .map(ChatId)
            .filter(|chat| !self.allowed.contains(chat) && !is_group(chat))
            .collect())
    }

    async fn queue_anew(&self, tx: &mut Tx, row: i64) -> Result<u64, StoreError> {
        let mut queued = 0;
        for chat in &self.allowed {
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

const REMOVED: &str = "no longer a recipient";

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

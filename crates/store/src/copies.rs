//! The copies of a request for a decision: one message with buttons in each chat, kept up to date.

use std::collections::BTreeSet;

use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;

use crate::approvals;
use crate::error::StoreError;
use crate::rows;
use crate::rows::NewRow;
use crate::settings;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// Queues an edit of every copy that a chat in `allowed` or an enrolled group has of a pending request, after a gap in which presses were
    /// lost. Answers how many. It can wait: it is of use to whoever is about to press again, and to nobody else.
    pub async fn touch_open(
        &self,
        allowed: BTreeSet<ChatId>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.change(TouchOpen { allowed, now }).await
    }
}

struct TouchOpen {
    allowed: BTreeSet<ChatId>,
    now: Timestamp,
}

impl Change for TouchOpen {
    type Output = u64;
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let mut queued = 0;
        for id in approvals::pending_ids(tx).await? {
            for chat in copies(tx, id, Copies::Sent).await? {
                if chat.is_group() || self.allowed.contains(&chat) {
                    let edit = queue_edit(tx, id, chat, Priority::Result, self.now).await?;
                    queued += u64::from(edit);
                }
            }
        }
        tx.commit_quiet();
        Ok(queued)
    }
}

/// After a request ended: copies that wait are not sent any more, copies that were sent are brought up to date. What a
/// mute holds back stays, to be listed when it ends.
pub(crate) async fn tell(tx: &mut Tx, id: ApprovalId, now: Timestamp) -> Result<(), StoreError> {
    edit_all(tx, id, now).await?;
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM outbox WHERE approval = $1 AND kind = 'approval' AND done IS NULL AND leased IS NULL \
         AND held = 0",
    )
    .bind(id.to_string())
    .fetch_all(tx.connection())
    .await?;
    for row in waiting {
        rows::finish(tx, row, rows::Done::Superseded, None, now).await?;
    }
    Ok(())
}

/// Queues an edit of every copy that was sent or is being sent.
pub(crate) async fn edit_all(
    tx: &mut Tx,
    id: ApprovalId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for chat in copies(tx, id, Copies::SentOrLeased).await? {
        queue_edit(tx, id, chat, Priority::Approval, now).await?;
    }
    Ok(())
}

pub(crate) enum Copies {
    Sent,
    SentOrLeased,
}

/// The chats that have a copy: people's, and groups that are enrolled.
pub(crate) async fn copies(
    tx: &mut Tx,
    id: ApprovalId,
    which: Copies,
) -> Result<Vec<ChatId>, StoreError> {
    let sql = match which {
        Copies::Sent => {
            "SELECT DISTINCT chat FROM outbox WHERE approval = $1 AND kind = 'approval' \
             AND done = 'sent' AND message IS NOT NULL \
             AND (chat > 0 OR chat IN (SELECT id FROM enrolled_chat)) ORDER BY chat"
        }
        Copies::SentOrLeased => {
            "SELECT DISTINCT chat FROM outbox WHERE approval = $1 AND kind = 'approval' \
             AND ((done = 'sent' AND message IS NOT NULL) OR (done IS NULL AND leased IS NOT NULL)) \
             AND (chat > 0 OR chat IN (SELECT id FROM enrolled_chat)) ORDER BY chat"
        }
    };
    let chats: Vec<i64> = sqlx::query_scalar(sql)
        .bind(id.to_string())
        .fetch_all(tx.connection())
        .await?;
    Ok(chats.into_iter().map(ChatId).collect())
}

/// Queues an edit unless one waits already, which then becomes as urgent. One that is being sent may carry the old
/// state, so it does not count.
async fn queue_edit(
    tx: &mut Tx,
    id: ApprovalId,
    chat: ChatId,
    priority: Priority,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let waiting = sqlx::query(
        "UPDATE outbox SET priority = min(priority, $3) WHERE approval = $1 AND chat = $2 \
         AND kind = 'approval_edit' AND done IS NULL AND leased IS NULL",
    )
    .bind(id.to_string())
    .bind(chat.0)
    .bind(priority.rank())
    .execute(tx.connection())
    .await?;
    if waiting.rows_affected() > 0 {
        return Ok(false);
    }
    let row = NewRow {
        chat,
        priority,
        work: &Work::ApprovalEdit { approval: id },
        event: approvals::event_key(tx, id).await?,
        reply_to: None,
        at: now,
        held: false,
    };
    rows::insert(tx, &row).await?;
    Ok(true)
}

/// The message with the buttons of a request's copy in a chat.
pub(crate) async fn message(
    tx: &mut Tx,
    approval: ApprovalId,
    chat: ChatId,
) -> Result<Option<MessageId>, StoreError> {
    let message: Option<i64> = sqlx::query_scalar(
        "SELECT message FROM outbox WHERE approval = $1 AND chat = $2 AND kind = 'approval' AND done = 'sent' \
         AND message IS NOT NULL ORDER BY id DESC LIMIT 1",
    )
    .bind(approval.to_string())
    .bind(chat.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(message.map(MessageId))
}

/// Is there another copy that was sent or may yet be?
pub(crate) async fn has_other(tx: &mut Tx, row: i64, approval: &str) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE approval = $1 AND kind = 'approval' AND id <> $2 \
         AND (done IS NULL OR (done = 'sent' AND message IS NOT NULL)))",
    )
    .bind(approval)
    .bind(row)
    .fetch_one(tx.connection())
    .await?;
    Ok(found)
}

/// A copy was deleted in its chat. A request that still waits is sent there again whole; one that ended needs no edit.
pub(crate) async fn ask_anew(
    tx: &mut Tx,
    approval: ApprovalId,
    chat: ChatId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET message = NULL WHERE approval = $1 AND chat = $2 AND kind = 'approval' \
         AND done = 'sent'",
    )
    .bind(approval.to_string())
    .bind(chat.0)
    .execute(tx.connection())
    .await?;
    if approvals::is_pending(tx, approval).await? {
        ask(tx, approval, chat, at).await?;
    }
    Ok(())
}

/// Queues a copy of a request for a chat. A mute keeps it back like every other.
pub(crate) async fn ask(
    tx: &mut Tx,
    approval: ApprovalId,
    chat: ChatId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = NewRow {
        chat,
        priority: Priority::Approval,
        work: &Work::Approval { approval },
        event: approvals::event_key(tx, approval).await?,
        reply_to: None,
        at,
        held: settings::is_mute(tx, at).await?,
    };
    rows::insert(tx, &row).await?;
    tx.known.forget();
    Ok(())
}

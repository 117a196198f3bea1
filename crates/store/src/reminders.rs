//! Requests that wait are told once more.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::approvals;
use crate::copies;
use crate::copies::Copies;
use crate::error::StoreError;
use crate::rows;
use crate::rows::NewRow;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A request that nobody has yet is looked at again after this span.
const NOT_SENT_YET: Duration = Duration::from_mins(1);

impl Store {
    /// Queues a reminder for every chat in `allowed` and every enrolled group that has a copy of a request whose time for it
    /// has come, once for each request. Answers how many requests.
    pub async fn remind_due(
        &self,
        allowed: BTreeSet<ChatId>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.change(RemindDue { allowed, now }).await
    }

    /// When the next request is to be told once more.
    pub async fn next_reminder(&self) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> = sqlx::query_scalar(
            "SELECT min(remind) FROM approval WHERE pending = 1 AND remind IS NOT NULL",
        )
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok(next.map(Timestamp::from_millis))
    }
}

struct RemindDue {
    allowed: BTreeSet<ChatId>,
    now: Timestamp,
}

impl Change for RemindDue {
    type Output = u64;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let due: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM approval WHERE pending = 1 AND remind IS NOT NULL AND remind <= $1 ORDER BY remind, id",
        )
        .bind(self.now.as_millis())
        .fetch_all(tx.connection())
        .await?;
        let mut records = Vec::new();
        for text in due {
            let id = unless_damaged(format!("approval {text}"), approvals::parse_id(&text))?;
            let told = match id {
                Some(id) => self.remind(tx, id).await?,
                None => true,
            };
            let again = (!told).then(|| self.now.plus(NOT_SENT_YET).as_millis());
            sqlx::query("UPDATE approval SET remind = $2 WHERE id = $1")
                .bind(&text)
                .bind(again)
                .execute(tx.connection())
                .await?;
            if told {
                let record =
                    Record::new(self.now, EventName::ApprovalReminded, Actor::System, text);
                records.push(record.details(json!({})).action("told once more"));
            }
        }
        let count = records.len() as u64;
        tx.commit_each(records).await?;
        Ok(count)
    }
}

impl RemindDue {
    /// Answers whether anybody has it who may be told.
    async fn remind(&self, tx: &mut Tx, id: ApprovalId) -> Result<bool, StoreError> {
        let mut chats = copies::copies(tx, id, Copies::Sent).await?;
        chats.retain(|chat| chat.is_group() || self.allowed.contains(chat));
        for chat in &chats {
            let row = NewRow {
                chat: *chat,
                priority: Priority::Approval,
                work: &Work::Reminder { approval: id },
                event: approvals::event_key(tx, id).await?,
                reply_to: copies::message(tx, id, *chat).await?,
                at: self.now,
                held: false,
            };
            rows::insert(tx, &row).await?;
        }
        Ok(!chats.is_empty())
    }
}

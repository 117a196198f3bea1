//! What a mute keeps back, and its end: requests that still wait and events with files are sent
//! whole, everything else in one list.

use std::collections::BTreeMap;

use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::mode::Mode;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::events;
use crate::rows;
use crate::rows::Done;
use crate::rows::NewRow;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// What was held back, counted in rows: one message to one chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unmuted {
    /// Requests and events with files that are sent now.
    pub released: u64,
    /// Events that are named in a list.
    pub listed: u64,
}

impl Store {
    /// Lets go of what was held back. Safe to repeat.
    pub async fn unmute(&self, now: Timestamp, record: Record) -> Result<Unmuted, StoreError> {
        self.change(Unmute { now, record }).await
    }
}

struct Unmute {
    now: Timestamp,
    record: Record,
}

impl Change for Unmute {
    type Output = Unmuted;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Unmuted, StoreError> {
        let released = sqlx::query(
            "UPDATE outbox SET held = 0, due = $1 WHERE done IS NULL AND held = 1 AND (kind = 'approval' \
             AND EXISTS (SELECT 1 FROM approval a WHERE a.id = outbox.approval AND a.pending = 1) \
             OR kind = 'event' AND EXISTS (SELECT 1 FROM attachment f WHERE f.event = outbox.event))",
        )
        .bind(self.now.as_millis())
        .execute(tx.connection())
        .await?;
        let held: Vec<(i64, i64, Option<String>)> = sqlx::query_as(
            "SELECT o.id, o.chat, e.id FROM outbox o LEFT JOIN event e ON e.key = o.event \
             WHERE o.done IS NULL AND o.held = 1 ORDER BY o.id",
        )
        .fetch_all(tx.connection())
        .await?;
        let mut lists: BTreeMap<i64, Vec<EventId>> = BTreeMap::new();
        for (row, chat, event) in &held {
            rows::finish(tx, *row, Done::Listed, None, self.now).await?;
            let event = event.as_deref().and_then(|id| id.parse().ok());
            lists.entry(*chat).or_default().extend(event);
        }
        for (chat, events) in lists {
            self.list(tx, ChatId(chat), events).await?;
        }
        tx.commit(self.record.clone()).await?;
        Ok(Unmuted {
            released: released.rows_affected(),
            listed: held.len() as u64,
        })
    }
}

/// Keeps back what waits already when the mode is switched to mute. What is being sent, or is sent in part, goes on.
pub(crate) async fn hold_waiting(tx: &mut Tx, mode: Mode) -> Result<(), StoreError> {
    if mode != Mode::Mute {
        return Ok(());
    }
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT event FROM outbox WHERE done IS NULL AND event IS NOT NULL AND held = 0 \
         AND kind IN ('event', 'progress', 'approval')",
    )
    .fetch_all(tx.connection())
    .await?;
    for key in waiting {
        // One that cannot be read is not held: it comes up, and people are told of it.
        let event = events::by_key(tx.connection(), key).await;
        let event = unless_damaged("an event that waits", event)?.flatten();
        if event.is_some_and(|event| mode.holds(&event)) {
            sqlx::query(
                "UPDATE outbox SET held = 1 WHERE event = $1 AND done IS NULL AND leased IS NULL \
                 AND parts_sent = 0 AND kind IN ('event', 'progress', 'approval')",
            )
            .bind(key)
            .execute(tx.connection())
            .await?;
        }
    }
    Ok(())
}

impl Unmute {
    async fn list(
        &self,
        tx: &mut Tx,
        chat: ChatId,
        events: Vec<EventId>,
    ) -> Result<(), StoreError> {
        let row = NewRow {
            chat,
            priority: Priority::Result,
            work: &Work::Held { events },
            event: None,
            reply_to: None,
            at: self.now,
            held: false,
        };
        rows::insert(tx, &row).await?;
        Ok(())
    }
}

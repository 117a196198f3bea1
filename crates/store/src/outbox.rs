//! Looking at the outbox: what may be sent now, what waits, how many.

use std::time::Duration;

use cctelegram_core::api::QueueEntry;
use cctelegram_core::api::QueueItem;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::rows;
use crate::rows::NewRow;
use crate::rows::from_json;
use crate::rows::small;
use crate::rows::unsigned;
use crate::settings;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// The row that is next in its chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub row: i64,
    pub chat: ChatId,
    /// `Priority::rank`: the smaller, the more urgent.
    pub priority: i64,
}

/// What may be sent now, and when there will be more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outlook {
    /// The most urgent due row of every person's chat and enrolled group that is not parked and that nothing is being
    /// sent to; the most urgent first.
    pub heads: Vec<Head>,
    /// When the next row becomes due that is not due yet.
    pub next_due: Option<Timestamp>,
}

/// How much there is of what. All but approvals and chats are rows: one message to one chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// To be sent, leased ones and those of parked chats included, held ones not.
    pub waiting: u64,
    pub held: u64,
    pub dead: u64,
    pub leased: u64,
    pub pending_approvals: u64,
    pub delivered: u64,
    pub parked_chats: u64,
}

impl Store {
    /// Looks at what waits. A row is never put off by more than a minute: one that is further away was put off before
    /// the clock was set back, and is due.
    pub async fn outlook(&self, now: Timestamp) -> Result<Outlook, StoreError> {
        // The recursion jumps from chat to chat in the index, however many rows wait. A message that was addressed while
        // its group became a supergroup has the former id; Telegram answers it with the new one. The row without a chat
        // says what is due next: one question costs half of two.
        let rows: Vec<(i64, Option<i64>, Option<i64>)> = sqlx::query_as(
            "WITH RECURSIVE waiting (chat) AS ( \
                SELECT min(chat) FROM outbox WHERE done IS NULL AND held = 0 AND leased IS NULL \
                UNION ALL \
                SELECT (SELECT min(o.chat) FROM outbox o WHERE o.done IS NULL AND o.held = 0 AND o.leased IS NULL \
                    AND o.chat > w.chat) FROM waiting w WHERE w.chat IS NOT NULL \
             ) \
             SELECT h.id, h.chat, h.priority FROM waiting w JOIN outbox h ON h.id = ( \
                SELECT o.id FROM outbox o WHERE o.chat = w.chat AND o.done IS NULL AND o.held = 0 \
                AND o.leased IS NULL AND (o.due <= $1 OR o.due > $2) ORDER BY o.priority, o.id LIMIT 1) \
             WHERE (w.chat > 0 OR EXISTS (SELECT 1 FROM enrolled_chat g WHERE w.chat IN (g.id, g.former))) \
             AND NOT EXISTS (SELECT 1 FROM chat p WHERE p.id = w.chat) AND NOT EXISTS ( \
                SELECT 1 FROM outbox l WHERE l.chat = w.chat AND l.done IS NULL AND l.leased IS NOT NULL) \
             ORDER BY h.priority, h.id; \
             SELECT min(due), NULL, NULL FROM outbox WHERE done IS NULL AND held = 0 AND leased IS NULL \
             AND due > $1 AND due <= $2 AND chat NOT IN (SELECT id FROM chat) \
             AND (chat > 0 OR EXISTS (SELECT 1 FROM enrolled_chat g WHERE outbox.chat IN (g.id, g.former))) \
             HAVING min(due) IS NOT NULL",
        )
        .bind(now.as_millis())
        .bind(now.plus(FARTHEST).as_millis())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut outlook = Outlook::default();
        for row in rows {
            match row {
                (row, Some(chat), Some(priority)) => outlook.heads.push(Head {
                    row,
                    chat: ChatId(chat),
                    priority,
                }),
                (due, _, _) => outlook.next_due = Some(Timestamp::from_millis(due)),
            }
        }
        Ok(outlook)
    }

    /// Queues a text.
    pub async fn notice(
        &self,
        chat: ChatId,
        text: String,
        reply_to: Option<MessageId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(Notice {
            chat,
            work: Work::Notice { text },
            reply_to,
            now,
        })
        .await
    }

    /// One message with everything that is stored of it, whatever became of it.
    pub async fn queue_item(&self, id: i64) -> Result<Option<QueueItem>, StoreError> {
        let row: Option<QueuedRow> = sqlx::query_as(
            "SELECT o.id, o.chat, o.kind, o.work, o.queued, o.due, o.held, o.leased, o.attempt, o.parts_sent, o.done, \
             o.finished, o.reason, e.body, p.reason AS parked FROM outbox o LEFT JOIN event e ON e.key = o.event \
             LEFT JOIN chat p ON p.id = o.chat WHERE o.id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(row.map(QueuedRow::item))
    }

    /// What is not delivered: first what waits, the most urgent first, then what never will be, the newest first.
    pub async fn queue(&self, limit: u32) -> Result<Vec<QueueEntry>, StoreError> {
        let rows: Vec<QueuedRow> = sqlx::query_as(
            "SELECT o.id, o.chat, o.kind, o.work, o.queued, o.due, o.held, o.leased, o.attempt, o.parts_sent, o.done, \
             o.finished, o.reason, e.body, p.reason AS parked FROM outbox o LEFT JOIN event e ON e.key = o.event \
             LEFT JOIN chat p ON p.id = o.chat WHERE o.done IS NULL OR o.done = 'dead' \
             ORDER BY o.done IS NOT NULL, CASE WHEN o.done IS NULL THEN o.priority ELSE -o.id END, o.id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(rows.into_iter().map(QueuedRow::entry).collect())
    }

    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let row: (i64, i64, i64, i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM outbox WHERE done IS NULL AND held = 0), \
             (SELECT count(*) FROM outbox WHERE done IS NULL AND held = 1), \
             (SELECT count(*) FROM outbox WHERE done = 'dead'), \
             (SELECT count(*) FROM outbox WHERE done IS NULL AND leased IS NOT NULL), \
             (SELECT count(*) FROM approval WHERE pending = 1), \
             coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = $1), 0), \
             (SELECT count(*) FROM chat)",
        )
        .bind(settings::DELIVERED)
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok(Counts {
            waiting: unsigned(row.0),
            held: unsigned(row.1),
            dead: unsigned(row.2),
            leased: unsigned(row.3),
            pending_approvals: unsigned(row.4),
            delivered: unsigned(row.5),
            parked_chats: unsigned(row.6),
        })
    }
}

struct Notice {
    chat: ChatId,
    work: Work,
    reply_to: Option<MessageId>,
    now: Timestamp,
}

impl Change for Notice {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let row = NewRow {
            chat: self.chat,
            priority: Priority::Approval,
            work: &self.work,
            event: None,
            reply_to: self.reply_to,
            at: self.now,
            held: false,
        };
        rows::insert(tx, &row).await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// A row as people see it.
struct QueuedRow {
    id: i64,
    chat: i64,
    kind: String,
    work: String,
    queued: i64,
    due: i64,
    held: bool,
    leased: Option<i64>,
    attempt: i64,
    parts_sent: i64,
    done: Option<String>,
    finished: Option<i64>,
    reason: Option<String>,
    body: Option<String>,
    parked: Option<String>,
}

impl FromRow<'_, SqliteRow> for QueuedRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            chat: row.try_get("chat")?,
            kind: row.try_get("kind")?,
            work: row.try_get("work")?,
            queued: row.try_get("queued")?,
            due: row.try_get("due")?,
            held: row.try_get("held")?,
            leased: row.try_get("leased")?,
            attempt: row.try_get("attempt")?,
            parts_sent: row.try_get("parts_sent")?,
            done: row.try_get("done")?,
            finished: row.try_get("finished")?,
            reason: row.try_get("reason")?,
            body: row.try_get("body")?,
            parked: row.try_get("parked")?,
        })
    }
}

impl QueuedRow {
    fn item(self) -> QueueItem {
        let event: Option<Event> = self
            .body
            .as_deref()
            .and_then(|body| from_json("event", body).ok());
        QueueItem {
            parts_sent: small(self.parts_sent),
            finished: self.finished.map(Timestamp::from_millis),
            work: from_json("work", &self.work).unwrap_or_default(),
            event: event.and_then(|event| serde_json::to_value(event).ok()),
            entry: self.entry(),
        }
    }

    /// A row that cannot be read is still shown: somebody has to see that it is there.
    fn entry(self) -> QueueEntry {
        let event: Option<Event> = self
            .body
            .as_deref()
            .and_then(|body| from_json("event", body).ok());
        let state = self.state();
        let may_be_tried = matches!(state.as_str(), "waiting" | "sending");
        QueueEntry {
            id: self.id,
            chat: self.chat,
            title: title(&self.work, event.as_ref()),
            event_id: event.map(|event| event.id),
            what: self.kind,
            state,
            attempts: small(self.attempt),
            queued: Timestamp::from_millis(self.queued),
            due: may_be_tried.then_some(Timestamp::from_millis(self.due)),
            reason: self.reason.or(self.parked),
        }
    }

    fn state(&self) -> String {
        let state = if let Some(done) = &self.done {
            done
        } else if self.leased.is_some() {
            "sending"
        } else if self.held {
            "held"
        } else if self.parked.is_some() {
            "parked"
        } else {
            "waiting"
        };
        state.to_owned()
    }
}

fn title(work: &str, event: Option<&Event>) -> String {
    if let Some(event) = event {
        return event.title.clone();
    }
    match from_json("work", work) {
        Ok(Work::Notice { text }) => text.lines().next().unwrap_or_default().to_owned(),
        Ok(Work::Held { events }) => format!("{} events held back", events.len()),
        Ok(Work::Folded { count }) => format!("{count} messages in one list"),
        Ok(Work::ListDetails { .. }) => "Details of a list".to_owned(),
        _ => String::new(),
    }
}

/// More than the longest wait between two tries of a row.
pub(crate) const FARTHEST: Duration = Duration::from_mins(2);

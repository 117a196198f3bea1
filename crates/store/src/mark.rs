//! What came of sending a row.

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use serde_json::json;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::buttons;
use crate::chats;
use crate::copies;
use crate::error::StoreError;
use crate::fold;
use crate::leaving::Left;
use crate::lost::Lost;
use crate::moving;
use crate::questions;
use crate::rows;
use crate::rows::Done;
use crate::rows::from_json;
use crate::settings;
use crate::store::Store;
use crate::tasks;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// What came of sending one row to one chat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    pub row: i64,
    pub chat: ChatId,
    pub at: Timestamp,
    pub result: Marked,
}

/// What the row becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Marked {
    /// One of several messages is sent; the row is given back for the next.
    PartSent {
        message: MessageId,
        parts_sent: u32,
    },
    /// The same where that message is a file of the event.
    FileSent {
        message: MessageId,
    },
    Done {
        message: Option<MessageId>,
    },
    /// It failed and is tried again.
    Retry {
        due: Timestamp,
    },
    /// It was not its fault: the limit, the token.
    Released,
    /// The chat does not want us until it writes again. The row waits for that.
    Parked {
        reason: String,
    },
    /// The same for an enrolled group: people are told.
    Left(Left),
    Dead {
        reason: String,
    },
    /// The chat is now this one; everything that waits moves with it.
    Migrated(ChatId),
    /// The message to edit is gone: forget it and send anew.
    Anew,
}

impl Store {
    /// Marks a leased row.
    pub async fn mark(&self, mark: Mark) -> Result<(), StoreError> {
        self.change(mark).await
    }
}

impl Change for Mark {
    type Output = ();
    // The records of a chat parked or a message given up share the fate of the mark: if a power cut takes both, the row
    // is sent again and the same is found out and recorded again.
    const DURABILITY: Durability = Durability::Normal;

    fn leaves_standing(&self) -> bool {
        matches!(
            self.result,
            Marked::PartSent { .. } | Marked::Done { .. } | Marked::Retry { .. } | Marked::Released
        )
    }

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match &self.result {
            Marked::PartSent {
                message,
                parts_sent,
            } => self.part_sent(tx, *message, *parts_sent).await?,
            Marked::FileSent { message } => self.file_sent(tx, *message).await?,
            Marked::Done { message } => self.done(tx, *message).await?,
            Marked::Retry { due } => self.retry(tx, *due).await?,
            Marked::Released => self.release(tx).await?,
            Marked::Parked { reason } => return self.park(tx, reason).await,
            Marked::Left(left) => return self.leave(tx, left).await,
            Marked::Dead { reason } => return self.dead(tx, reason).await,
            Marked::Migrated(chat) => return self.migrate(tx, *chat).await,
            Marked::Anew => self.anew(tx).await?,
        }
        tx.commit_quiet();
        Ok(())
    }
}

impl Mark {
    async fn part_sent(
        &self,
        tx: &mut Tx,
        message: MessageId,
        parts: u32,
    ) -> Result<(), StoreError> {
        let kind: Option<String> = sqlx::query_scalar(
            "UPDATE outbox SET parts_sent = $2, leased = NULL WHERE id = $1 RETURNING kind",
        )
        .bind(self.row)
        .bind(i64::from(parts))
        .fetch_optional(tx.connection())
        .await?;
        if kind.as_deref() == Some("folded") {
            fold::bind(tx, self.row, message).await?;
        }
        self.remember_part(tx, message).await
    }

    async fn file_sent(&self, tx: &mut Tx, message: MessageId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE outbox SET parts_sent = parts_sent + 1, files_sent = files_sent + 1, leased = NULL WHERE id = $1",
        )
        .bind(self.row)
        .execute(tx.connection())
        .await?;
        self.remember_part(tx, message).await
    }

    async fn done(&self, tx: &mut Tx, message: Option<MessageId>) -> Result<(), StoreError> {
        tx.known.ended();
        // What every message needs, in one go. Whatever became of the row meanwhile, Telegram has it. An edited message is
        // about the newer event now.
        let rows: Vec<MarkedRow> = sqlx::query_as(
            "INSERT INTO setting (name, value) SELECT $4, '1' FROM outbox WHERE id = $1 AND done IS NOT 'sent' \
             ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT); \
             INSERT INTO message (chat, id, event, approval, kind, sent) \
             SELECT $5, $3, event, approval, kind, $2 FROM outbox WHERE id = $1 AND $3 IS NOT NULL \
             ON CONFLICT (chat, id) DO UPDATE SET event = excluded.event, approval = excluded.approval; \
             UPDATE outbox SET done = 'sent', reason = NULL, finished = $2, leased = NULL, \
             message = coalesce($3, message) WHERE id = $1 RETURNING kind, work, approval, task",
        )
        .bind(self.row)
        .bind(self.at.as_millis())
        .bind(message.map(|id| id.0))
        .bind(settings::DELIVERED)
        .bind(self.chat.0)
        .fetch_all(tx.connection())
        .await?;
        let (Some(row), Some(message)) = (rows.first(), message) else {
            return Ok(());
        };
        match (row.kind.as_str(), &row.approval, &row.task) {
            ("approval", Some(approval), _) => {
                buttons::bind(tx, approval, self.chat, message).await
            }
            ("progress", _, Some(task)) => tasks::set_message(tx, self.chat, task, message).await,
            ("folded", _, _) => fold::bind(tx, self.row, message).await,
            ("enrolment", _, _) => {
                if let Work::Enrolment { enrolment } = from_json("work", &row.work)? {
                    questions::bind(tx, enrolment, self.chat, message).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes what a message is about that is not the row's last, for replies to it.
    async fn remember_part(&self, tx: &mut Tx, message: MessageId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO message (chat, id, event, approval, kind, sent) \
             SELECT $2, $3, event, approval, 'part', $4 FROM outbox WHERE id = $1 \
             ON CONFLICT (chat, id) DO UPDATE SET event = excluded.event, approval = excluded.approval",
        )
        .bind(self.row)
        .bind(self.chat.0)
        .bind(message.0)
        .bind(self.at.as_millis())
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn row(&self, tx: &mut Tx) -> Result<Option<MarkedRow>, StoreError> {
        let row = sqlx::query_as("SELECT kind, work, approval, task FROM outbox WHERE id = $1")
            .bind(self.row)
            .fetch_optional(tx.connection())
            .await?;
        Ok(row)
    }

    async fn retry(&self, tx: &mut Tx, due: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE outbox SET attempt = attempt + 1, due = $2 WHERE id = $1")
            .bind(self.row)
            .bind(due.as_millis())
            .execute(tx.connection())
            .await?;
        self.release(tx).await
    }

    async fn release(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("UPDATE outbox SET leased = NULL WHERE id = $1 AND done IS NULL")
            .bind(self.row)
            .execute(tx.connection())
            .await?;
        tasks::drop_if_stale(tx, self.row, self.at).await
    }

    async fn park(&self, tx: &mut Tx, reason: &str) -> Result<(), StoreError> {
        self.release(tx).await?;
        chats::park(tx, self.chat, reason, self.at).await?;
        let record = Record::new(
            self.at,
            EventName::RecipientParked,
            Actor::System,
            self.chat.to_string(),
        );
        let record = record
            .outcome(Disposition::Failure)
            .details(json!({ "reason": reason }));
        tx.commit(record.action("nothing is sent until it writes again"))
            .await
    }

    /// The park, its record and what people are told stand or fall together.
    async fn leave(&self, tx: &mut Tx, left: &Left) -> Result<(), StoreError> {
        self.release(tx).await?;
        chats::park(tx, self.chat, &left.reason, self.at).await?;
        let records = left.leave(tx).await?;
        tx.commit_each(records).await
    }

    async fn dead(&self, tx: &mut Tx, reason: &str) -> Result<(), StoreError> {
        let Some(row) = self.row(tx).await? else {
            tx.commit_quiet();
            return Ok(());
        };
        let lost = Lost {
            row: self.row,
            chat: self.chat,
            kind: &row.kind,
            approval: row.approval.as_deref(),
        };
        let records = lost.give_up(tx, reason, self.at).await?;
        tx.commit_each(records).await
    }

    async fn migrate(&self, tx: &mut Tx, to: ChatId) -> Result<(), StoreError> {
        self.release(tx).await?;
        let record = moving::move_chat(tx, (self.chat, to), self.at).await?;
        tx.commit_each(record.into_iter().collect()).await
    }

    async fn anew(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Some(row) = self.row(tx).await? else {
            return Ok(());
        };
        let work: Work = from_json("work", &row.work)?;
        if let Work::ApprovalEdit { approval } = &work {
            rows::finish(tx, self.row, Done::Superseded, None, self.at).await?;
            return copies::ask_anew(tx, *approval, self.chat, self.at).await;
        }
        if matches!(work, Work::Count | Work::Enrolment { .. }) {
            // Whoever deleted the message does not want to know how often it came, or needs no question any more.
            return rows::finish(tx, self.row, Done::Superseded, None, self.at).await;
        }
        if let (Work::Progress { .. }, Some(task)) = (&work, &row.task) {
            tasks::forget_message(tx, self.chat, task).await?;
        }
        sqlx::query("UPDATE outbox SET reply_to = NULL WHERE id = $1")
            .bind(self.row)
            .execute(tx.connection())
            .await?;
        self.release(tx).await
    }
}

struct MarkedRow {
    kind: String,
    work: String,
    approval: Option<String>,
    task: Option<String>,
}

impl FromRow<'_, SqliteRow> for MarkedRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            kind: row.try_get("kind")?,
            work: row.try_get("work")?,
            approval: row.try_get("approval")?,
            task: row.try_get("task")?,
        })
    }
}

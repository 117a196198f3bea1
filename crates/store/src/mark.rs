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
use crate::sent;
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
        let row: Option<MarkedRow> = sqlx::query_as(
            "SELECT kind, work, event, approval, task, done FROM outbox WHERE id = $1",
        )
        .bind(self.row)
        .fetch_optional(tx.connection())
        .await?;
        let Some(row) = row else {
            tx.commit_quiet();
            return Ok(());
        };
        match &self.result {
            Marked::PartSent {
                message,
                parts_sent,
            } => {
                self.part_sent(tx, &row, *message, *parts_sent).await?;
            }
            Marked::FileSent { message } => self.file_sent(tx, &row, *message).await?,
            Marked::Done { message } => self.done(tx, &row, *message).await?,
            Marked::Retry { due } => self.retry(tx, *due).await?,
            Marked::Released => self.release(tx).await?,
            Marked::Parked { reason } => return self.park(tx, reason).await,
            Marked::Left(left) => return self.leave(tx, left).await,
            Marked::Dead { reason } => return self.dead(tx, &row, reason).await,
            Marked::Migrated(chat) => return self.migrate(tx, *chat).await,
            Marked::Anew => self.anew(tx, &row).await?,
        }
        tx.commit_quiet();
        Ok(())
    }
}

impl Mark {
    async fn part_sent(
        &self,
        tx: &mut Tx,
        row: &MarkedRow,
        message: MessageId,
        parts: u32,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE outbox SET parts_sent = $2, leased = NULL WHERE id = $1")
            .bind(self.row)
            .bind(i64::from(parts))
            .execute(tx.connection())
            .await?;
        if row.kind == "folded" {
            fold::bind(tx, self.row, message).await?;
        }
        self.remember(tx, row, "part", message).await
    }

    async fn file_sent(
        &self,
        tx: &mut Tx,
        row: &MarkedRow,
        message: MessageId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE outbox SET parts_sent = parts_sent + 1, files_sent = files_sent + 1, leased = NULL WHERE id = $1",
        )
        .bind(self.row)
        .execute(tx.connection())
        .await?;
        self.remember(tx, row, "part", message).await
    }

    async fn done(
        &self,
        tx: &mut Tx,
        row: &MarkedRow,
        message: Option<MessageId>,
    ) -> Result<(), StoreError> {
        // Whatever became of the row meanwhile, Telegram has it.
        sqlx::query(
            "UPDATE outbox SET done = 'sent', reason = NULL, finished = $2, leased = NULL, \
             message = coalesce($3, message) WHERE id = $1",
        )
        .bind(self.row)
        .bind(self.at.as_millis())
        .bind(message.map(|id| id.0))
        .execute(tx.connection())
        .await?;
        if row.done.as_deref() != Some("sent") {
            settings::count_delivered(tx).await?;
        }
        tx.known.forget();
        let Some(message) = message else {
            return Ok(());
        };
        let work: Work = from_json("work", &row.work)?;
        self.remember(tx, row, rows::kind(&work), message).await?;
        if let (Work::Approval { .. }, Some(approval)) = (&work, &row.approval) {
            buttons::bind(tx, approval, self.chat, message).await?;
        }
        if let Work::Enrolment { enrolment } = &work {
            questions::bind(tx, *enrolment, self.chat, message).await?;
        }
        if let (Work::Progress { .. }, Some(task)) = (&work, &row.task) {
            tasks::set_message(tx, self.chat, task, message).await?;
        }
        if matches!(work, Work::Folded { .. }) {
            fold::bind(tx, self.row, message).await?;
        }
        Ok(())
    }

    async fn remember(
        &self,
        tx: &mut Tx,
        row: &MarkedRow,
        kind: &'static str,
        message: MessageId,
    ) -> Result<(), StoreError> {
        let (event, approval) = (row.event, row.approval.as_deref());
        let sent = sent::Sent {
            chat: self.chat,
            message,
            event,
            approval,
            kind,
            at: self.at,
        };
        sent::remember(tx, &sent).await
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

    async fn dead(&self, tx: &mut Tx, row: &MarkedRow, reason: &str) -> Result<(), StoreError> {
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

    async fn anew(&self, tx: &mut Tx, row: &MarkedRow) -> Result<(), StoreError> {
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
    event: Option<i64>,
    approval: Option<String>,
    task: Option<String>,
    done: Option<String>,
}

impl FromRow<'_, SqliteRow> for MarkedRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            kind: row.try_get("kind")?,
            work: row.try_get("work")?,
            event: row.try_get("event")?,
            approval: row.try_get("approval")?,
            task: row.try_get("task")?,
            done: row.try_get("done")?,
        })
    }
}

//! Files that travel with events: handed over in pieces, claimed by an event, read back in pieces.

use cctelegram_core::event::Attachment;
use cctelegram_core::event::Event;
use cctelegram_core::id::AttachmentId;
use cctelegram_core::id::EventId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::events;
use crate::rows::from_json;
use crate::rows::json;
use crate::rows::small;
use crate::rows::unsigned;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A file that was handed over whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upload {
    pub file: Attachment,
    /// The event that has named it.
    pub event: Option<EventId>,
}

/// A stored content, as it will be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredContent {
    pub bytes: u64,
    pub pieces: u32,
}

/// One more piece of a file.
#[derive(Clone, Debug)]
pub struct AddPiece {
    pub file: AttachmentId,
    pub number: u32,
    pub content: Vec<u8>,
    /// All files together may have so much, in bytes.
    pub max_total: u64,
    pub at: Timestamp,
}

impl Store {
    /// Stores one more piece of a file; the first one begins it. Refused when all files together then have more than they
    /// may.
    pub async fn add_piece(&self, piece: AddPiece) -> Result<(), StoreError> {
        self.change(piece).await
    }

    /// How many of the row's messages so far were files of its event.
    pub async fn files_sent(&self, row: i64) -> Result<u32, StoreError> {
        let sent: Option<i64> = sqlx::query_scalar("SELECT files_sent FROM outbox WHERE id = $1")
            .bind(row)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(small(sent.unwrap_or(0)))
    }

    /// Ends a file whose pieces are all stored: from now on an event can name it.
    pub async fn end_upload(&self, file: Attachment) -> Result<(), StoreError> {
        self.change(EndUpload(file)).await
    }

    /// A file that was handed over whole, whether or not an event has named it.
    pub async fn upload(&self, file: AttachmentId) -> Result<Option<Upload>, StoreError> {
        let found: Option<(String, Option<String>)> = sqlx::query_as(
            "SELECT a.about, e.id FROM attachment a LEFT JOIN event e ON e.key = a.event \
             WHERE a.id = $1 AND a.about IS NOT NULL",
        )
        .bind(file.to_string())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        let Some((about, event)) = found else {
            return Ok(None);
        };
        Ok(Some(Upload {
            file: from_json("attachment", &about)?,
            event: event.and_then(|id| id.parse().ok()),
        }))
    }

    /// The latest event that was taken under this id.
    pub async fn event(&self, id: &EventId) -> Result<Option<Event>, StoreError> {
        events::by_id(&mut *self.reader().await?, id).await
    }

    /// Bytes of files that no event has named.
    pub async fn unused_bytes(&self) -> Result<u64, StoreError> {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(bytes), 0) FROM attachment WHERE event IS NULL",
        )
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok(unsigned(bytes))
    }

    /// How much there is to send of a file; `None` when its content is gone.
    pub async fn content(&self, file: AttachmentId) -> Result<Option<StoredContent>, StoreError> {
        let (bytes, pieces): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(length(content)), 0), count(*) FROM attachment_piece WHERE attachment = $1",
        )
        .bind(file.to_string())
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok((pieces > 0).then_some(StoredContent {
            bytes: unsigned(bytes),
            pieces: small(pieces),
        }))
    }

    /// One piece of a file's content.
    pub async fn piece(
        &self,
        file: AttachmentId,
        number: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let content = sqlx::query_scalar(
            "SELECT content FROM attachment_piece WHERE attachment = $1 AND number = $2",
        )
        .bind(file.to_string())
        .bind(i64::from(number))
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(content)
    }

    /// Drops files that no event will name.
    pub async fn drop_unused(&self, files: Vec<AttachmentId>) -> Result<(), StoreError> {
        self.change(DropUnused(files)).await
    }

    /// Drops what was handed over before this and never named, and the content of what everybody has received. Answers
    /// how many files that were.
    pub async fn clear_attachments(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.change(Clear { before }).await
    }
}

impl Change for AddPiece {
    type Output = ();
    // The event that names the file is stored in full durability after it, which covers everything before.
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let id = self.file.to_string();
        let size = i64::try_from(self.content.len()).unwrap_or(i64::MAX);
        let stored: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(bytes), 0) FROM attachment WHERE bytes > 0")
                .fetch_one(tx.connection())
                .await?;
        if unsigned(stored.saturating_add(size)) > self.max_total {
            return Err(StoreError::FilesFull(self.max_total));
        }
        let begun = sqlx::query(
            "INSERT INTO attachment (id, bytes, received) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET bytes = bytes + $2 WHERE about IS NULL",
        )
        .bind(&id)
        .bind(size)
        .bind(self.at.as_millis())
        .execute(tx.connection())
        .await?;
        if begun.rows_affected() != 1 {
            return Err(StoreError::NoSuchFile(self.file));
        }
        sqlx::query(
            "INSERT INTO attachment_piece (attachment, number, content) VALUES ($1, $2, $3)",
        )
        .bind(&id)
        .bind(i64::from(self.number))
        .bind(self.content.as_slice())
        .execute(tx.connection())
        .await?;
        tx.commit_quiet();
        Ok(())
    }
}

struct EndUpload(Attachment);

impl Change for EndUpload {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let ended = sqlx::query("UPDATE attachment SET about = $2 WHERE id = $1 AND about IS NULL")
            .bind(self.0.id.to_string())
            .bind(json("an attachment", &self.0)?)
            .execute(tx.connection())
            .await?;
        if ended.rows_affected() != 1 {
            return Err(StoreError::NoSuchFile(self.0.id));
        }
        tx.commit_quiet();
        Ok(())
    }
}

struct DropUnused(Vec<AttachmentId>);

impl Change for DropUnused {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for file in &self.0 {
            let id = file.to_string();
            sqlx::query(
                "DELETE FROM attachment_piece WHERE attachment = $1 \
                 AND EXISTS (SELECT 1 FROM attachment a WHERE a.id = $1 AND a.event IS NULL)",
            )
            .bind(&id)
            .execute(tx.connection())
            .await?;
            sqlx::query("DELETE FROM attachment WHERE id = $1 AND event IS NULL")
                .bind(&id)
                .execute(tx.connection())
                .await?;
        }
        tx.commit_quiet();
        Ok(())
    }
}

struct Clear {
    before: Timestamp,
}

impl Change for Clear {
    type Output = u64;
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let before = self.before.as_millis();
        sqlx::query(
            "DELETE FROM attachment_piece WHERE attachment IN \
             (SELECT id FROM attachment WHERE event IS NULL AND received < $1)",
        )
        .bind(before)
        .execute(tx.connection())
        .await?;
        let unused = sqlx::query("DELETE FROM attachment WHERE event IS NULL AND received < $1")
            .bind(before)
            .execute(tx.connection())
            .await?;
        // What Telegram refused is kept with its row; an open request may be asked anew.
        let received = sqlx::query(
            "UPDATE attachment SET bytes = 0 WHERE event IS NOT NULL AND bytes > 0 \
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event = attachment.event \
                             AND (o.done IS NULL OR o.done = 'dead')) \
             AND NOT EXISTS (SELECT 1 FROM approval p WHERE p.event = attachment.event AND p.pending = 1)",
        )
        .execute(tx.connection())
        .await?;
        if received.rows_affected() > 0 {
            sqlx::query(
                "DELETE FROM attachment_piece WHERE attachment IN \
                 (SELECT id FROM attachment WHERE event IS NOT NULL AND bytes = 0)",
            )
            .execute(tx.connection())
            .await?;
        }
        tx.commit_quiet();
        Ok(unused
            .rows_affected()
            .saturating_add(received.rows_affected()))
    }
}

/// Are all of these whole, and named by no event?
pub(crate) async fn are_free(tx: &mut Tx, files: &[Attachment]) -> Result<bool, StoreError> {
    for file in files {
        let free: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM attachment WHERE id = $1 AND event IS NULL AND about IS NOT NULL",
        )
        .bind(file.id.to_string())
        .fetch_optional(tx.connection())
        .await?;
        if free.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the files those of an event, in their order.
pub(crate) async fn claim(tx: &mut Tx, event: i64, files: &[Attachment]) -> Result<(), StoreError> {
    for (position, file) in (0_i64..).zip(files) {
        let claimed = sqlx::query(
            "UPDATE attachment SET event = $2, position = $3 \
             WHERE id = $1 AND event IS NULL AND about IS NOT NULL",
        )
        .bind(file.id.to_string())
        .bind(event)
        .bind(position)
        .execute(tx.connection())
        .await?;
        if claimed.rows_affected() != 1 {
            return Err(StoreError::NoSuchFile(file.id));
        }
    }
    Ok(())
}

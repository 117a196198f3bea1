//! Requests for a decision, as they are stored and read.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Marks;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::rows::from_json;
use crate::rows::small;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    pub async fn approval(&self, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
        by_id(&mut *self.reader().await?, id).await
    }

    /// The request that a message is a copy of, or reminds of.
    pub async fn approval_of_message(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<Approval>, StoreError> {
        let row: Option<StoredApproval> = sqlx::query_as(
            "SELECT a.* FROM message m JOIN approval a ON a.id = m.approval WHERE m.chat = $1 AND m.id = $2",
        )
        .bind(chat.0)
        .bind(message.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        row.map(StoredApproval::parse).transpose()
    }

    /// Every request that waits for a decision, the oldest first. One that cannot be read back is left out and logged.
    pub async fn pending(&self) -> Result<Vec<Approval>, StoreError> {
        let rows: Vec<StoredApproval> =
            sqlx::query_as("SELECT * FROM approval WHERE pending = 1 ORDER BY asked, id")
                .fetch_all(&mut *self.reader().await?)
                .await?;
        let mut pending = Vec::with_capacity(rows.len());
        for row in rows {
            let name = format!("approval {}", row.id);
            pending.extend(unless_damaged(name, row.parse())?);
        }
        Ok(pending)
    }

    /// The requests that last only as long as somebody waits for their end, the oldest first.
    pub async fn attended(&self) -> Result<Vec<ApprovalId>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM approval WHERE pending = 1 AND attended = 1 ORDER BY asked",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut attended = Vec::with_capacity(ids.len());
        for id in ids {
            attended.extend(unless_damaged(format!("approval {id}"), parse_id(&id))?);
        }
        Ok(attended)
    }

    /// When the next request expires.
    pub async fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> =
            sqlx::query_scalar("SELECT min(expires) FROM approval WHERE pending = 1")
                .fetch_one(&mut *self.reader().await?)
                .await?;
        Ok(next.map(Timestamp::from_millis))
    }
}

pub(crate) async fn event_key(tx: &mut Tx, id: ApprovalId) -> Result<Option<i64>, StoreError> {
    let key = sqlx::query_scalar("SELECT event FROM approval WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(tx.connection())
        .await?;
    Ok(key)
}

/// Every request that waits for a decision, whether or not the rest of it can be read back.
pub(crate) async fn pending_ids(tx: &mut Tx) -> Result<Vec<ApprovalId>, StoreError> {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM approval WHERE pending = 1 ORDER BY asked, id")
            .fetch_all(tx.connection())
            .await?;
    let mut pending = Vec::with_capacity(ids.len());
    for id in ids {
        pending.extend(unless_damaged(format!("approval {id}"), parse_id(&id))?);
    }
    Ok(pending)
}

pub(crate) async fn is_pending(tx: &mut Tx, id: ApprovalId) -> Result<bool, StoreError> {
    let pending =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM approval WHERE id = $1 AND pending = 1)")
            .bind(id.to_string())
            .fetch_one(tx.connection())
            .await?;
    Ok(pending)
}

pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    id: ApprovalId,
) -> Result<Option<Approval>, StoreError> {
    let row: Option<StoredApproval> = sqlx::query_as("SELECT * FROM approval WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(StoredApproval::parse).transpose()
}

/// The request that an event made.
pub(crate) async fn of_event(tx: &mut Tx, event: i64) -> Result<Option<ApprovalId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM approval WHERE event = $1")
        .bind(event)
        .fetch_optional(tx.connection())
        .await?;
    id.map(|id| parse_id(&id)).transpose()
}

pub(crate) fn parse_id(text: &str) -> Result<ApprovalId, StoreError> {
    text.parse()
        .map_err(|error: uuid::Error| StoreError::damaged("approval id")(error.into()))
}

/// An approval's row, not parsed yet.
struct StoredApproval {
    id: String,
    event_id: String,
    options: String,
    digest: String,
    asked: i64,
    expires: Option<i64>,
    form: String,
    marks: i64,
    state: String,
}

impl FromRow<'_, SqliteRow> for StoredApproval {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            event_id: row.try_get("event_id")?,
            options: row.try_get("options")?,
            digest: row.try_get("digest")?,
            asked: row.try_get("asked")?,
            expires: row.try_get("expires")?,
            form: row.try_get("form")?,
            marks: row.try_get("marks")?,
            state: row.try_get("state")?,
        })
    }
}

impl StoredApproval {
    fn parse(self) -> Result<Approval, StoreError> {
        Ok(Approval {
            id: parse_id(&self.id)?,
            event: EventId::try_from(self.event_id)
                .map_err(|error| StoreError::damaged("event id")(error.into()))?,
            options: from_json("options", &self.options)?,
            digest: self.digest,
            asked: Timestamp::from_millis(self.asked),
            expires: self.expires.map(Timestamp::from_millis),
            form: from_json("an approval's form", &self.form)?,
            marks: Marks::from_bits(small(self.marks)),
            state: from_json("an approval's state", &self.state)?,
        })
    }
}

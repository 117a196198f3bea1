//! Requests for a decision: reading them, and ending them without one. Decisions are in `dispatch`.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::time::Timestamp;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::responses;
use crate::rows;
use crate::rows::NewRow;
use crate::rows::from_json;
use crate::rows::json;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    pub async fn approval(&self, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
        by_id(&mut *self.reader().await?, id).await
    }

    /// The latest request of an event.
    pub async fn approval_of_event(&self, event: &EventId) -> Result<Option<Approval>, StoreError> {
        of_event(&mut *self.reader().await?, event).await
    }

    /// Every request that waits for a decision, the oldest first.
    pub async fn pending(&self) -> Result<Vec<Approval>, StoreError> {
        let rows: Vec<StoredApproval> =
            sqlx::query_as("SELECT * FROM approval WHERE pending = 1 ORDER BY asked, id")
                .fetch_all(&mut *self.reader().await?)
                .await?;
        rows.into_iter().map(StoredApproval::parse).collect()
    }

    /// Ends a pending request as withdrawn, answered elsewhere or expired, tells every chat that has a copy, and writes
    /// the answer. Answers the request as it ended; nothing if it was not pending, and then nothing is recorded either.
    pub async fn end(
        &self,
        id: ApprovalId,
        state: State,
        record: Record,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        self.change(End {
            id,
            state,
            record,
            now,
        })
        .await
    }

    /// Ends every request whose time is over; answers which.
    pub async fn expire_due(&self, now: Timestamp) -> Result<Vec<ApprovalId>, StoreError> {
        self.change(ExpireDue { now }).await
    }

    /// When the next request expires.
    pub async fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> =
            sqlx::query_scalar("SELECT min(expires) FROM approval WHERE pending = 1")
                .fetch_one(&mut *self.reader().await?)
                .await?;
        Ok(next.map(Timestamp::from_millis))
    }

    /// Queues an edit of every copy of every pending request, after a gap in which presses were lost. Answers how many.
    pub async fn touch_open(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.change(TouchOpen { now }).await
    }
}

struct End {
    id: ApprovalId,
    state: State,
    record: Record,
    now: Timestamp,
}

impl Change for End {
    type Output = Option<Approval>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Approval>, StoreError> {
        if !matches!(
            self.state,
            State::Withdrawn { .. } | State::Locally { .. } | State::Expired { .. }
        ) {
            return Err(StoreError::NotAnEnding);
        }
        let ended = end(tx, self.id, &self.state, self.now).await?;
        match ended {
            Some(_) => tx.commit(self.record.clone()).await?,
            None => tx.commit_quiet(),
        }
        Ok(ended)
    }
}

struct ExpireDue {
    now: Timestamp,
}

impl Change for ExpireDue {
    type Output = Vec<ApprovalId>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<ApprovalId>, StoreError> {
        let due: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM approval WHERE pending = 1 AND expires <= $1 ORDER BY expires, id",
        )
        .bind(self.now.as_millis())
        .fetch_all(tx.connection())
        .await?;
        let mut ended = Vec::with_capacity(due.len());
        for id in due {
            let id = parse_id(&id)?;
            let Some(approval) = end(tx, id, &State::Expired { at: self.now }, self.now).await?
            else {
                continue;
            };
            let details = serde_json::json!({ "event": approval.event, "digest": approval.digest });
            let record = Record::new(
                self.now,
                EventName::ApprovalExpired,
                Actor::System,
                id.to_string(),
            );
            tx.record(record.details(details).action("nobody decided in time"))
                .await?;
            ended.push(id);
        }
        // Every request that ended has its own record above; with none there is nothing to tell.
        tx.commit_quiet();
        Ok(ended)
    }
}

struct TouchOpen {
    now: Timestamp,
}

impl Change for TouchOpen {
    type Output = u64;
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let open: Vec<String> = sqlx::query_scalar("SELECT id FROM approval WHERE pending = 1")
            .fetch_all(tx.connection())
            .await?;
        let mut queued = 0;
        for id in open {
            let id = parse_id(&id)?;
            for chat in copies(tx, id, Copies::Sent).await? {
                queued += u64::from(queue_edit(tx, id, chat, self.now).await?);
            }
        }
        tx.commit_quiet();
        Ok(queued)
    }
}

async fn end(
    tx: &mut Tx,
    id: ApprovalId,
    state: &State,
    now: Timestamp,
) -> Result<Option<Approval>, StoreError> {
    if !leave_pending(tx, id, state, None).await? {
        return Ok(None);
    }
    let Some(approval) = by_id(tx.connection(), id).await? else {
        return Ok(None);
    };
    tell_copies(tx, id, now).await?;
    responses::of_ending(tx, &approval, now).await?;
    Ok(Some(approval))
}

/// Moves a request from pending to `state`: exactly one caller succeeds. With `before`, only if it has not expired then.
pub(crate) async fn leave_pending(
    tx: &mut Tx,
    id: ApprovalId,
    state: &State,
    before: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = sqlx::query(
        "UPDATE approval SET pending = 0, state = $2 \
         WHERE id = $1 AND pending = 1 AND (expires IS NULL OR $3 IS NULL OR expires > $3)",
    )
    .bind(id.to_string())
    .bind(json("an approval's state", state)?)
    .bind(before.map(Timestamp::as_millis))
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// After a request ended: copies that wait are not sent any more, copies that were sent are brought up to date. What a
/// mute holds back stays, to be listed when it ends.
pub(crate) async fn tell_copies(
    tx: &mut Tx,
    id: ApprovalId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for chat in copies(tx, id, Copies::SentOrLeased).await? {
        queue_edit(tx, id, chat, now).await?;
    }
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

enum Copies {
    Sent,
    SentOrLeased,
}

async fn copies(tx: &mut Tx, id: ApprovalId, which: Copies) -> Result<Vec<ChatId>, StoreError> {
    let sql = match which {
        Copies::Sent => {
            "SELECT DISTINCT chat FROM outbox WHERE approval = $1 AND kind = 'approval' \
             AND done = 'sent' AND message IS NOT NULL ORDER BY chat"
        }
        Copies::SentOrLeased => {
            "SELECT DISTINCT chat FROM outbox WHERE approval = $1 AND kind = 'approval' \
             AND ((done = 'sent' AND message IS NOT NULL) OR (done IS NULL AND leased IS NOT NULL)) ORDER BY chat"
        }
    };
    let chats: Vec<i64> = sqlx::query_scalar(sql)
        .bind(id.to_string())
        .fetch_all(tx.connection())
        .await?;
    Ok(chats.into_iter().map(ChatId).collect())
}

/// Queues an edit unless one waits already. One that is being sent may carry the old state, so it does not count.
async fn queue_edit(
    tx: &mut Tx,
    id: ApprovalId,
    chat: ChatId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let waiting: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE approval = $1 AND chat = $2 AND kind = 'approval_edit' \
         AND done IS NULL AND leased IS NULL)",
    )
    .bind(id.to_string())
    .bind(chat.0)
    .fetch_one(tx.connection())
    .await?;
    if waiting {
        return Ok(false);
    }
    let work = Work::ApprovalEdit { approval: id };
    let event = event_key(tx, id).await?;
    let row = NewRow {
        chat,
        priority: Priority::Approval,
        work: &work,
        event,
        reply_to: None,
        at: now,
        held: false,
    };
    rows::insert(tx, &row).await?;
    Ok(true)
}

pub(crate) async fn event_key(tx: &mut Tx, id: ApprovalId) -> Result<Option<i64>, StoreError> {
    let key = sqlx::query_scalar("SELECT event FROM approval WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(tx.connection())
        .await?;
    Ok(key)
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

pub(crate) async fn of_event(
    connection: &mut SqliteConnection,
    event: &EventId,
) -> Result<Option<Approval>, StoreError> {
    let row: Option<StoredApproval> =
        sqlx::query_as("SELECT * FROM approval WHERE event_id = $1 ORDER BY asked DESC LIMIT 1")
            .bind(event.as_str())
            .fetch_optional(connection)
            .await?;
    row.map(StoredApproval::parse).transpose()
}

pub(crate) async fn insert(tx: &mut Tx, approval: &Approval, event: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO approval (id, event, event_id, options, digest, asked, expires, pending, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)",
    )
    .bind(approval.id.to_string())
    .bind(event)
    .bind(approval.event.as_str())
    .bind(json("options", &approval.options)?)
    .bind(&approval.digest)
    .bind(approval.asked.as_millis())
    .bind(approval.expires.map(Timestamp::as_millis))
    .bind(json("an approval's state", &approval.state)?)
    .execute(tx.connection())
    .await?;
    Ok(())
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
            state: from_json("an approval's state", &self.state)?,
        })
    }
}

//! What somebody at the machine does with a message of the queue: try it again now, or drop it.

use std::collections::BTreeSet;

use cctelegram_core::api::Dropped;
use cctelegram_core::api::Kept;
use cctelegram_core::api::Moved;
use cctelegram_core::api::Retried;
use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::mode::Mode;
use cctelegram_core::time::Timestamp;
use serde_json::json;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::approvals;
use crate::chats;
use crate::copies;
use crate::endings;
use crate::error::StoreError;
use crate::events;
use crate::groups;
use crate::rows::unless_damaged;
use crate::settings;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// Messages that are to be tried again now.
#[derive(Clone, Debug)]
pub struct Requeue {
    pub which: Which,
    /// Who may be written to, beside enrolled groups: a message for anybody else stays where it is.
    pub allowed: BTreeSet<ChatId>,
    pub actor: Actor,
    pub at: Timestamp,
}

/// Which messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    Row(i64),
    /// Everything that was given up.
    Dead,
}

/// A message that is not to be sent any more.
#[derive(Clone, Debug)]
pub struct DropRow {
    pub row: i64,
    pub actor: Actor,
    pub at: Timestamp,
}

/// Why a message stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unmoved {
    #[error("there is no such message")]
    Unknown,
    #[error("it is being sent at this moment; look again when that has ended")]
    Sending,
    #[error("it is held back because the bridge is mute; `cctelegram mode` ends that")]
    Held,
    #[error("it is over: {0}")]
    Over(String),
    #[error("the request that it asks about has ended; ask again")]
    Ended,
    #[error("newer progress of the same task was queued since, or the task has ended")]
    Superseded,
    #[error("chat {0} is not a recipient any more")]
    NotARecipient(ChatId),
}

impl Store {
    /// Makes messages due now, those that were given up too. One of a parked chat lets messages go there again.
    pub async fn requeue(&self, requeue: Requeue) -> Result<Result<Retried, Unmoved>, StoreError> {
        self.change(requeue).await
    }

    /// Drops a message that waits, is held back or was given up. A request whose last copy it was is withdrawn.
    pub async fn drop_row(&self, drop: DropRow) -> Result<Result<Dropped, Unmoved>, StoreError> {
        self.change(drop).await
    }
}

impl Change for Requeue {
    type Output = Result<Retried, Unmoved>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Result<Retried, Unmoved>, StoreError> {
        let rows = match self.which {
            Which::Row(row) => vec![row],
            Which::Dead => {
                sqlx::query_scalar("SELECT id FROM outbox WHERE done = 'dead' ORDER BY id")
                    .fetch_all(tx.connection())
                    .await?
            }
        };
        let groups = groups::all(tx.connection()).await?;
        let mut allowed = self.allowed.clone();
        allowed.extend(groups.iter().map(|group| group.chat));
        let (mut retried, mut records) = (Retried::default(), Vec::new());
        for id in rows {
            match self.retry(tx, id, &allowed).await? {
                Ok((state, record)) => {
                    retried.retried.push(Moved { id, state });
                    records.push(record);
                }
                Err(unmoved) if self.which == Which::Row(id) => {
                    tx.commit_quiet();
                    return Ok(Err(unmoved));
                }
                Err(unmoved) => retried.kept.push(Kept {
                    id,
                    reason: unmoved.to_string(),
                }),
            }
        }
        tx.commit_each(records).await?;
        Ok(Ok(retried))
    }
}

impl Requeue {
    /// Answers the new state and the record.
    async fn retry(
        &self,
        tx: &mut Tx,
        id: i64,
        allowed: &BTreeSet<ChatId>,
    ) -> Result<Result<(String, Record), Unmoved>, StoreError> {
        let Some(row) = RowFacts::by_id(tx, id).await? else {
            return Ok(Err(Unmoved::Unknown));
        };
        if let Err(unmoved) = row.may_be_tried(allowed) {
            return Ok(Err(unmoved));
        }
        let held = row.is_held_back(tx, self.at).await?;
        // What was sent of a long message is not sent twice.
        sqlx::query(
            "UPDATE outbox SET due = $2, held = $3, attempt = CASE WHEN done IS NULL THEN attempt ELSE 0 END, \
             done = NULL, finished = NULL, reason = NULL WHERE id = $1",
        )
        .bind(id)
        .bind(self.at.as_millis())
        .bind(i64::from(held))
        .execute(tx.connection())
        .await?;
        tx.known.forget();
        chats::unpark(tx, row.chat).await?;
        let record = Record::new(
            self.at,
            EventName::MessageRetried,
            self.actor.clone(),
            row.chat.to_string(),
        );
        let details =
            json!({ "row": id, "what": row.kind, "was": row.state, "reason": row.reason });
        let record = record.details(details).action("to be sent now");
        let state = if held { "held" } else { "waiting" };
        Ok(Ok((state.to_owned(), record)))
    }
}

impl Change for DropRow {
    type Output = Result<Dropped, Unmoved>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Result<Dropped, Unmoved>, StoreError> {
        let found = RowFacts::by_id(tx, self.row).await?;
        let row = match found
            .ok_or(Unmoved::Unknown)
            .and_then(RowFacts::may_be_dropped)
        {
            Ok(row) => row,
            Err(unmoved) => {
                tx.commit_quiet();
                return Ok(Err(unmoved));
            }
        };
        let mut records = Vec::new();
        let mut withdrawn = None;
        sqlx::query("UPDATE outbox SET done = 'dropped', finished = $2 WHERE id = $1")
            .bind(self.row)
            .bind(self.at.as_millis())
            .execute(tx.connection())
            .await?;
        tx.known.forget();
        if let ("approval", true, Some(approval)) =
            (row.kind.as_str(), row.is_pending, &row.approval)
            && !copies::has_other(tx, self.row, approval).await?
        {
            let record;
            (withdrawn, record) = self.withdraw(tx, approval).await?;
            records.extend(record);
        }
        let (name, target) = (EventName::MessageDropped, row.chat.to_string());
        let record = Record::new(self.at, name, self.actor.clone(), target);
        let details =
            json!({ "row": self.row, "what": row.kind, "was": row.state, "reason": row.reason });
        records.push(record.details(details).action("never to be sent"));
        tx.commit_each(records).await?;
        Ok(Ok(Dropped {
            id: self.row,
            withdrawn,
        }))
    }
}

impl DropRow {
    /// Ends a request that nobody can be asked any more. One that cannot be read back ends as undeliverable.
    async fn withdraw(
        &self,
        tx: &mut Tx,
        approval: &str,
    ) -> Result<(Option<ApprovalId>, Option<Record>), StoreError> {
        let readable = match approvals::parse_id(approval) {
            Ok(id) => approvals::by_id(tx.connection(), id).await,
            Err(error) => Err(error),
        };
        let Some(Some(readable)) = unless_damaged(format!("approval {approval}"), readable)? else {
            let record = endings::undeliverable(tx, approval, LAST_COPY, self.at).await?;
            return Ok((None, record));
        };
        let state = State::Withdrawn { at: self.at };
        let ended = endings::end(tx, readable.id, &state, self.at).await?;
        let record = ended.is_some().then(|| {
            let (name, target) = (EventName::ApprovalWithdrawn, format!("approval {approval}"));
            let record = Record::new(self.at, name, self.actor.clone(), target);
            record.details(json!({ "row": self.row })).action(LAST_COPY)
        });
        Ok((ended.map(|ended| ended.id), record))
    }
}

/// What there is to know of a row before it is moved.
struct RowFacts {
    chat: ChatId,
    kind: String,
    event: Option<i64>,
    /// Has Telegram taken some of its messages?
    has_begun: bool,
    /// As people see it.
    state: String,
    approval: Option<String>,
    /// Does its request still wait for a decision?
    is_pending: bool,
    /// Is there nothing left that its progress could say?
    is_stale: bool,
    reason: Option<String>,
}

impl RowFacts {
    async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query_as(
            "SELECT o.chat, o.kind, o.event, o.parts_sent > 0 AS begun, o.approval, o.reason, CASE WHEN o.done IS NOT NULL THEN o.done \
                WHEN o.leased IS NOT NULL THEN 'sending' WHEN o.held = 1 THEN 'held' \
                WHEN EXISTS (SELECT 1 FROM chat p WHERE p.id = o.chat) THEN 'parked' ELSE 'waiting' END AS state, \
             EXISTS (SELECT 1 FROM approval a WHERE a.id = o.approval AND a.pending = 1) AS pending, \
             o.kind = 'progress' AND (o.task IS NULL OR EXISTS (SELECT 1 FROM outbox n WHERE n.task = o.task \
                AND n.chat = o.chat AND n.kind = 'progress' AND n.id > o.id)) AS stale \
             FROM outbox o WHERE o.id = $1",
        )
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
        Ok(row)
    }

    fn may_be_tried(&self, allowed: &BTreeSet<ChatId>) -> Result<(), Unmoved> {
        match self.state.as_str() {
            "waiting" | "parked" | "dead" => {}
            "held" => return Err(Unmoved::Held),
            "sending" => return Err(Unmoved::Sending),
            over => return Err(Unmoved::Over(over.to_owned())),
        }
        if !allowed.contains(&self.chat) {
            return Err(Unmoved::NotARecipient(self.chat));
        }
        if self.kind == "approval" && !self.is_pending {
            return Err(Unmoved::Ended);
        }
        if self.is_stale {
            return Err(Unmoved::Superseded);
        }
        Ok(())
    }

    fn may_be_dropped(self) -> Result<Self, Unmoved> {
        match self.state.as_str() {
            "waiting" | "parked" | "held" | "dead" => Ok(self),
            "sending" => Err(Unmoved::Sending),
            over => Err(Unmoved::Over(over.to_owned())),
        }
    }

    /// Does a mute hold it back? It does so with what tells of an event, except a security alert and what has begun to be
    /// sent; answers to somebody who just wrote go out.
    async fn is_held_back(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
        let tells = matches!(self.kind.as_str(), "event" | "progress" | "approval");
        let Some(key) = self.event.filter(|_| tells && !self.has_begun) else {
            return Ok(false);
        };
        if !settings::is_mute(tx, now).await? {
            return Ok(false);
        }
        let event = events::by_key(tx.connection(), key).await;
        let event = unless_damaged("an event that is tried again", event)?.flatten();
        Ok(event.is_some_and(|event| Mode::Mute.holds(&event)))
    }
}

impl FromRow<'_, SqliteRow> for RowFacts {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            chat: ChatId(row.try_get("chat")?),
            kind: row.try_get("kind")?,
            event: row.try_get("event")?,
            has_begun: row.try_get("begun")?,
            state: row.try_get("state")?,
            approval: row.try_get("approval")?,
            is_pending: row.try_get("pending")?,
            is_stale: row.try_get("stale")?,
            reason: row.try_get("reason")?,
        })
    }
}

const LAST_COPY: &str = "its last copy was dropped from the queue";

//! Taking rows out of the outbox to send them.

use cctelegram_core::approval::Approval;
use cctelegram_core::approval::State;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::approvals;
use crate::copies;
use crate::error::StoreError;
use crate::fold;
use crate::lost::Lost;
use crate::questions;
use crate::questions::Question;
use crate::repeat;
use crate::rows;
use crate::rows::Done;
use crate::rows::from_json;
use crate::rows::small;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tasks;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A row that is being sent. Nothing else is sent to its chat before it is marked.
#[derive(Clone, PartialEq, Debug)]
pub struct Leased {
    pub row: i64,
    pub chat: ChatId,
    pub work: Work,
    pub attempt: u32,
    /// How many of its messages Telegram has taken already.
    pub parts_sent: u32,
    pub event: Option<Event>,
    pub approval: Option<Approval>,
    /// The message to edit: the progress message of the task, the copy of the request that has the buttons, or the first
    /// message of the event that came again.
    pub message: Option<MessageId>,
    /// How often the row's event came, where its message tells.
    pub count: u32,
    /// For lists and their details: the listed events.
    pub held_events: Vec<Event>,
    pub reply_to: Option<MessageId>,
}

/// What came of leasing rows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeasedRows {
    pub rows: Vec<Leased>,
    pub given_up: Vec<GivenUp>,
}

/// A row that will never be sent, because what was stored cannot be read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenUp {
    pub row: i64,
    pub chat: ChatId,
    /// The event that it was about.
    pub event: Option<EventId>,
}

impl Store {
    /// Leases those of `rows` that may still be sent. Requests that are decided by now, and edits of copies that were
    /// never sent, are ended instead.
    pub async fn lease(&self, rows: Vec<i64>, now: Timestamp) -> Result<LeasedRows, StoreError> {
        self.change(Lease { rows, now }).await
    }

    /// Gives back what was being sent when the program ended. Answers how many.
    pub async fn void_leases(&self) -> Result<u64, StoreError> {
        self.change(VoidLeases).await
    }
}

struct Lease {
    rows: Vec<i64>,
    now: Timestamp,
}

impl Change for Lease {
    type Output = LeasedRows;
    // As with marks: what a power cut takes of a row that is given up is found out and recorded again.
    const DURABILITY: Durability = Durability::Normal;

    fn leaves_standing(&self) -> bool {
        true
    }

    async fn apply(&self, tx: &mut Tx) -> Result<LeasedRows, StoreError> {
        let mut leased = LeasedRows::default();
        for row in self.take(tx).await? {
            match load(tx, &row).await {
                Ok(Loaded::Ready(ready)) => leased.rows.push(*ready),
                Ok(Loaded::Pointless) => {
                    rows::finish(tx, row.id, Done::Superseded, None, self.now).await?;
                }
                // Left in the queue it would come up again for ever, and everything behind it would wait.
                Err(error @ StoreError::Damaged { .. }) => {
                    leased
                        .given_up
                        .push(give_up(tx, &row, &error, self.now).await?);
                }
                Err(error) => return Err(error),
            }
        }
        tx.commit_quiet();
        Ok(leased)
    }
}

impl Lease {
    /// Leases what may be leased of the rows, in their order; of several to one chat the oldest.
    async fn take(&self, tx: &mut Tx) -> Result<Vec<StoredRow>, StoreError> {
        let mut rows: Vec<StoredRow> = sqlx::query_as(
            "UPDATE outbox SET leased = $2 WHERE id IN ( \
                SELECT min(o.id) FROM json_each($1) wish JOIN outbox o ON o.id = wish.value GROUP BY o.chat) \
             AND done IS NULL AND held = 0 AND leased IS NULL \
             AND (chat > 0 OR EXISTS (SELECT 1 FROM enrolled_chat g WHERE outbox.chat IN (g.id, g.former))) \
             AND NOT EXISTS (SELECT 1 FROM chat p WHERE p.id = outbox.chat) \
             AND NOT EXISTS (SELECT 1 FROM outbox l WHERE l.chat = outbox.chat AND l.done IS NULL AND l.leased IS NOT NULL) \
             RETURNING id, chat, kind, work, event, approval, task, reply_to, attempt, parts_sent, \
             (SELECT e.body FROM event e WHERE e.key = outbox.event) AS body, \
             (SELECT r.count FROM repeat r WHERE r.event = outbox.event) AS count",
        )
        .bind(rows::json("the rows to lease", &self.rows)?)
        .bind(self.now.as_millis())
        .fetch_all(tx.connection())
        .await?;
        rows.sort_by_key(|row| self.rows.iter().position(|id| *id == row.id));
        Ok(rows)
    }
}

struct VoidLeases;

impl Change for VoidLeases {
    type Output = u64;
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let voided = sqlx::query(
            "UPDATE outbox SET leased = NULL WHERE done IS NULL AND leased IS NOT NULL",
        )
        .execute(tx.connection())
        .await?;
        tx.commit_quiet();
        Ok(voided.rows_affected())
    }
}

struct StoredRow {
    id: i64,
    chat: i64,
    kind: String,
    work: String,
    event: Option<i64>,
    approval: Option<String>,
    task: Option<String>,
    reply_to: Option<i64>,
    attempt: i64,
    parts_sent: i64,
    /// The event.
    body: Option<String>,
    /// How often it came, if more than once may be told.
    count: Option<i64>,
}

impl FromRow<'_, SqliteRow> for StoredRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            chat: row.try_get("chat")?,
            kind: row.try_get("kind")?,
            work: row.try_get("work")?,
            event: row.try_get("event")?,
            approval: row.try_get("approval")?,
            task: row.try_get("task")?,
            reply_to: row.try_get("reply_to")?,
            attempt: row.try_get("attempt")?,
            parts_sent: row.try_get("parts_sent")?,
            body: row.try_get("body")?,
            count: row.try_get("count")?,
        })
    }
}

enum Loaded {
    Ready(Box<Leased>),
    Pointless,
}

async fn load(tx: &mut Tx, row: &StoredRow) -> Result<Loaded, StoreError> {
    let work: Work = from_json("work", &row.work)?;
    let approval = match rows::approval_of(&work) {
        Some(id) => approvals::by_id(tx.connection(), id).await?,
        None => None,
    };
    let message = match target(tx, row, &work, approval.as_ref()).await? {
        Target::New => None,
        Target::Edit(message) => Some(message),
        Target::Pointless => return Ok(Loaded::Pointless),
    };
    let event = row.body.as_deref().map(|body| from_json("event", body));
    let told = matches!(work, Work::Event | Work::Count);
    let count = row.count.filter(|_| told).map_or(1, small);
    let held_events = listed(tx, row.id, &work).await?;
    Ok(Loaded::Ready(Box::new(Leased {
        row: row.id,
        chat: ChatId(row.chat),
        work,
        attempt: small(row.attempt),
        parts_sent: small(row.parts_sent),
        event: event.transpose()?,
        approval,
        message,
        count,
        held_events,
        reply_to: row.reply_to.map(MessageId),
    })))
}

/// What the row's work is done to.
enum Target {
    New,
    Edit(MessageId),
    Pointless,
}

async fn target(
    tx: &mut Tx,
    row: &StoredRow,
    work: &Work,
    approval: Option<&Approval>,
) -> Result<Target, StoreError> {
    let chat = ChatId(row.chat);
    Ok(match work {
        Work::Approval { .. } | Work::Reminder { .. }
            if approval.is_none_or(|found| found.state != State::Pending) =>
        {
            Target::Pointless
        }
        Work::ApprovalEdit { approval } => {
            let copy = copies::message(tx, *approval, chat).await?;
            copy.map_or(Target::Pointless, Target::Edit)
        }
        Work::Progress { .. } => match &row.task {
            Some(task) => {
                let message = tasks::message(tx, chat, task).await?;
                message.map_or(Target::New, Target::Edit)
            }
            None => Target::Pointless,
        },
        Work::Count => match repeat::first_message(tx, row.event, chat).await? {
            Some(first) => Target::Edit(first),
            None if repeat::stayed_behind(tx, row.event, chat).await? => Target::New,
            None => Target::Pointless,
        },
        Work::Enrolment { enrolment } => match questions::question(tx, *enrolment, chat).await? {
            Question::Send => Target::New,
            Question::Edit(message) => Target::Edit(message),
            Question::Nothing => Target::Pointless,
        },
        Work::Approval { .. }
        | Work::Reminder { .. }
        | Work::Event
        | Work::Details
        | Work::Notice { .. }
        | Work::Held { .. }
        | Work::Folded { .. }
        | Work::ListDetails { .. } => Target::New,
    })
}

/// The events that the row is a list of, or tells the details of.
async fn listed(tx: &mut Tx, row: i64, work: &Work) -> Result<Vec<Event>, StoreError> {
    match work {
        Work::Held { events } => held(tx, events).await,
        Work::Folded { .. } => fold::events(tx.connection(), row).await,
        Work::ListDetails { list } => fold::events(tx.connection(), *list).await,
        Work::Event
        | Work::Progress { .. }
        | Work::Approval { .. }
        | Work::ApprovalEdit { .. }
        | Work::Reminder { .. }
        | Work::Details
        | Work::Notice { .. }
        | Work::Enrolment { .. }
        | Work::Count => Ok(Vec::new()),
    }
}

async fn held(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let event = repeat::counted_by_id(tx, id).await;
        found.extend(unless_damaged(format!("event {id}"), event)?.flatten());
    }
    Ok(found)
}

async fn give_up(
    tx: &mut Tx,
    row: &StoredRow,
    error: &StoreError,
    now: Timestamp,
) -> Result<GivenUp, StoreError> {
    let lost = Lost {
        row: row.id,
        chat: ChatId(row.chat),
        kind: &row.kind,
        approval: row.approval.as_deref(),
    };
    for record in lost.give_up(tx, &error.to_string(), now).await? {
        tx.record(record).await?;
    }
    let event: Option<String> = sqlx::query_scalar("SELECT id FROM event WHERE key = $1")
        .bind(row.event)
        .fetch_optional(tx.connection())
        .await?;
    Ok(GivenUp {
        row: row.id,
        chat: ChatId(row.chat),
        event: event.and_then(|id| id.parse().ok()),
    })
}

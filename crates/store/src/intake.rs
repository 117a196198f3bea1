//! Taking events: one transaction stores the event, a row per recipient, the request for a decision and the record.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::Marks;
use cctelegram_core::approval::State;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery;
use cctelegram_core::delivery::Priority;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::approvals;
use crate::attachments;
use crate::backlog;
use crate::chats;
use crate::error::StoreError;
use crate::repeat;
use crate::repeat::Likeness;
use crate::rows;
use crate::rows::Done;
use crate::store::Store;
use crate::tasks;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// An event to be taken.
#[derive(Clone, PartialEq, Debug)]
pub struct Accept {
    /// Redacted already: it is stored as it is.
    pub event: Event,
    /// The digest of the event as it came, before anything was masked: with the id it makes out who repeats themselves.
    pub content: Digest,
    pub recipients: BTreeSet<ChatId>,
    pub priority: Priority,
    pub received: Timestamp,
    /// Keep it back until the mute ends.
    pub hold: bool,
    /// What makes it the same as another one; `None` where each gets a message of its own.
    pub likeness: Option<Likeness>,
    pub ask: Option<Ask>,
    /// How many events may wait.
    pub max_queue: u64,
    /// Take it even if the queue is full: the bridge's own alerts.
    pub exempt: bool,
    pub actor: Actor,
}

/// What makes an event a request for a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    pub id: ApprovalId,
    pub digest: String,
    pub expires: Option<Timestamp>,
    /// Nobody is told before this.
    pub not_before: Option<Timestamp>,
    pub form: AnswerForm,
    /// It lasts only as long as somebody waits for its end.
    pub attended: bool,
    /// When people are told once more.
    pub remind: Option<Timestamp>,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AcceptOutcome {
    Stored,
    /// The same event was taken within the last seven days; nothing was stored. Its request, if it made one.
    Duplicate {
        approval: Option<ApprovalId>,
    },
    /// Another event was taken under this id within the last seven days; nothing was stored.
    Conflict,
    /// Too many events wait; nothing was stored.
    Full,
    /// A file that it names is not there, or is another event's; nothing was stored.
    NoSuchFile,
}

impl Store {
    /// Takes an event. Safe to repeat: id and content make the second time a duplicate.
    pub async fn accept(&self, accept: Accept) -> Result<AcceptOutcome, StoreError> {
        self.change(accept).await
    }
}

impl Change for Accept {
    type Output = AcceptOutcome;
    const DURABILITY: Durability = Durability::Full;

    fn leaves_standing(&self) -> bool {
        true
    }

    async fn apply(&self, tx: &mut Tx) -> Result<AcceptOutcome, StoreError> {
        if self.recipients.is_empty() {
            return Err(StoreError::Nobody);
        }
        if let Some(outcome) = self.seen(tx).await? {
            tx.commit_quiet();
            return Ok(outcome);
        }
        if !attachments::are_free(tx, &self.event.attachments).await? {
            tx.commit_quiet();
            return Ok(AcceptOutcome::NoSuchFile);
        }
        let parked = chats::parked_among(tx, &self.recipients).await?;
        let scope = backlog::Scope::of(&self.recipients, &parked);
        if !self.exempt && !backlog::has_room(tx, scope, self.max_queue).await? {
            tx.commit_quiet();
            return Ok(AcceptOutcome::Full);
        }
        self.store(tx, &parked).await?;
        Ok(AcceptOutcome::Stored)
    }
}

impl Accept {
    /// What an id that was taken before makes of this event.
    async fn seen(&self, tx: &mut Tx) -> Result<Option<AcceptOutcome>, StoreError> {
        self.purge(tx).await?;
        let seen: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT event, content FROM seen WHERE event_id = $1 AND received > $2")
                .bind(self.event.id.as_str())
                .bind(self.received.minus(REMEMBERED).as_millis())
                .fetch_optional(tx.connection())
                .await?;
        let Some((key, content)) = seen else {
            return Ok(None);
        };
        if Digest::from_bytes(&content) != Some(self.content) {
            return Ok(Some(AcceptOutcome::Conflict));
        }
        let approval = approvals::of_event(tx, key).await?;
        Ok(Some(AcceptOutcome::Duplicate { approval }))
    }

    /// Makes room of what no id or repeat is compared with any more, now and then.
    async fn purge(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let is_recent = |purged: Timestamp| {
            purged <= self.received && self.received.since(purged) < PURGED_APART
        };
        if !tx.known.purged.is_some_and(is_recent) {
            forget_old(tx.connection(), self.received).await?;
            repeat::forget_old(tx, self.received).await?;
            tx.known.purged = Some(self.received);
        }
        Ok(())
    }

    async fn store(&self, tx: &mut Tx, parked: &BTreeSet<ChatId>) -> Result<(), StoreError> {
        if let Some(task) = &self.event.task_id
            && delivery::ends_task(&self.event.kind)
        {
            tasks::end(tx, task, self.received).await?;
        }
        if let Some(first) = repeat::count_again(tx, self).await? {
            let key = self.insert(tx, &self.work(), None).await?;
            attachments::claim(tx, key, &self.event.attachments).await?;
            return tx.commit(repeat::repeating(self.record(), &first)).await;
        }
        let work = self.work();
        if let Work::Progress { task } = &work {
            for chat in &self.recipients {
                tasks::supersede_waiting(tx, *chat, task, self.received).await?;
            }
        }
        let overfull = self.overfull(tx, parked).await?;
        let key = self.insert(tx, &work, Some(&self.recipients)).await?;
        attachments::claim(tx, key, &self.event.attachments).await?;
        for chat in overfull {
            self.give_up(tx, key, chat).await?;
        }
        tx.known.count(backlog::Scope::of(&self.recipients, parked));
        tx.commit(self.record()).await
    }

    /// Stores in one go what an event leaves: itself, its id (which one that is forgotten by now may have had), the
    /// request, what a repeat of it is known by, and a row for each of `told`; without them it is a repeat. Answers its key.
    async fn insert(
        &self,
        tx: &mut Tx,
        work: &Work,
        told: Option<&BTreeSet<ChatId>>,
    ) -> Result<i64, StoreError> {
        let ask = self.ask.as_ref();
        let likeness = self.likeness.as_ref().filter(|_| told.is_some());
        let due = ask.and_then(|ask| ask.not_before).unwrap_or(self.received);
        let mut keys: Vec<i64> = sqlx::query_scalar(
            "INSERT INTO event (id, received, body) VALUES ($1, $2, $3) RETURNING key; \
             INSERT INTO seen (event_id, event, content, received) VALUES ($1, last_insert_rowid(), $4, $2) \
             ON CONFLICT (event_id) DO UPDATE \
             SET event = excluded.event, content = excluded.content, received = excluded.received; \
             INSERT INTO approval (id, event, event_id, options, digest, asked, expires, pending, state, form, marks, \
             remind, attended) SELECT $5, event, $1, $6, $7, $2, $8, 1, $9, $18, $19, $20, $21 FROM seen WHERE event_id = $1 AND $5 IS NOT NULL; \
             INSERT INTO repeat (event, content, first, count) \
             SELECT event, $10, $2, 1 FROM seen WHERE event_id = $1 AND $10 IS NOT NULL; \
             INSERT INTO outbox (chat, priority, kind, work, event, approval, task, queued, due, held, attempt, \
             parts_sent) SELECT c.value, $11, $12, $13, s.event, $5, $14, $2, $15, $16, 0, 0 \
             FROM json_each($17) c JOIN seen s ON s.event_id = $1 ORDER BY c.key",
        )
        .bind(self.event.id.as_str())
        .bind(self.received.as_millis())
        .bind(rows::json("an event", &self.event)?)
        .bind(self.content.as_bytes().as_slice())
        .bind(ask.map(|ask| ask.id.to_string()))
        .bind(rows::json("options", &self.event.options)?)
        .bind(ask.map(|ask| &ask.digest))
        .bind(ask.and_then(|ask| ask.expires).map(Timestamp::as_millis))
        .bind(rows::json("an approval's state", &State::Pending)?)
        .bind(likeness.map(|likeness| likeness.content.as_bytes().as_slice()))
        .bind(self.priority.rank())
        .bind(rows::kind(work))
        .bind(rows::json("work", work)?)
        .bind(rows::task_of(work))
        .bind(due.as_millis())
        .bind(i64::from(self.hold))
        .bind(rows::json("the recipients", &told.into_iter().flatten().collect::<Vec<_>>())?)
        .bind(rows::json("an approval's form", &ask.map(|ask| ask.form).unwrap_or_default())?)
        .bind(i64::from(Marks::default().bits()))
        .bind(ask.and_then(|ask| ask.remind).map(Timestamp::as_millis))
        .bind(i64::from(ask.is_some_and(|ask| ask.attended)))
        .fetch_all(tx.connection())
        .await?;
        Ok(keys.pop().ok_or(sqlx::Error::RowNotFound)?)
    }

    /// The parked chats for which as much waits as may. An event that goes to parked chats only was admitted with them
    /// counted: none of its rows is given up.
    async fn overfull(
        &self,
        tx: &mut Tx,
        parked: &BTreeSet<ChatId>,
    ) -> Result<Vec<ChatId>, StoreError> {
        let mut overfull = Vec::new();
        if self.exempt || self.recipients.is_subset(parked) {
            return Ok(overfull);
        }
        for chat in self.recipients.intersection(parked) {
            if backlog::is_overfull(tx, *chat, self.max_queue).await? {
                overfull.push(*chat);
            }
        }
        Ok(overfull)
    }

    async fn give_up(&self, tx: &mut Tx, key: i64, chat: ChatId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE outbox SET done = $3, reason = $4, finished = $5 WHERE event = $1 AND chat = $2",
        )
        .bind(key)
        .bind(chat.0)
        .bind(Done::Dead.name())
        .bind(backlog::OVERFULL)
        .bind(self.received.as_millis())
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    fn work(&self) -> Work {
        match (&self.ask, &self.event.task_id) {
            (Some(ask), _) => Work::Approval { approval: ask.id },
            // A message that is replaced by the next one cannot carry files.
            (None, Some(task))
                if self.event.kind.is_progress() && self.event.attachments.is_empty() =>
            {
                Work::Progress { task: task.clone() }
            }
            (None, _) => Work::Event,
        }
    }

    fn record(&self) -> Record {
        let (name, target) = match &self.ask {
            Some(ask) => (EventName::ApprovalRequested, ask.id.to_string()),
            None => (EventName::EventAccepted, self.event.id.to_string()),
        };
        let details = json!({
            "event": self.event.id,
            "type": self.event.kind.name(),
            "recipients": self.recipients,
            "held": self.hold,
            "files": self.event.attachments.iter().map(|file| &file.sha256).collect::<Vec<_>>(),
            "digest": self.ask.as_ref().map(|ask| &ask.digest),
            "expires": self.ask.as_ref().and_then(|ask| ask.expires),
        });
        let mut record = Record::new(self.received, name, self.actor.clone(), target);
        record.correlation_id.clone_from(&self.event.correlation_id);
        record.details(details).action("queued")
    }
}

/// Forgets ids that may be used again.
pub(crate) async fn forget_old(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM seen WHERE received <= $1")
        .bind(now.minus(REMEMBERED).as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

const REMEMBERED: Duration = Duration::from_hours(7 * 24);
const PURGED_APART: Duration = Duration::from_mins(1);

//! Taking events: one transaction stores the event, a row per recipient, the request for a decision and the record.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::Approval;
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
use crate::events;
use crate::repeat;
use crate::repeat::Likeness;
use crate::rows;
use crate::rows::Done;
use crate::rows::NewRow;
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
        if !self.exempt && backlog::waiting(tx, scope).await? >= self.max_queue {
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
        if !tx.known.seen_purged {
            forget_old(tx.connection(), self.received).await?;
            repeat::forget_old(tx, self.received).await?;
            tx.known.seen_purged = true;
        }
        let seen: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT event, content FROM seen WHERE event_id = $1")
                .bind(self.event.id.as_str())
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

    async fn store(&self, tx: &mut Tx, parked: &BTreeSet<ChatId>) -> Result<(), StoreError> {
        let key = events::insert(tx, &self.event, self.received).await?;
        attachments::claim(tx, key, &self.event.attachments).await?;
        self.remember(tx, key).await?;
        if let Some(ask) = &self.ask {
            approvals::insert(tx, &self.approval(ask), key, ask.remind).await?;
        }
        if let Some(task) = &self.event.task_id
            && delivery::ends_task(&self.event.kind)
        {
            tasks::end(tx, task, self.received).await?;
        }
        if let Some(first) = repeat::count_again(tx, self).await? {
            return tx.commit(repeat::repeating(self.record(), &first)).await;
        }
        repeat::begin(tx, self, key).await?;
        let work = self.work();
        for chat in &self.recipients {
            let row = NewRow {
                chat: *chat,
                priority: self.priority,
                work: &work,
                event: Some(key),
                reply_to: None,
                at: self.received,
                held: self.hold,
            };
            self.queue(tx, &row, parked).await?;
        }
        tx.known.count(backlog::Scope::of(&self.recipients, parked));
        tx.commit(self.record()).await
    }

    async fn remember(&self, tx: &mut Tx, key: i64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO seen (event_id, event, content, received) VALUES ($1, $2, $3, $4)",
        )
        .bind(self.event.id.as_str())
        .bind(key)
        .bind(self.content.as_bytes().as_slice())
        .bind(self.received.as_millis())
        .execute(tx.connection())
        .await?;
        Ok(())
    }

    async fn queue(
        &self,
        tx: &mut Tx,
        row: &NewRow<'_>,
        parked: &BTreeSet<ChatId>,
    ) -> Result<(), StoreError> {
        if let Work::Progress { task } = row.work {
            tasks::supersede_waiting(tx, row.chat, task, row.at).await?;
        }
        // An event that goes to parked chats only was admitted with them counted: none of its rows is given up.
        let overfull = !self.exempt
            && parked.contains(&row.chat)
            && !self.recipients.is_subset(parked)
            && backlog::is_overfull(tx, row.chat, self.max_queue).await?;
        let id = rows::insert(tx, row).await?;
        if let Some(due) = self.ask.as_ref().and_then(|ask| ask.not_before) {
            rows::put_off(tx, id, due).await?;
        }
        if overfull {
            rows::finish(tx, id, Done::Dead, Some(backlog::OVERFULL), row.at).await?;
        }
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

    fn approval(&self, ask: &Ask) -> Approval {
        Approval {
            id: ask.id,
            event: self.event.id.clone(),
            options: self.event.options.clone(),
            digest: ask.digest.clone(),
            asked: self.received,
            expires: ask.expires,
            form: ask.form,
            marks: Marks::default(),
            state: State::Pending,
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

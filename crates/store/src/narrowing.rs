//! A group that gets fewer projects than before: what waits there, or could be pressed there, of the others is over.

use std::collections::BTreeSet;

use cctelegram_core::api::ChatEntry;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Work;
use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::giving_up::GivingUp;
use crate::questions;
use crate::recipients;
use crate::rows;
use crate::rows::Done;
use crate::rows::from_json;
use crate::tx::Tx;

/// An enrolment that names projects, and when it was made.
pub(crate) struct Narrowing<'a> {
    entry: &'a ChatEntry,
    people: &'a BTreeSet<ChatId>,
    now: Timestamp,
}

impl<'a> Narrowing<'a> {
    pub(crate) const fn new(entry: &'a ChatEntry, people: &'a BTreeSet<ChatId>) -> Self {
        let now = entry.enrolled;
        Self { entry, people, now }
    }

    /// Gives up what the group gets no longer. What then would reach nobody goes to people, and so does every open
    /// request that only the group had. Answers the records of it.
    pub(crate) async fn apply(&self, tx: &mut Tx) -> Result<Vec<Record>, StoreError> {
        if self.entry.projects.is_empty() {
            return Ok(Vec::new());
        }
        self.unfold(tx).await?;
        let mut giving_up = GivingUp::new(NARROWED, self.people, self.now);
        for (row, body) in self.waiting(tx).await? {
            if !self.may_see(&body) {
                giving_up.row(tx, row).await?;
            }
        }
        self.split_held(tx, &mut giving_up).await?;
        self.void_buttons(tx).await?;
        giving_up.move_orphans(tx).await?;
        let (_, records) = recipients::ask_people(tx, self.people, self.now).await?;
        Ok(records)
    }

    /// What cannot be read back is not shown to be the group's.
    fn may_see(&self, body: &str) -> bool {
        let event = from_json::<Event>("event", body).ok();
        let project = event.and_then(|event| event.project);
        project.is_some_and(|project| self.entry.projects.contains(&project))
    }

    async fn waiting(&self, tx: &mut Tx) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT o.id, e.body FROM outbox o JOIN event e ON e.key = o.event \
             WHERE o.chat = $1 AND o.done IS NULL ORDER BY o.id",
        )
        .bind(self.entry.chat)
        .fetch_all(tx.connection())
        .await?;
        Ok(rows)
    }

    async fn of_kind(&self, tx: &mut Tx, kind: &str) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT id, work FROM outbox WHERE chat = $1 AND kind = $2 AND done IS NULL ORDER BY id",
        )
        .bind(self.entry.chat)
        .bind(kind)
        .fetch_all(tx.connection())
        .await?;
        Ok(rows)
    }

    /// Lists of what waited become what they list again, and the details of a list are not told.
    async fn unfold(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (list, _) in self.of_kind(tx, "folded").await? {
            sqlx::query(
                "UPDATE outbox SET done = NULL, finished = NULL, list = NULL WHERE list = $1",
            )
            .bind(list)
            .execute(tx.connection())
            .await?;
            rows::finish(tx, list, Done::Superseded, Some(NARROWED), self.now).await?;
            // What was listed waits again.
            tx.known.forget();
        }
        for (row, _) in self.of_kind(tx, "list_details").await? {
            rows::finish(tx, row, Done::Superseded, Some(NARROWED), self.now).await?;
        }
        Ok(())
    }

    /// A list of what was held back is given up whole, for people to get if nobody else does; what the group still gets
    /// of it is listed there anew.
    async fn split_held(
        &self,
        tx: &mut Tx,
        giving_up: &mut GivingUp<'_>,
    ) -> Result<(), StoreError> {
        for (row, work) in self.of_kind(tx, "held").await? {
            let Ok(Work::Held { events }) = from_json("work", &work) else {
                continue;
            };
            let kept = self.kept(tx, &events).await?;
            if kept.len() == events.len() {
                continue;
            }
            giving_up.row(tx, row).await?;
            if !kept.is_empty() {
                let work = Work::Held { events: kept };
                let chat = ChatId(self.entry.chat);
                rows::insert(tx, &questions::row(chat, &work, self.now)).await?;
            }
        }
        Ok(())
    }

    async fn kept(&self, tx: &mut Tx, events: &[EventId]) -> Result<Vec<EventId>, StoreError> {
        let mut kept = Vec::with_capacity(events.len());
        for id in events {
            let body: Option<String> = sqlx::query_scalar(
                "SELECT body FROM event WHERE id = $1 ORDER BY key DESC LIMIT 1",
            )
            .bind(id.to_string())
            .fetch_optional(tx.connection())
            .await?;
            kept.extend(body.filter(|body| self.may_see(body)).map(|_| id.clone()));
        }
        Ok(kept)
    }

    /// Copies of requests that are not the group's any more are forgotten there: no press counts, no edit is sent.
    async fn void_buttons(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM list_button WHERE chat = $1")
            .bind(self.entry.chat)
            .execute(tx.connection())
            .await?;
        let copies: Vec<(String, String)> = sqlx::query_as(
            "SELECT DISTINCT a.id, e.body FROM approval a JOIN event e ON e.key = a.event WHERE a.id IN \
             (SELECT approval FROM outbox WHERE chat = $1 AND kind = 'approval' \
              UNION SELECT approval FROM button WHERE chat = $1)",
        )
        .bind(self.entry.chat)
        .fetch_all(tx.connection())
        .await?;
        for (approval, _) in copies.iter().filter(|(_, body)| !self.may_see(body)) {
            for sql in [
                "DELETE FROM button WHERE approval = $1 AND chat = $2",
                "UPDATE outbox SET message = NULL WHERE approval = $1 AND chat = $2 AND kind = 'approval'",
            ] {
                sqlx::query(sql)
                    .bind(approval)
                    .bind(self.entry.chat)
                    .execute(tx.connection())
                    .await?;
            }
        }
        Ok(())
    }
}

const NARROWED: &str = "no longer about a project of the group";

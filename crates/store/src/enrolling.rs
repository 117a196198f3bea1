//! The two steps of an enrolment that people take: the code in the group, the press in private.

use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_core::api::ChatEntry;
use cctelegram_core::api::EnrolState;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EnrolmentId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use serde_json::json;

use crate::enrolment;
use crate::enrolment::AskedBy;
use crate::enrolment::Enrolment;
use crate::error::StoreError;
use crate::groups;
use crate::inbox;
use crate::inbox::StoredUpdateId;
use crate::narrowing::Narrowing;
use crate::questions;
use crate::rows;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A code that was seen in a group.
#[derive(Clone, PartialEq, Debug)]
pub struct UseCode {
    pub update: StoredUpdateId,
    pub code: Digest,
    pub by: AskedBy,
    /// The private chats in which people are asked.
    pub people: BTreeSet<ChatId>,
    pub now: Timestamp,
}

/// A press on a button of the question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecideEnrolment {
    pub update: StoredUpdateId,
    pub enrolment: EnrolmentId,
    pub accepts: bool,
    pub by: UserId,
    /// Who gets what the group gets no longer, when it is enrolled for fewer projects than before.
    pub people: BTreeSet<ChatId>,
    pub now: Timestamp,
}

impl Store {
    /// Uses a code: people are asked. Answers false, and changes nothing, when the code is unknown, used or expired;
    /// then the update still waits.
    pub async fn use_code(&self, code: UseCode) -> Result<bool, StoreError> {
        self.change(code).await
    }

    /// Decides an enrolment, once. Answers how it stands afterwards, and whether this press did it; when it did not,
    /// the update still waits.
    pub async fn decide_enrolment(
        &self,
        decide: DecideEnrolment,
    ) -> Result<(Option<Enrolment>, bool), StoreError> {
        self.change(decide).await
    }
}

impl Change for UseCode {
    type Output = bool;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        // Whoever is asked gets as long again to answer.
        let id: Option<i64> = sqlx::query_scalar(
            "UPDATE enrolment SET state = 'asked', chat = $2, title = $3, forum = $4, asked_by = $5, asker = $6, \
             expires = $7 WHERE code = $1 AND state = 'open' AND expires > $8 RETURNING id",
        )
        .bind(self.code.as_bytes().as_slice())
        .bind(self.by.chat.0)
        .bind(&self.by.title)
        .bind(i64::from(self.by.forum))
        .bind(self.by.user.0)
        .bind(&self.by.name)
        .bind(self.now.plus(TO_ANSWER).as_millis())
        .bind(self.now.as_millis())
        .fetch_optional(tx.connection())
        .await?;
        let Some(id) = id else {
            tx.commit_quiet();
            return Ok(false);
        };
        inbox::handled(tx, self.update).await?;
        for chat in &self.people {
            questions::queue(tx, EnrolmentId(id), *chat, self.now).await?;
        }
        let actor = Actor::Telegram { user: self.by.user };
        let (name, target) = (EventName::EnrolmentRequested, self.by.chat.to_string());
        let record = Record::new(self.now, name, actor, target);
        let details = json!({ "enrolment": id, "asked": self.people });
        tx.commit(record.details(details).action("allowed people are asked"))
            .await?;
        Ok(true)
    }
}

impl Change for DecideEnrolment {
    type Output = (Option<Enrolment>, bool);
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, StoreError> {
        let Some(mut enrolment) =
            enrolment::by_id(tx.connection(), self.enrolment, self.now).await?
        else {
            tx.commit_quiet();
            return Ok((None, false));
        };
        let (EnrolState::Asked, Some(asked)) = (enrolment.state, enrolment.asked.clone()) else {
            tx.commit_quiet();
            return Ok((Some(enrolment), false));
        };
        enrolment.state = if self.accepts {
            EnrolState::Enrolled
        } else {
            EnrolState::Refused
        };
        enrolment.decided_by = Some(self.by);
        enrolment::end(tx, &enrolment, self.now).await?;
        inbox::handled(tx, self.update).await?;
        if self.accepts {
            let entry = self.entry(&enrolment, &asked);
            groups::enrol(tx, &entry).await?;
            let moved = Narrowing::new(&entry, &self.people).apply(tx).await?;
            for record in moved {
                tx.record(record).await?;
            }
            self.greet(tx, &enrolment, asked.chat).await?;
        }
        tx.commit(self.record(&enrolment, &asked)).await?;
        Ok((Some(enrolment), true))
    }
}

impl DecideEnrolment {
    fn entry(&self, enrolment: &Enrolment, asked: &AskedBy) -> ChatEntry {
        ChatEntry {
            chat: asked.chat.0,
            title: asked.title.clone(),
            projects: enrolment.projects.clone(),
            forum: asked.forum,
            enrolled: self.now,
            enrolled_by: self.by.0,
            away: false,
        }
    }

    async fn greet(
        &self,
        tx: &mut Tx,
        enrolment: &Enrolment,
        chat: ChatId,
    ) -> Result<(), StoreError> {
        let what = if enrolment.projects.is_empty() {
            "all projects".to_owned()
        } else {
            let names: Vec<&str> = enrolment.projects.iter().map(String::as_str).collect();
            names.join(", ")
        };
        let text = format!(
            "This group is enrolled: it gets what agents report of {what}. Allowed people can decide here."
        );
        let work = Work::Notice { text };
        rows::insert(tx, &questions::row(chat, &work, self.now)).await?;
        Ok(())
    }

    fn record(&self, enrolment: &Enrolment, asked: &AskedBy) -> Record {
        let name = if self.accepts {
            EventName::ChatEnrolled
        } else {
            EventName::EnrolmentRefused
        };
        let actor = Actor::Telegram { user: self.by };
        let details = json!({
            "enrolment": enrolment.id,
            "asked_by": asked.user,
            "projects": enrolment.projects,
        });
        Record::new(self.now, name, actor, asked.chat.to_string()).details(details)
    }
}

/// The question can be answered for so long.
const TO_ANSWER: Duration = Duration::from_mins(10);

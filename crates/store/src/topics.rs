//! The topics of projects: which thread of a chat a project's messages belong to.

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::ThreadId;
use cctelegram_core::time::Timestamp;
use serde_json::json;

use crate::error::StoreError;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// Where a project's messages go in a chat with topics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopicPlace {
    /// Nobody has made a topic yet.
    Unmade,
    Thread(ThreadId),
    /// The chat's general topic, because the project has none at present.
    General,
}

impl Store {
    pub async fn topic(
        &self,
        chat: ChatId,
        project: &str,
        now: Timestamp,
    ) -> Result<TopicPlace, StoreError> {
        let mut reader = self.reader().await?;
        let row: Option<(Option<i64>, Option<i64>)> =
            sqlx::query_as("SELECT thread, rest FROM topic WHERE chat = $1 AND project = $2")
                .bind(chat.0)
                .bind(project)
                .fetch_optional(&mut *reader)
                .await?;
        let resting = |rest: Option<i64>| rest.is_some_and(|rest| rest > now.as_millis());
        match row {
            Some((_, rest)) if resting(rest) => return Ok(TopicPlace::General),
            Some((Some(thread), _)) => return Ok(TopicPlace::Thread(ThreadId(thread))),
            Some((None, _)) | None => {}
        }
        let made: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM topic WHERE chat = $1 AND project <> $2 AND thread IS NOT NULL",
        )
        .bind(chat.0)
        .bind(project)
        .fetch_one(&mut *reader)
        .await?;
        Ok(if made < MOST {
            TopicPlace::Unmade
        } else {
            TopicPlace::General
        })
    }

    /// Notes a topic that was just made, before anything is sent there.
    pub async fn remember_topic(
        &self,
        chat: ChatId,
        project: &str,
        thread: ThreadId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (name, target) = (EventName::TopicCreated, chat.to_string());
        let record = Record::new(now, name, Actor::System, target);
        let details = json!({ "project": project, "thread": thread });
        let note = Note::Made(thread, record.details(details));
        self.note_topic(chat, project, note).await
    }

    /// Forgets a topic that is gone.
    pub async fn forget_topic(&self, chat: ChatId, project: &str) -> Result<(), StoreError> {
        self.note_topic(chat, project, Note::Gone).await
    }

    /// Sends a project's messages to the general topic until then.
    pub async fn rest_topic(
        &self,
        chat: ChatId,
        project: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.note_topic(chat, project, Note::Rest(until)).await
    }

    async fn note_topic(&self, chat: ChatId, project: &str, note: Note) -> Result<(), StoreError> {
        self.change(NoteTopic {
            chat,
            project: project.to_owned(),
            note,
        })
        .await
    }
}

enum Note {
    Made(ThreadId, Record),
    Gone,
    Rest(Timestamp),
}

struct NoteTopic {
    chat: ChatId,
    project: String,
    note: Note,
}

impl Change for NoteTopic {
    type Output = ();
    // A topic that is forgotten in a power cut would be made twice.
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (sql, value) = match &self.note {
            Note::Made(thread, _) => (
                "INSERT INTO topic (chat, project, thread) VALUES ($1, $2, $3) \
                 ON CONFLICT (chat, project) DO UPDATE SET thread = excluded.thread, rest = NULL",
                Some(thread.0),
            ),
            Note::Rest(until) => (
                "INSERT INTO topic (chat, project, rest) VALUES ($1, $2, $3) \
                 ON CONFLICT (chat, project) DO UPDATE SET rest = excluded.rest",
                Some(until.as_millis()),
            ),
            Note::Gone => (
                "DELETE FROM topic WHERE chat = $1 AND project = $2 AND $3 IS NULL",
                None,
            ),
        };
        sqlx::query(sql)
            .bind(self.chat.0)
            .bind(&self.project)
            .bind(value)
            .execute(tx.connection())
            .await?;
        match &self.note {
            Note::Made(_, record) => tx.commit(record.clone()).await,
            Note::Gone | Note::Rest(_) => {
                tx.commit_quiet();
                Ok(())
            }
        }
    }
}

/// A chat gets so many topics at most: whoever writes events invents the names of projects.
const MOST: i64 = 200;

//! Enrolling a group, from the code that the terminal shows to how it ended.

use std::collections::BTreeSet;

use cctelegram_core::api::EnrolState;
use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EnrolmentId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::questions;
use crate::rows;
use crate::rows::from_json;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// An enrolment as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolment {
    pub id: EnrolmentId,
    pub projects: BTreeSet<String>,
    pub expires: Timestamp,
    pub state: EnrolState,
    /// The group that the code came from.
    pub asked: Option<AskedBy>,
    pub decided_by: Option<UserId>,
}

/// Where a code came from, as Telegram described it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskedBy {
    pub chat: ChatId,
    pub title: String,
    pub forum: bool,
    pub user: UserId,
    pub name: String,
}

impl Store {
    /// Begins an enrolment. Only the code's digest is stored.
    pub async fn start_enrolment(
        &self,
        code: Digest,
        projects: BTreeSet<String>,
        expires: Timestamp,
        record: Record,
    ) -> Result<EnrolmentId, StoreError> {
        self.change(Start {
            code,
            projects,
            expires,
            record,
        })
        .await
    }

    pub async fn enrolment(
        &self,
        id: EnrolmentId,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, StoreError> {
        by_id(&mut *self.reader().await?, id, now).await
    }

    /// Takes an enrolment back that nobody has decided. Answers how it stands afterwards.
    pub async fn withdraw_enrolment(
        &self,
        id: EnrolmentId,
        record: Record,
    ) -> Result<Option<Enrolment>, StoreError> {
        self.change(Withdraw { id, record }).await
    }
}

struct Start {
    code: Digest,
    projects: BTreeSet<String>,
    expires: Timestamp,
    record: Record,
}

impl Change for Start {
    type Output = EnrolmentId;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<EnrolmentId, StoreError> {
        let id = sqlx::query_scalar(
            "INSERT INTO enrolment (code, projects, expires, state) VALUES ($1, $2, $3, 'open') RETURNING id",
        )
        .bind(self.code.as_bytes().as_slice())
        .bind(rows::json("projects", &self.projects)?)
        .bind(self.expires.as_millis())
        .fetch_one(tx.connection())
        .await?;
        tx.commit(self.record.clone()).await?;
        Ok(EnrolmentId(id))
    }
}

struct Withdraw {
    id: EnrolmentId,
    record: Record,
}

impl Change for Withdraw {
    type Output = Option<Enrolment>;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Enrolment>, StoreError> {
        let now = self.record.timestamp;
        let enrolment = by_id(tx.connection(), self.id, now).await?;
        let Some(mut enrolment) = enrolment else {
            tx.commit_quiet();
            return Ok(None);
        };
        if !matches!(enrolment.state, EnrolState::Open | EnrolState::Asked) {
            tx.commit_quiet();
            return Ok(Some(enrolment));
        }
        enrolment.state = EnrolState::Withdrawn;
        end(tx, &enrolment, now).await?;
        tx.commit(self.record.clone()).await?;
        Ok(Some(enrolment))
    }
}

/// Stores how an enrolment ended, and has every question brought up to date. One that is being sent at this moment is
/// edited afterwards, because a chat's rows go one after the other.
pub(crate) async fn end(
    tx: &mut Tx,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE enrolment SET state = $2, decided_by = $3 WHERE id = $1")
        .bind(enrolment.id.0)
        .bind(name(enrolment.state))
        .bind(enrolment.decided_by.map(|by| by.0))
        .execute(tx.connection())
        .await?;
    let chats: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT chat FROM enrolment_button WHERE enrolment = $1 ORDER BY chat",
    )
    .bind(enrolment.id.0)
    .fetch_all(tx.connection())
    .await?;
    for chat in chats {
        questions::queue(tx, enrolment.id, ChatId(chat), now).await?;
    }
    Ok(())
}

pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
    now: Timestamp,
) -> Result<Option<Enrolment>, StoreError> {
    let row: Option<StoredEnrolment> = sqlx::query_as("SELECT * FROM enrolment WHERE id = $1")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.parse(now)).transpose()
}

/// An enrolment's row, not parsed yet.
struct StoredEnrolment {
    id: i64,
    projects: String,
    expires: i64,
    state: String,
    chat: Option<i64>,
    title: Option<String>,
    forum: Option<bool>,
    asked_by: Option<i64>,
    asker: Option<String>,
    decided_by: Option<i64>,
}

impl FromRow<'_, SqliteRow> for StoredEnrolment {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            projects: row.try_get("projects")?,
            expires: row.try_get("expires")?,
            state: row.try_get("state")?,
            chat: row.try_get("chat")?,
            title: row.try_get("title")?,
            forum: row.try_get("forum")?,
            asked_by: row.try_get("asked_by")?,
            asker: row.try_get("asker")?,
            decided_by: row.try_get("decided_by")?,
        })
    }
}

impl StoredEnrolment {
    /// What nobody decided in time has expired, whatever was written.
    fn parse(self, now: Timestamp) -> Result<Enrolment, StoreError> {
        let expires = Timestamp::from_millis(self.expires);
        let stored: EnrolState = from_json("an enrolment's state", &format!("\"{}\"", self.state))?;
        let state = match stored {
            EnrolState::Open | EnrolState::Asked if expires <= now => EnrolState::Expired,
            state @ (EnrolState::Open
            | EnrolState::Asked
            | EnrolState::Enrolled
            | EnrolState::Refused
            | EnrolState::Expired
            | EnrolState::Withdrawn) => state,
        };
        let asked = self.chat.zip(self.asked_by).map(|(chat, user)| AskedBy {
            chat: ChatId(chat),
            title: self.title.unwrap_or_default(),
            forum: self.forum.unwrap_or(false),
            user: UserId(user),
            name: self.asker.unwrap_or_default(),
        });
        Ok(Enrolment {
            id: EnrolmentId(self.id),
            projects: from_json("projects", &self.projects)?,
            expires,
            state,
            asked,
            decided_by: self.decided_by.map(UserId),
        })
    }
}

const fn name(state: EnrolState) -> &'static str {
    match state {
        EnrolState::Open => "open",
        EnrolState::Asked => "asked",
        EnrolState::Enrolled => "enrolled",
        EnrolState::Refused => "refused",
        EnrolState::Expired => "expired",
        EnrolState::Withdrawn => "withdrawn",
    }
}

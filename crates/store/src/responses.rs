//! Answers for the agents, as they are written to files.

use std::num::NonZeroU64;

use cctelegram_core::agent;
use cctelegram_core::agent::Trace;
use cctelegram_core::approval::Approval;
use cctelegram_core::approval::Decision;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::approvals;
use crate::error::StoreError;
use crate::events;
use crate::rows::from_json;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// An answer to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct NewResponse {
    pub about: About,
    pub task_id: Option<String>,
    pub user_id: Option<UserId>,
    pub username: Option<String>,
    pub at: Timestamp,
    /// What a program reads.
    pub response: String,
    /// The label that was chosen.
    pub option: Option<String>,
    pub kind: ResponseKind,
    pub options: Vec<String>,
    pub metadata: Map<String, Value>,
}

/// What an answer is about. It names the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    Event(EventId),
    /// No event: the file is named after this id.
    Nothing(Uuid),
}

/// `response_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseKind {
    Option,
    Text,
    Command,
    Expired,
    Withdrawn,
    Locally,
}

/// A stored answer that has no file yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Response {
    pub id: i64,
    pub file_name: String,
    pub body: Value,
    pub decided: Timestamp,
}

impl ResponseKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Option => "option",
            Self::Text => "text",
            Self::Command => "command",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Locally => "locally",
        }
    }
}

impl Store {
    /// Answers without a file, the oldest first. One that cannot be read back is left out and logged.
    pub async fn unwritten_responses(&self) -> Result<Vec<Response>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, file_name, body, decided FROM response WHERE written = 0 ORDER BY id",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        read(rows)
    }

    /// Answers with a number above `after`, the oldest first: those about one event, those to what one agent's session
    /// sent, or all. One that cannot be read back is left out and logged.
    pub async fn responses(
        &self,
        after: i64,
        (event, session): (Option<&str>, Option<&str>),
        limit: u32,
    ) -> Result<Vec<Response>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, file_name, body, decided FROM response \
             WHERE id > $1 AND ($2 IS NULL OR event_id = $2) AND ($3 IS NULL OR session = $3) \
             ORDER BY id LIMIT $4",
        )
        .bind(after)
        .bind(event)
        .bind(session)
        .bind(limit)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        read(rows)
    }

    /// The number of the newest answer; 0 if there is none.
    pub async fn newest_response(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM response")
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(newest)
    }

    /// What the one who decided a request wrote in reply to it first, then or later: what they wrote before is no word on the
    /// decision.
    pub async fn reply_to(&self, id: ApprovalId) -> Result<Option<String>, StoreError> {
        let connection = &mut *self.reader().await?;
        let Some(approval) = approvals::by_id(&mut *connection, id).await? else {
            return Ok(None);
        };
        let Some(decision) = approval.state.decision() else {
            return Ok(None);
        };
        let reply = sqlx::query_scalar(
            "SELECT json_extract(body, '$.response') FROM response WHERE event_id = $1 AND decided >= $2 \
             AND json_extract(body, '$.response_type') IN ($3, $5) AND json_extract(body, '$.user_id') = $4 \
             ORDER BY id LIMIT 1",
        )
        .bind(approval.event.as_str())
        .bind(decision.at.as_millis())
        .bind(ResponseKind::Text.name())
        .bind(decision.by.id.0)
        .bind(ResponseKind::Command.name())
        .fetch_optional(&mut *connection)
        .await?;
        Ok(reply)
    }

    /// Notes that the file of an answer is written.
    pub async fn response_written(&self, id: i64) -> Result<(), StoreError> {
        self.change(Written(id)).await
    }
}

/// An answer by its number; none if it cannot be read back, which is logged.
pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<Option<Response>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT id, file_name, body, decided FROM response WHERE id = $1")
            .bind(id)
            .fetch_all(connection)
            .await?;
    Ok(read(rows)?.pop())
}

/// Number, name of the file, body, time.
type Row = (i64, String, String, i64);

fn read(rows: Vec<Row>) -> Result<Vec<Response>, StoreError> {
    let mut responses = Vec::with_capacity(rows.len());
    for (id, file_name, body, decided) in rows {
        let body = unless_damaged(&file_name, from_json("answer", &body))?;
        responses.extend(body.map(|body| Response {
            id,
            file_name,
            body,
            decided: Timestamp::from_millis(decided),
        }));
    }
    Ok(responses)
}

struct Written(i64);

impl Change for Written {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("UPDATE response SET written = 1 WHERE id = $1")
            .bind(self.0)
            .execute(tx.connection())
            .await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// Stores the answer that a decision is.
pub(crate) async fn of_decision(
    tx: &mut Tx,
    approval: &Approval,
    decision: &Decision,
) -> Result<(), StoreError> {
    let response = approval.response(&decision.answer).unwrap_or_default();
    let mut new = about(tx, approval, decision.at).await?;
    new.user_id = Some(decision.by.id);
    new.username.clone_from(&decision.by.username);
    new.response = response;
    if matches!(decision.answer, GivenAnswer::Words(_)) {
        new.kind = ResponseKind::Text;
    } else {
        new.option = approval.label(&decision.answer);
    }
    insert(tx, &new).await.map(drop)
}

/// Stores the answer that an ending without a decision is.
pub(crate) async fn of_ending(
    tx: &mut Tx,
    approval: &Approval,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kind = match &approval.state {
        State::Expired { .. } => ResponseKind::Expired,
        State::Withdrawn { .. } => ResponseKind::Withdrawn,
        State::Locally { .. } => ResponseKind::Locally,
        State::Pending | State::Decided(_) | State::Undeliverable { .. } => return Ok(()),
    };
    let mut new = about(tx, approval, now).await?;
    new.kind = kind;
    kind.name().clone_into(&mut new.response);
    insert(tx, &new).await.map(drop)
}

async fn about(tx: &mut Tx, approval: &Approval, at: Timestamp) -> Result<NewResponse, StoreError> {
    let key = approvals::event_key(tx, approval.id).await?;
    let event = match key {
        Some(key) => {
            // Whoever waits gets the answer all the same.
            let event = events::by_key(tx.connection(), key).await;
            unless_damaged(format!("event {}", approval.event), event)?.flatten()
        }
        None => None,
    };
    let mut metadata = Map::new();
    metadata.insert("approval_id".to_owned(), approval.id.to_string().into());
    metadata.insert("digest".to_owned(), approval.digest.clone().into());
    Ok(NewResponse {
        about: About::Event(approval.event.clone()),
        task_id: event.and_then(|event| event.task_id),
        user_id: None,
        username: None,
        at,
        response: String::new(),
        option: None,
        kind: ResponseKind::Option,
        options: approval.options.clone(),
        metadata,
    })
}

/// Stores an answer; gives its number.
pub(crate) async fn insert(tx: &mut Tx, new: &NewResponse) -> Result<i64, StoreError> {
    let event_id = match &new.about {
        About::Event(id) => Some(id.as_str()),
        About::Nothing(_) => None,
    };
    let session = match &new.about {
        About::Event(id) => agent::session_of(id),
        About::Nothing(_) => None,
    };
    let file_name = match &new.about {
        About::Event(id) => free_name(tx, id).await?,
        About::Nothing(id) => format!("{id}.json"),
    };
    let body = json!({
        "event_id": event_id,
        "task_id": new.task_id,
        "user_id": new.user_id,
        "username": new.username,
        "timestamp": new.at.to_string(),
        "response": new.response,
        "option": new.option,
        "response_type": new.kind.name(),
        "options": new.options,
        "metadata": new.metadata,
    });
    let number = sqlx::query_scalar(
        "INSERT INTO response (event_id, session, file_name, body, decided, written) \
         VALUES ($1, $2, $3, $4, $5, 0) RETURNING id",
    )
    .bind(event_id)
    .bind(session.as_ref().map(Trace::as_str))
    .bind(file_name)
    .bind(body.to_string())
    .bind(new.at.as_millis())
    .fetch_one(tx.connection())
    .await?;
    Ok(number)
}

/// `<id>.json`, then `<id>.2.json` and so on. Ids may have dots, so another event can own a name, now or once it is
/// answered: such names are passed over.
async fn free_name(tx: &mut Tx, id: &EventId) -> Result<String, StoreError> {
    let earlier: i64 = sqlx::query_scalar("SELECT count(*) FROM response WHERE event_id = $1")
        .bind(id.as_str())
        .fetch_one(tx.connection())
        .await?;
    let mut number = NonZeroU64::MIN.saturating_add(crate::rows::unsigned(earlier));
    loop {
        let name = match number.get() {
            1 => id.to_string(),
            number => format!("{id}.{number}"),
        };
        let file = format!("{name}.json");
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM response WHERE file_name = $1) \
             OR ($2 <> $3 AND EXISTS (SELECT 1 FROM event WHERE id = $2))",
        )
        .bind(&file)
        .bind(&name)
        .bind(id.as_str())
        .fetch_one(tx.connection())
        .await?;
        if !taken {
            return Ok(file);
        }
        number = number.saturating_add(1);
    }
}

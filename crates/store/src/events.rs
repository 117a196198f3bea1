//! Stored events.

use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::rows::from_json;
use crate::rows::json;
use crate::store::Store;
use crate::tx::Tx;

/// Names one stored event, also when its id comes back for another one. Only the store hands it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventKey(pub(crate) i64);

impl Store {
    /// The event that a message of ours is about, for replies to it.
    pub async fn event_of_message(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<Event>, StoreError> {
        let body: Option<String> = sqlx::query_scalar(
            "SELECT e.body FROM message m JOIN event e ON e.key = m.event WHERE m.chat = $1 AND m.id = $2",
        )
        .bind(chat.0)
        .bind(message.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        body.map(|body| from_json("event", &body)).transpose()
    }
}

/// Stores an event; answers its key.
pub(crate) async fn insert(
    tx: &mut Tx,
    event: &Event,
    received: Timestamp,
) -> Result<i64, StoreError> {
    let key = sqlx::query_scalar(
        "INSERT INTO event (id, received, body) VALUES ($1, $2, $3) RETURNING key",
    )
    .bind(event.id.as_str())
    .bind(received.as_millis())
    .bind(json("an event", event)?)
    .fetch_one(tx.connection())
    .await?;
    Ok(key)
}

pub(crate) async fn by_key(
    connection: &mut SqliteConnection,
    key: i64,
) -> Result<Option<Event>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM event WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await?;
    body.map(|body| from_json("event", &body)).transpose()
}

/// The latest event that was taken under this id.
pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    id: &EventId,
) -> Result<Option<Event>, StoreError> {
    let body: Option<String> =
        sqlx::query_scalar("SELECT body FROM event WHERE id = $1 ORDER BY key DESC LIMIT 1")
            .bind(id.as_str())
            .fetch_optional(connection)
            .await?;
    body.map(|body| from_json("event", &body)).transpose()
}

//! Stored events.

use cctelegram_core::event::Event;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::EventId;
use cctelegram_core::id::MessageId;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::rows::from_json;
use crate::store::Store;

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

//! Messages that were sent, so that replies and presses find what they are about.

use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::tx::Tx;

/// A message that Telegram has taken.
pub(crate) struct Sent<'a> {
    pub(crate) chat: ChatId,
    pub(crate) message: MessageId,
    pub(crate) event: Option<i64>,
    pub(crate) approval: Option<&'a str>,
    pub(crate) kind: &'static str,
    pub(crate) at: Timestamp,
}

/// Remembers a message; an edited one now is about the newer event.
pub(crate) async fn remember(tx: &mut Tx, sent: &Sent<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO message (chat, id, event, approval, kind, sent) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (chat, id) DO UPDATE SET event = excluded.event, approval = excluded.approval",
    )
    .bind(sent.chat.0)
    .bind(sent.message.0)
    .bind(sent.event)
    .bind(sent.approval)
    .bind(sent.kind)
    .bind(sent.at.as_millis())
    .execute(tx.connection())
    .await?;
    Ok(())
}

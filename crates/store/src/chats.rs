//! Chats that nothing is sent to until they write again.

use std::collections::BTreeSet;

use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// The chats that nothing is sent to until they write again, and why.
    pub async fn parked(&self) -> Result<Vec<(ChatId, String)>, StoreError> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, reason FROM chat ORDER BY id")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(chat, reason)| (ChatId(chat), reason))
            .collect())
    }
}

/// Stops sending to a chat; the first reason stands.
pub(crate) async fn park(
    tx: &mut Tx,
    chat: ChatId,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO chat (id, reason, parked) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(chat.0)
    .bind(reason)
    .bind(at.as_millis())
    .execute(tx.connection())
    .await?;
    tx.known.forget();
    Ok(())
}

/// Gives the park of a chat another reason.
pub(crate) async fn reason(tx: &mut Tx, chat: ChatId, reason: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE chat SET reason = $2 WHERE id = $1")
        .bind(chat.0)
        .bind(reason)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Lets messages go to a chat again, those that waited included.
pub(crate) async fn unpark(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM chat WHERE id = $1",
        "UPDATE enrolled_chat SET away = NULL WHERE id = $1",
    ] {
        sqlx::query(sql)
            .bind(chat.0)
            .execute(tx.connection())
            .await?;
    }
    tx.known.forget();
    Ok(())
}

/// Which of the recipients are parked.
pub(crate) async fn parked_among(
    tx: &mut Tx,
    recipients: &BTreeSet<ChatId>,
) -> Result<BTreeSet<ChatId>, StoreError> {
    let parked = if let Some(parked) = &tx.known.parked {
        parked
    } else {
        let chats: Vec<i64> = sqlx::query_scalar("SELECT id FROM chat")
            .fetch_all(tx.connection())
            .await?;
        let parked = chats.into_iter().map(ChatId).collect();
        tx.known.parked.insert(parked)
    };
    Ok(parked.intersection(recipients).copied().collect())
}

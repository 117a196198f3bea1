//! The progress of tasks: one message per task and chat, the newest state wins.

use cctelegram_core::id::ChatId;
use cctelegram_core::id::MessageId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::rows;
use crate::rows::Done;
use crate::tx::Tx;

/// Progress that still waits is not sent once newer progress is there.
pub(crate) async fn supersede_waiting(
    tx: &mut Tx,
    chat: ChatId,
    task: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM outbox WHERE task = $1 AND chat = $2 AND kind = 'progress' AND done IS NULL AND leased IS NULL",
    )
    .bind(task)
    .bind(chat.0)
    .fetch_all(tx.connection())
    .await?;
    for row in waiting {
        rows::finish(tx, row, Done::Superseded, None, at).await?;
    }
    Ok(())
}

/// A task's final result: what waits is superseded, and later progress starts a new message. Progress that is being sent
/// loses its task, so that it neither becomes the message of later progress nor is tried again after the result.
pub(crate) async fn end(tx: &mut Tx, task: &str, at: Timestamp) -> Result<(), StoreError> {
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM outbox WHERE task = $1 AND kind = 'progress' AND done IS NULL AND leased IS NULL",
    )
    .bind(task)
    .fetch_all(tx.connection())
    .await?;
    for row in waiting {
        rows::finish(tx, row, Done::Superseded, None, at).await?;
    }
    sqlx::query(
        "UPDATE outbox SET task = NULL WHERE task = $1 AND kind = 'progress' AND done IS NULL",
    )
    .bind(task)
    .execute(tx.connection())
    .await?;
    sqlx::query("DELETE FROM progress_message WHERE task = $1")
        .bind(task)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Progress that goes back into the queue is dropped if the task has ended or moved on meanwhile.
pub(crate) async fn drop_if_stale(tx: &mut Tx, row: i64, at: Timestamp) -> Result<(), StoreError> {
    let stale: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.id = $1 AND o.kind = 'progress' AND (o.task IS NULL OR EXISTS \
         (SELECT 1 FROM outbox n WHERE n.task = o.task AND n.chat = o.chat AND n.id > o.id AND n.done IS NULL)))",
    )
    .bind(row)
    .fetch_one(tx.connection())
    .await?;
    if stale {
        rows::finish(tx, row, Done::Superseded, None, at).await?;
    }
    Ok(())
}

/// The message that shows a task's progress in a chat.
pub(crate) async fn message(
    tx: &mut Tx,
    chat: ChatId,
    task: &str,
) -> Result<Option<MessageId>, StoreError> {
    let id: Option<i64> =
        sqlx::query_scalar("SELECT message FROM progress_message WHERE chat = $1 AND task = $2")
            .bind(chat.0)
            .bind(task)
            .fetch_optional(tx.connection())
            .await?;
    Ok(id.map(MessageId))
}

pub(crate) async fn set_message(
    tx: &mut Tx,
    chat: ChatId,
    task: &str,
    message: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO progress_message (chat, task, message) VALUES ($1, $2, $3) \
         ON CONFLICT (chat, task) DO UPDATE SET message = excluded.message",
    )
    .bind(chat.0)
    .bind(task)
    .bind(message.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(crate) async fn forget_message(
    tx: &mut Tx,
    chat: ChatId,
    task: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM progress_message WHERE chat = $1 AND task = $2")
        .bind(chat.0)
        .bind(task)
        .execute(tx.connection())
        .await?;
    Ok(())
}

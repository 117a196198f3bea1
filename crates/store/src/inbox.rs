//! Updates from Telegram: stored with the next offset in one transaction, handled once.

use std::fmt;
use std::time::Duration;

use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Sealed;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::settings;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A stored update's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StoredUpdateId(pub i64);

impl fmt::Display for StoredUpdateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An update that waits to be handled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredUpdate {
    pub id: StoredUpdateId,
    pub bot: i64,
    /// The number that Telegram gave it.
    pub number: i64,
    pub body: Sealed,
}

impl Store {
    /// The next offset to ask Telegram for; nothing before the first update of this bot.
    pub async fn offset(&self, bot: i64) -> Result<Option<i64>, StoreError> {
        let text = settings::read(&mut *self.reader().await?, &offset_name(bot)).await?;
        let parse = |text: String| {
            text.parse().map_err(|error: std::num::ParseIntError| {
                StoreError::damaged("the polling offset")(error.into())
            })
        };
        text.map(parse).transpose()
    }

    /// Stores updates (number and sealed body) and the next offset. Answers how many were new.
    pub async fn take_updates(
        &self,
        bot: i64,
        updates: Vec<(i64, Sealed)>,
        next_offset: i64,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.change(TakeUpdates {
            bot,
            updates,
            next_offset,
            now,
        })
        .await
    }

    /// Updates that are not handled yet, in the order in which they came.
    pub async fn unhandled(&self, limit: u32) -> Result<Vec<StoredUpdate>, StoreError> {
        let rows: Vec<(i64, i64, i64, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT id, bot, update_id, sealed FROM update_inbox WHERE handled = 0 ORDER BY id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        // One that somebody put there unsealed is not believed: nothing opens no bytes at all.
        let update = |(id, bot, number, sealed): (i64, i64, i64, Option<Vec<u8>>)| StoredUpdate {
            id: StoredUpdateId(id),
            bot,
            number,
            body: Sealed::from_bytes(sealed.unwrap_or_default()),
        };
        Ok(rows.into_iter().map(update).collect())
    }

    /// Marks an update handled that carries nothing for us.
    pub async fn ignore(&self, update: StoredUpdateId) -> Result<(), StoreError> {
        self.change(Ignore(update)).await
    }
}

struct TakeUpdates {
    bot: i64,
    updates: Vec<(i64, Sealed)>,
    next_offset: i64,
    now: Timestamp,
}

impl Change for TakeUpdates {
    type Output = u64;
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        forget_old(tx.connection(), self.now).await?;
        let mut new = 0;
        for (update_id, body) in &self.updates {
            let inserted = sqlx::query(
                "INSERT INTO update_inbox (bot, update_id, body, sealed, received, handled) VALUES ($1, $2, '', $3, $4, 0) \
                 ON CONFLICT (bot, update_id) DO NOTHING",
            )
            .bind(self.bot)
            .bind(update_id)
            .bind(body.as_bytes())
            .bind(self.now.as_millis())
            .execute(tx.connection())
            .await?;
            new += inserted.rows_affected();
        }
        // Telegram starts again at a random number after a quiet week, so an offset may go down.
        settings::write(tx, &offset_name(self.bot), &self.next_offset.to_string()).await?;
        tx.commit_quiet();
        Ok(new)
    }
}

struct Ignore(StoredUpdateId);

impl Change for Ignore {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        handled(tx, self.0).await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// Marks an update handled in the transaction that handles it, so that it is handled once. What it said is forgotten:
/// only that it was here is needed from now on.
pub(crate) async fn handled(tx: &mut Tx, update: StoredUpdateId) -> Result<(), StoreError> {
    let marked = sqlx::query(
        "UPDATE update_inbox SET handled = 1, body = '', sealed = NULL WHERE id = $1 AND handled = 0",
    )
    .bind(update.0)
    .execute(tx.connection())
    .await?;
    if marked.rows_affected() == 0 {
        return Err(StoreError::AlreadyHandled(update));
    }
    Ok(())
}

/// Forgets handled updates that Telegram cannot deliver again.
pub(crate) async fn forget_old(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM update_inbox WHERE handled = 1 AND received < $1")
        .bind(now.minus(KEPT).as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

fn offset_name(bot: i64) -> String {
    format!("offset.{bot}")
}

/// Telegram keeps an update for 24 hours.
const KEPT: Duration = Duration::from_hours(48);

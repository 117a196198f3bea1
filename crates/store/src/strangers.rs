//! Strangers who were refused, so that each is told so at most once an hour.

use std::time::Duration;

use cctelegram_core::id::UserId;
use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// Was this user last told more than an hour ago, or never? `Handling::stranger` notes that they are told.
    pub async fn may_refuse_stranger(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(!self.was_refused(user, now.minus(QUIET)).await?)
    }

    /// Was this user refused at that time or later?
    pub async fn was_refused(&self, user: UserId, since: Timestamp) -> Result<bool, StoreError> {
        let refused: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM stranger WHERE user_id = $1 AND refused >= $2)",
        )
        .bind(user.0)
        .bind(since.as_millis())
        .fetch_one(&mut *self.reader().await?)
        .await?;
        Ok(refused)
    }
}

/// Notes a refusal. Strangers come for free, so only so many are remembered.
pub(crate) async fn refused(tx: &mut Tx, user: UserId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO stranger (user_id, refused) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET refused = excluded.refused",
    )
    .bind(user.0)
    .bind(at.as_millis())
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "DELETE FROM stranger WHERE user_id IN (SELECT user_id FROM stranger \
         ORDER BY refused DESC, user_id LIMIT $1 OFFSET $1)",
    )
    .bind(REMEMBERED)
    .execute(tx.connection())
    .await?;
    Ok(())
}

const QUIET: Duration = Duration::from_hours(1);
const REMEMBERED: i64 = 10_000;

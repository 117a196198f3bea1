//! Wrapped keys, and the one moment at which unsealed updates of earlier versions are taken over.

use cctelegram_core::audit::Record;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::KeyId;
use cctelegram_crypto::Sealed;

use crate::error::StoreError;
use crate::inbox::StoredUpdateId;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A key as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKey {
    pub id: KeyId,
    pub purpose: String,
    pub wrapped: Sealed,
    pub made: Timestamp,
}

/// An update that was stored before there was a key to seal it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsealedUpdate {
    pub id: StoredUpdateId,
    pub bot: i64,
    pub number: i64,
    pub body: String,
}

impl Store {
    /// The keys that are not retired, the newest first.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows: Vec<(String, String, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT id, purpose, wrapped, made FROM key WHERE retired IS NULL ORDER BY made DESC, rowid DESC",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.into_iter().map(stored).collect()
    }

    /// Updates that were never sealed. Only a version before `SEALING` has left any: in a database that was newer when it
    /// was opened, somebody else put them there.
    pub async fn unsealed_updates(&self) -> Result<Vec<UnsealedUpdate>, StoreError> {
        let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(
            "SELECT id, bot, update_id, body FROM update_inbox \
             WHERE handled = 0 AND sealed IS NULL AND body <> '' ORDER BY id",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let update = |(id, bot, number, body)| UnsealedUpdate {
            id: StoredUpdateId(id),
            bot,
            number,
            body,
        };
        Ok(rows.into_iter().map(update).collect())
    }

    /// Stores a new key, and in the same transaction what was sealed with it in place of unsealed updates.
    pub async fn add_key(
        &self,
        key: StoredKey,
        sealed: Vec<(StoredUpdateId, Sealed)>,
        record: Record,
    ) -> Result<(), StoreError> {
        self.change(AddKey {
            key,
            sealed,
            record,
        })
        .await
    }
}

/// From this version of the database on updates are sealed.
pub const SEALING: i64 = 5;

struct AddKey {
    key: StoredKey,
    sealed: Vec<(StoredUpdateId, Sealed)>,
    record: Record,
}

impl Change for AddKey {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO key (id, purpose, wrapped, made) VALUES ($1, $2, $3, $4)")
            .bind(self.key.id.to_string())
            .bind(&self.key.purpose)
            .bind(self.key.wrapped.as_bytes())
            .bind(self.key.made.as_millis())
            .execute(tx.connection())
            .await?;
        for (update, sealed) in &self.sealed {
            sqlx::query("UPDATE update_inbox SET sealed = $2, body = '' WHERE id = $1")
                .bind(update.0)
                .bind(sealed.as_bytes())
                .execute(tx.connection())
                .await?;
        }
        tx.commit(self.record.clone()).await
    }
}

fn stored(
    (id, purpose, wrapped, made): (String, String, Vec<u8>, i64),
) -> Result<StoredKey, StoreError> {
    let id = id
        .parse()
        .map_err(|error: cctelegram_crypto::BadKeyId| StoreError::damaged("key")(error.into()))?;
    Ok(StoredKey {
        id,
        purpose,
        wrapped: Sealed::from_bytes(wrapped),
        made: Timestamp::from_millis(made),
    })
}

//! The audit trail as it is stored: one row per record, only ever added to.

use cctelegram_core::audit::Record;

use crate::error::StoreError;
use crate::rows::from_json;
use crate::rows::unsigned;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

/// A record and its place in the trail.
#[derive(Clone, PartialEq, Debug)]
pub struct AuditEntry {
    pub seq: u64,
    pub record: Record,
}

impl Store {
    /// Records something that changed nothing else.
    pub async fn record(&self, record: Record) -> Result<(), StoreError> {
        self.change(Append(record)).await
    }

    /// Records that an event was not taken.
    pub async fn reject(&self, record: Record) -> Result<(), StoreError> {
        self.change(Append(record)).await
    }

    /// The last `limit` records, the newest last.
    pub async fn audit_tail(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, record FROM audit ORDER BY seq DESC LIMIT $1")
                .bind(i64::from(limit))
                .fetch_all(&mut *self.reader().await?)
                .await?;
        let entry = |(seq, text): (i64, String)| {
            Ok(AuditEntry {
                seq: unsigned(seq),
                record: from_json("audit record", &text)?,
            })
        };
        rows.into_iter().rev().map(entry).collect()
    }
}

struct Append(Record);

impl Change for Append {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.commit(self.0.clone()).await
    }
}

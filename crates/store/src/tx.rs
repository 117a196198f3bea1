//! The open transaction that changes write into, and the only two ways to end a change.

use std::collections::BTreeSet;

use cctelegram_core::audit::Record;
use cctelegram_core::id::ChatId;
use cctelegram_core::time::Timestamp;
use sqlx::Connection as _;
use sqlx::SqliteConnection;

use crate::error::StoreError;

/// How much a commit must survive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Durability {
    /// A crash of the program.
    Normal,
    /// A power cut as well.
    Full,
}

/// The writer's connection, and what it knows of the transaction that is open on it.
pub(crate) struct Tx {
    connection: SqliteConnection,
    /// What the connection is set to; nothing while that is not certain.
    durability: Option<Durability>,
    ended: bool,
    pub(crate) known: Known,
}

/// What is known of the database without asking it, because nobody else writes. A rollback makes it void.
#[derive(Default)]
pub(crate) struct Known {
    /// Events that wait for a chat that may be written to.
    pub(crate) waiting: Option<Bound>,
    /// Events that wait for anybody, parked or not.
    pub(crate) waiting_anywhere: Option<Bound>,
    /// Chats that nothing is sent to.
    pub(crate) parked: Option<BTreeSet<ChatId>>,
    /// When old ids were forgotten.
    pub(crate) purged: Option<Timestamp>,
}

/// How many there are at most.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) at_most: u64,
    /// None ended since they were counted.
    pub(crate) is_exact: bool,
}

impl Tx {
    /// `connection` is set to `synchronous=FULL`.
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        let known = Known::default();
        Self {
            connection,
            durability: Some(Durability::Full),
            ended: false,
            known,
        }
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Adds a record before the last one.
    pub(crate) async fn record(&mut self, record: Record) -> Result<(), StoreError> {
        let text = crate::rows::json("an audit record", &record)?;
        sqlx::query("INSERT INTO audit (record) VALUES ($1)")
            .bind(text)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Ends a change: it and its record are committed together.
    pub(crate) async fn commit(&mut self, record: Record) -> Result<(), StoreError> {
        self.record(record).await?;
        self.ended = true;
        Ok(())
    }

    /// Ends a change with a record of each thing it did; one that found nothing to do has nothing to tell.
    pub(crate) async fn commit_each(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        for record in records {
            self.record(record).await?;
        }
        self.ended = true;
        Ok(())
    }

    /// Ends a change that is bookkeeping, or that changed nothing.
    pub(crate) fn commit_quiet(&mut self) {
        self.ended = true;
    }

    /// Opens the transaction. A commit at `Full` also makes durable what earlier commits at `Normal` left in the WAL:
    /// it is one file and one sync covers it; a checkpoint syncs it at both levels.
    pub(crate) async fn begin(&mut self, durability: Durability) -> Result<(), StoreError> {
        let is_set = self.durability.take() == Some(durability);
        self.execute(match (is_set, durability) {
            (true, _) => "BEGIN IMMEDIATE",
            (false, Durability::Normal) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            (false, Durability::Full) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
        })
        .await?;
        self.durability = Some(durability);
        Ok(())
    }

    pub(crate) fn start_change(&mut self) {
        self.ended = false;
    }

    /// Was the change ended by one of the two ways?
    pub(crate) fn end_change(&self) -> Result<(), StoreError> {
        self.ended.then_some(()).ok_or(StoreError::Unrecorded)
    }

    /// Makes the transaction permanent.
    pub(crate) async fn write(&mut self) -> Result<(), StoreError> {
        self.execute("COMMIT").await
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), StoreError> {
        self.known = Known::default();
        self.execute("ROLLBACK").await
    }

    /// Moves the WAL into the database and closes it.
    pub(crate) async fn close(mut self) -> Result<(), StoreError> {
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok(self.connection.close().await?)
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        // sqlx's own transactions are not used: after a failed COMMIT they cannot tell whether one is still open.
        sqlx::query(sql).execute(&mut self.connection).await?;
        Ok(())
    }
}

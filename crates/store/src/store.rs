//! The handle that the rest of the program holds.

use std::sync::Arc;

use sqlx::Sqlite;
use sqlx::SqlitePool;
use sqlx::pool::PoolConnection;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::situation::Remembered;
use crate::writer::Change;
use crate::writer::Job;
use crate::writer::Pending;

/// Reads directly, changes through the writer. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Box<dyn Job>>,
    read: SqlitePool,
    standing: Arc<Remembered>,
    /// The version that the database had when it was opened.
    found: i64,
}

impl Store {
    pub(crate) fn new(jobs: mpsc::Sender<Box<dyn Job>>, read: SqlitePool, found: i64) -> Self {
        Self {
            jobs,
            read,
            standing: Arc::default(),
            found,
        }
    }

    pub(crate) fn pool(&self) -> SqlitePool {
        self.read.clone()
    }

    pub(crate) fn remembered(&self) -> Arc<Remembered> {
        self.standing.clone()
    }

    /// The version that the database had when it was opened, before it was brought up to date; 0 of a new one.
    #[must_use]
    pub fn found_version(&self) -> i64 {
        self.found
    }

    /// Hands a change to the writer; answers after its commit. It is carried out even if the caller stops waiting.
    pub(crate) async fn change<C: Change>(&self, change: C) -> Result<C::Output, StoreError> {
        let (answer, result) = oneshot::channel();
        let job = Box::new(Pending::new(change, answer));
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.read.acquire().await?)
    }
}

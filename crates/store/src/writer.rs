//! The one task that writes: whatever waits goes into one transaction.

use std::future::Future;
use std::pin::Pin;
use std::pin::pin;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::error::StoreError;
use crate::situation::Remembered;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;

/// One change of the database. It may be applied twice, so it has no effect outside `tx`.
pub(crate) trait Change: Send + Sync + 'static {
    type Output: Send + 'static;
    const DURABILITY: Durability;

    /// Does it certainly change neither the mode's switch nor the enrolled groups? What is remembered of these outside of
    /// the database is forgotten after every other change.
    fn leaves_standing(&self) -> bool {
        false
    }

    /// Ends with `tx.commit(record)` or `tx.commit_quiet()`; a change that does neither is rolled back.
    fn apply(&self, tx: &mut Tx) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;
}

/// A change whose type does not matter to the writer.
pub(crate) trait Job: Send {
    fn durability(&self) -> Durability;
    fn leaves_standing(&self) -> bool;
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> Applied<'a>;
    fn answer(self: Box<Self>, result: Result<(), StoreError>);
}

type Applied<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// A change, its result while it is not committed, and who waits for it.
pub(crate) struct Pending<C: Change> {
    change: C,
    output: Option<C::Output>,
    answer: oneshot::Sender<Result<C::Output, StoreError>>,
}

/// Commits changes until it is told to stop. Without a running writer every change waits.
pub struct Writer {
    tx: Tx,
    options: SqliteConnectOptions,
    jobs: mpsc::Receiver<Box<dyn Job>>,
    read: SqlitePool,
    standing: Arc<Remembered>,
    last: Shared,
}

/// A commit that had to be synced.
#[derive(Default)]
struct Shared {
    /// How many changes it was for that needed that.
    jobs: usize,
    took: Duration,
}

impl<C: Change> Pending<C> {
    pub(crate) fn new(change: C, answer: oneshot::Sender<Result<C::Output, StoreError>>) -> Self {
        Self {
            change,
            output: None,
            answer,
        }
    }
}

impl<C: Change> Job for Pending<C> {
    fn durability(&self) -> Durability {
        C::DURABILITY
    }

    fn leaves_standing(&self) -> bool {
        self.change.leaves_standing()
    }

    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> Applied<'a> {
        Box::pin(async move {
            self.output = None;
            tx.start_change();
            self.output = Some(self.change.apply(tx).await?);
            tx.end_change()
        })
    }

    fn answer(self: Box<Self>, result: Result<(), StoreError>) {
        let Self { output, answer, .. } = *self;
        // Whoever asked may have stopped waiting; the change stands all the same.
        drop(answer.send(result.and_then(|()| output.ok_or(StoreError::Closed))));
    }
}

impl Writer {
    pub(crate) fn new(
        tx: Tx,
        options: SqliteConnectOptions,
        jobs: mpsc::Receiver<Box<dyn Job>>,
        store: &Store,
    ) -> Self {
        Self {
            tx,
            options,
            jobs,
            read: store.pool(),
            standing: store.remembered(),
            last: Shared::default(),
        }
    }

    /// Runs until `stop` and until every change accepted before it is answered, or until every `Store` is gone; then
    /// closes the database. Reads fail from then on.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut batch = Vec::with_capacity(LARGEST_BATCH);
        loop {
            let taken = tokio::select! {
                biased;
                () = &mut stop => break,
                taken = self.jobs.recv_many(&mut batch, LARGEST_BATCH) => taken,
            };
            if taken == 0 {
                break;
            }
            self.gather(&mut batch).await;
            self.process(&mut batch).await;
        }
        self.jobs.close();
        // Not `recv_many`: it would wait for whoever has a place in the queue but is not sending. They are told `Closed`.
        while let Ok(job) = self.jobs.try_recv() {
            batch.push(job);
            if batch.len() == LARGEST_BATCH {
                self.process(&mut batch).await;
            }
        }
        self.process(&mut batch).await;
        self.read.close().await;
        if let Err(error) = self.tx.close().await {
            tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }

    /// Whoever was told together comes back together, but the first of them comes alone: it waits for the others, up to
    /// half as long as the last commit took, because each sync that they share is one less to wait for.
    async fn gather(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.iter().all(|job| job.durability() < Durability::Full) {
            return;
        }
        let until = Instant::now() + self.last.took / 2;
        while batch.len() < self.last.jobs.min(LARGEST_BATCH) {
            let more = self.jobs.recv_many(batch, LARGEST_BATCH);
            if !matches!(timeout_at(until, more).await, Ok(1..)) {
                break;
            }
        }
    }

    /// Commits all of `batch` together; if that fails, each alone, so that one bad change does not fail its neighbours.
    async fn process(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        match self.together(batch).await {
            Ok(()) => answer_all(batch, &Ok(())),
            // Without a transaction no change would fare better alone, and each would wait for the lock again.
            Err(Failure::Begin(error)) => answer_all(batch, &Err(error)),
            Err(Failure::Change(error)) if batch.len() == 1 => answer_all(batch, &Err(error)),
            Err(Failure::Change(_)) => {
                for mut job in batch.drain(..) {
                    let result = self.together(slice::from_mut(&mut job)).await;
                    job.answer(result.map_err(Failure::into_error));
                }
            }
        }
    }

    async fn together(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        let durability = batch.iter().map(|job| job.durability()).max();
        let start = Instant::now();
        let result = match self.tx.begin(durability.unwrap_or(Durability::Full)).await {
            Ok(()) => self.apply(batch).await.map_err(Failure::Change),
            Err(error) => Err(Failure::Begin(error)),
        };
        let synced = batch
            .iter()
            .filter(|job| job.durability() == Durability::Full);
        if let jobs @ 1.. = synced.count() {
            let took = start.elapsed();
            self.last = Shared { jobs, took };
        }
        // Before anybody is answered, so that whoever was told of a change is never shown what was before it.
        if !batch.iter().all(|job| job.leaves_standing()) {
            self.standing.forget();
        }
        if result.is_err() {
            self.undo().await;
        }
        result
    }

    async fn apply(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        for job in batch {
            job.apply(&mut self.tx).await?;
        }
        self.tx.write().await
    }

    /// Ends what a failure left open. `SQLite` ends a transaction itself on some errors (disk full), so a refused ROLLBACK
    /// says nothing; a new connection is certain to have none.
    async fn undo(&mut self) {
        if self.tx.rollback().await.is_ok() {
            return;
        }
        match self.options.connect().await {
            Ok(connection) => self.tx = Tx::new(connection),
            Err(error) => tracing::error!(%error, "the database cannot be opened again"),
        }
    }
}

/// Where a batch failed.
enum Failure {
    Begin(StoreError),
    Change(StoreError),
}

impl Failure {
    fn into_error(self) -> StoreError {
        match self {
            Self::Begin(error) | Self::Change(error) => error,
        }
    }
}

fn answer_all(batch: &mut Vec<Box<dyn Job>>, result: &Result<(), StoreError>) {
    for job in batch.drain(..) {
        job.answer(result.clone());
    }
}

/// Changes that wait beyond this make their senders wait.
pub(crate) const QUEUE: usize = 1_024;
const LARGEST_BATCH: usize = 256;

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;

//! The writer with changes made for the purpose.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::time::Timestamp;

use super::*;
use crate::open::open;
use crate::settings;
use crate::store::Store;

/// Writes a setting and ends as it is told to.
struct Put<const FULL: bool> {
    name: String,
    value: String,
    ending: Ending,
    applied: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Recorded,
    Quiet,
    Forgotten,
    Failed,
}

impl<const FULL: bool> Change for Put<FULL> {
    /// The level of `synchronous` that it was applied at.
    type Output = i64;
    const DURABILITY: Durability = if FULL {
        Durability::Full
    } else {
        Durability::Normal
    };

    async fn apply(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        self.applied.fetch_add(1, Ordering::Relaxed);
        settings::write(tx, &self.name, &self.value).await?;
        match self.ending {
            Ending::Recorded => tx.commit(record()).await?,
            Ending::Quiet => tx.commit_quiet(),
            Ending::Forgotten => {}
            Ending::Failed => return Err(StoreError::Nobody),
        }
        Ok(sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(tx.connection())
            .await?)
    }
}

/// Sets the writer's connection.
struct Pragma(&'static str);

impl Change for Pragma {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query(self.0).execute(tx.connection()).await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// Takes as long as the sync of a slow disk.
struct Slow;

impl Change for Slow {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        tx.commit_quiet();
        Ok(())
    }
}

fn put<const FULL: bool>(name: impl Into<String>, ending: Ending) -> Put<FULL> {
    let (name, value) = (name.into(), "x".to_owned());
    Put {
        name,
        value,
        ending,
        applied: Arc::default(),
    }
}

fn record() -> Record {
    Record::new(
        Timestamp::from_millis(0),
        EventName::CommandHandled,
        Actor::System,
        "test",
    )
}

async fn opened(folder: &Path) -> (Store, Writer) {
    open(&folder.join("test.db"), Timestamp::from_millis(0))
        .await
        .unwrap()
}

/// Runs the writer until `body` is over.
async fn during<T>(writer: Writer, body: impl Future<Output = T>) -> T {
    let (stop, stopped) = oneshot::channel::<()>();
    let body = async {
        let result = body.await;
        drop(stop);
        result
    };
    let stopped = async { drop(stopped.await) };
    tokio::join!(body, writer.run(stopped)).0
}

async fn setting(store: &Store, name: &str) -> Option<String> {
    settings::read(&mut store.reader().await.unwrap(), name)
        .await
        .unwrap()
}

#[tokio::test]
async fn security_a_change_that_ends_without_a_word_is_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    during(writer, async {
        let result = store.change(put::<true>("a", Ending::Forgotten)).await;
        assert!(matches!(result, Err(StoreError::Unrecorded)));
        assert_eq!(setting(&store, "a").await, None);
    })
    .await;
}

#[tokio::test]
async fn security_a_change_cannot_end_on_its_neighbours_word() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    during(writer, async {
        let (good, bad) = tokio::join!(
            store.change(put::<true>("good", Ending::Recorded)),
            store.change(put::<true>("bad", Ending::Forgotten)),
        );
        assert!(good.is_ok() && matches!(bad, Err(StoreError::Unrecorded)));
        assert_eq!(setting(&store, "bad").await, None);
    })
    .await;
}

#[tokio::test]
async fn one_failing_change_does_not_fail_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    let good = put::<true>("good", Ending::Recorded);
    let applied = Arc::clone(&good.applied);
    during(writer, async {
        let (first, bad, last) = tokio::join!(
            store.change(good),
            store.change(put::<true>("bad", Ending::Failed)),
            store.change(put::<true>("last", Ending::Recorded)),
        );
        assert!(first.is_ok() && last.is_ok() && matches!(bad, Err(StoreError::Nobody)));
        assert_eq!(
            applied.load(Ordering::Relaxed),
            2,
            "once in the batch, once alone"
        );
        assert_eq!(setting(&store, "good").await.as_deref(), Some("x"));
        assert_eq!(setting(&store, "bad").await, None);
        assert_eq!(
            store.audit_tail(10).await.unwrap().len(),
            2,
            "no record twice"
        );
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_committed_together_at_the_highest_level() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    during(writer, async {
        let (normal, full) = tokio::join!(
            store.change(put::<false>("a", Ending::Quiet)),
            store.change(put::<true>("b", Ending::Quiet)),
        );
        assert_eq!((normal.unwrap(), full.unwrap()), (SYNC_FULL, SYNC_FULL));
        let alone = store
            .change(put::<false>("a", Ending::Quiet))
            .await
            .unwrap();
        assert_eq!(alone, SYNC_NORMAL);
        let alone = store.change(put::<true>("a", Ending::Quiet)).await.unwrap();
        assert_eq!(alone, SYNC_FULL);
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    during(writer, async {
        store
            .change(Pragma("PRAGMA max_page_count = 1"))
            .await
            .unwrap();
        let mut large = put::<true>("large", Ending::Recorded);
        large.value = "x".repeat(1 << 20);
        let result = store.change(large).await;
        assert!(matches!(result, Err(StoreError::DiskFull(_))), "{result:?}");
        assert_eq!(setting(&store, "large").await, None);
        assert_eq!(store.audit_tail(10).await.unwrap().len(), 0);
        store
            .change(Pragma("PRAGMA max_page_count = 1000000"))
            .await
            .unwrap();
        store
            .change(put::<true>("after", Ending::Recorded))
            .await
            .unwrap();
        assert_eq!(setting(&store, "after").await.as_deref(), Some("x"));
    })
    .await;
}

#[tokio::test]
async fn a_locked_database_is_an_error_and_then_works_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    let mut other = writer.options.connect().await.unwrap();
    during(writer, async {
        store
            .change(Pragma("PRAGMA busy_timeout = 0"))
            .await
            .unwrap();
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .unwrap();
        let (one, two) = tokio::join!(
            store.change(put::<true>("one", Ending::Quiet)),
            store.change(put::<true>("two", Ending::Quiet)),
        );
        assert!(matches!(one, Err(StoreError::Database(_))), "{one:?}");
        assert!(matches!(two, Err(StoreError::Database(_))), "{two:?}");
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        let again = store.change(put::<true>("one", Ending::Quiet)).await;
        assert!(again.is_ok(), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn everything_accepted_before_the_stop_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    let changes =
        (0..600).map(|number| store.change(put::<true>(format!("{number}"), Ending::Quiet)));
    let mut waiting: Vec<_> = changes.map(Box::pin).collect();
    // Polled once, each is in the queue; unconstrained, because tokio's budget would stop after 128.
    tokio::task::unconstrained(std::future::poll_fn(|context| {
        assert!(
            waiting
                .iter_mut()
                .all(|change| change.as_mut().poll(context).is_pending())
        );
        std::task::Poll::Ready(())
    }))
    .await;
    writer.run(std::future::ready(())).await;
    for change in waiting {
        assert!(change.await.is_ok());
    }
    let late = store.change(put::<true>("late", Ending::Quiet)).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    assert!(matches!(store.counts().await, Err(StoreError::Closed)));
}

const SYNC_NORMAL: i64 = 1;
const SYNC_FULL: i64 = 2;

#[tokio::test]
async fn whoever_was_told_together_is_waited_for_and_shares_the_next_sync() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = opened(folder.path()).await;
    during(writer, async {
        let (one, two) = tokio::join!(
            store.change(Slow),
            store.change(put::<true>("a", Ending::Quiet))
        );
        one.unwrap();
        two.unwrap();
        let late = async {
            // The writer has the other change by now.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            store.change(put::<false>("c", Ending::Quiet)).await
        };
        let (_, level) = tokio::join!(store.change(put::<true>("b", Ending::Quiet)), late);
        assert_eq!(level.unwrap(), 2, "it was committed with the other");
    })
    .await;
}

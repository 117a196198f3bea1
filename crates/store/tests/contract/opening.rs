//! Opening, closing and opening again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cctelegram_store::OpenError;
use cctelegram_store::StoreError;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use crate::fixture::ANNA;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::request;

/// The version that this program makes of every database.
const LATEST: i64 = 10;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn raw(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

#[tokio::test]
async fn security_the_database_and_its_companions_are_private() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(&bridge.folder.path().join(name)), 0o600, "{name}");
    }
    let folder = bridge.close().await;
    let path = folder.path().join("test.db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let bridge = Fixture::open(folder).await;
    assert_eq!(mode(&bridge.path()), 0o600, "an open one is closed");
    bridge.close().await;
}

#[tokio::test]
async fn a_clean_stop_leaves_one_file() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let store = bridge.store.clone();
    let folder = bridge.close().await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(matches!(store.ping(at(1)).await, Err(StoreError::Closed)));
    assert!(matches!(
        store.outlook(at(1)).await,
        Err(StoreError::Closed)
    ));
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let bridge = Fixture::new().await;
    bridge.accept(request("a", 1, &[ANNA])).await;
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    let before = bridge.store.approval(approval_id(1)).await.unwrap();
    let audit = bridge.audit().await;
    let bridge = Fixture::open(bridge.crash().await).await;
    assert_eq!(bridge.store.approval(approval_id(1)).await.unwrap(), before);
    assert_eq!(bridge.audit().await, audit);
    assert_eq!(bridge.store.unwritten_responses().await.unwrap().len(), 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let database = raw(&path).await;
    sqlx::query("PRAGMA user_version = 999")
        .execute(&database)
        .await
        .unwrap();
    database.close().await;
    let before = std::fs::read(&path).unwrap();
    let result = cctelegram_store::open(&path, at(0)).await;
    assert!(matches!(
        result,
        Err(OpenError::Newer {
            found: 999,
            known: LATEST
        })
    ));
    let database = raw(&path).await;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    assert_eq!(std::fs::read(&path).unwrap().len(), before.len());
}

#[tokio::test]
async fn an_older_database_is_copied_before_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let copy = folder.path().join(format!("test.db.before-v{LATEST}"));
    let database = raw(&path).await;
    sqlx::query("CREATE TABLE old (note TEXT)")
        .execute(&database)
        .await
        .unwrap();
    sqlx::query("INSERT INTO old VALUES ('precious')")
        .execute(&database)
        .await
        .unwrap();
    database.close().await;
    std::fs::write(
        folder
            .path()
            .join(format!("test.db.before-v{LATEST}.partial")),
        "left by a crash",
    )
    .unwrap();
    let bridge = Fixture::open(folder).await;
    assert_eq!(mode(&copy), 0o600);
    let old = raw(&copy).await;
    let note: String = sqlx::query_scalar("SELECT note FROM old")
        .fetch_one(&old)
        .await
        .unwrap();
    assert_eq!(note, "precious");
    old.close().await;
    // The second time there is nothing to bring up to date.
    let folder = bridge.close().await;
    std::fs::remove_file(&copy).unwrap();
    let bridge = Fixture::open(folder).await;
    assert!(!copy.exists());
    bridge.close().await;
}

#[tokio::test]
async fn a_new_database_needs_no_copy() {
    let bridge = Fixture::new().await;
    let names = std::fs::read_dir(bridge.folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("before")),
        "{names:?}"
    );
    bridge.close().await;
}

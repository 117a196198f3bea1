//! The bridge's database, read from outside.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;

/// A reader of a bridge's database.
pub struct Database {
    connection: SqliteConnection,
}

impl Database {
    pub async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        Self {
            connection: options.connect().await.expect("the database can be read"),
        }
    }

    /// A single number.
    pub async fn number(&mut self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&mut self.connection)
            .await
            .expect("the query is right")
    }

    /// A column of texts.
    pub async fn texts(&mut self, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query)
            .fetch_all(&mut self.connection)
            .await
            .expect("the query is right")
    }

    /// Every audit record, the oldest first.
    pub async fn audit(&mut self) -> Vec<Value> {
        let records = self.texts("SELECT record FROM audit ORDER BY seq").await;
        records
            .iter()
            .map(|record| serde_json::from_str(record).expect("a record is JSON"))
            .collect()
    }
}

/// Keeps everybody else from writing to a database, until it is let go.
pub struct WriteLock {
    connection: SqliteConnection,
}

impl WriteLock {
    pub(crate) async fn take(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(Duration::from_secs(20));
        let mut connection = options.connect().await.expect("the database can be opened");
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .expect("the lock is free for a moment");
        Self { connection }
    }

    pub async fn release(mut self) {
        sqlx::query("ROLLBACK")
            .execute(&mut self.connection)
            .await
            .expect("nothing was changed");
        self.connection.close().await.expect("nothing is open");
    }
}

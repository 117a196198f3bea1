//! What one event leaves in the database, and the bare statements that write the same.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use serde::Deserialize;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqliteSynchronous;

/// The rows of an event that a bridge stored, and the schema of its database.
#[derive(Serialize, Deserialize)]
pub(crate) struct EventRows {
    schema: Vec<String>,
    id: String,
    received: i64,
    body: String,
    content: Vec<u8>,
    rows: Vec<MessageRow>,
    record: String,
}

/// Chat, priority, kind and work of an outbox row.
type MessageRow = (i64, i64, String, String);

/// A loop that stores events, with a statement for each of their rows, and does nothing else.
pub(crate) struct BareLoop {
    connection: SqliteConnection,
    rows: EventRows,
    stored: u32,
}

impl EventRows {
    /// Reads the newest event of a bridge's database.
    pub(crate) async fn newest(database: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(database)
            .read_only(true);
        let mut connection = options.connect().await.context("open the database")?;
        let schema = sqlx::query_scalar(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
        )
        .fetch_all(&mut connection)
        .await?;
        let (key, id, received, body): (i64, String, i64, String) =
            sqlx::query_as("SELECT key, id, received, body FROM event ORDER BY key DESC LIMIT 1")
                .fetch_one(&mut connection)
                .await
                .context("read the event")?;
        let content = sqlx::query_scalar("SELECT content FROM seen WHERE event_id = $1")
            .bind(&id)
            .fetch_one(&mut connection)
            .await?;
        let rows = sqlx::query_as("SELECT chat, priority, kind, work FROM outbox WHERE event = $1")
            .bind(key)
            .fetch_all(&mut connection)
            .await?;
        let record = sqlx::query_scalar(
            "SELECT record FROM audit WHERE instr(record, $1) ORDER BY seq LIMIT 1",
        )
        .bind(&id)
        .fetch_one(&mut connection)
        .await
        .context("read the audit record")?;
        Ok(Self {
            schema,
            id,
            received,
            body,
            content,
            rows,
            record,
        })
    }
}

impl BareLoop {
    /// Opens the database as the program's store does, and makes it if it is not there.
    pub(crate) async fn open(database: &Path, rows: EventRows) -> Result<Self> {
        let is_new = !database.exists();
        let options = SqliteConnectOptions::new()
            .filename(database)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            .disable_statement_logging()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", "67108864");
        let mut connection = options.connect().await.context("open a bare database")?;
        if is_new {
            for statement in &rows.schema {
                sqlx::query(AssertSqlSafe(statement.clone()))
                    .execute(&mut connection)
                    .await
                    .context("make the bare database")?;
            }
        }
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM event")
            .fetch_one(&mut connection)
            .await?;
        Ok(Self {
            connection,
            rows,
            stored: u32::try_from(stored)?,
        })
    }

    /// Stores so many events in one transaction, durably.
    pub(crate) async fn store(&mut self, events: u32) -> Result<()> {
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut self.connection)
            .await?;
        sqlx::query("DELETE FROM seen WHERE received <= $1")
            .bind(self.rows.received.saturating_sub(A_WEEK_MS))
            .execute(&mut self.connection)
            .await?;
        for _ in 0..events {
            self.store_one().await?;
        }
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        Ok(())
    }

    async fn store_one(&mut self) -> Result<()> {
        self.stored = self.stored.saturating_add(1);
        // An id of its own for each event, in every text that names it.
        let id = format!(
            "bare-{:0width$}",
            self.stored,
            width = self.rows.id.len().saturating_sub(5)
        );
        let (body, record) = (
            self.rows.body.replace(&self.rows.id, &id),
            self.rows.record.replace(&self.rows.id, &id),
        );
        let connection = &mut self.connection;
        let _: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT event, content FROM seen WHERE event_id = $1")
                .bind(&id)
                .fetch_optional(&mut *connection)
                .await?;
        let _: Vec<i64> = sqlx::query_scalar("SELECT id FROM chat")
            .fetch_all(&mut *connection)
            .await?;
        let key: i64 = sqlx::query_scalar(
            "INSERT INTO event (id, received, body) VALUES ($1, $2, $3) RETURNING key",
        )
        .bind(&id)
        .bind(self.rows.received)
        .bind(&body)
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO seen (event_id, event, content, received) VALUES ($1, $2, $3, $4)",
        )
        .bind(&id)
        .bind(key)
        .bind(&self.rows.content)
        .bind(self.rows.received)
        .execute(&mut *connection)
        .await?;
        for (chat, priority, kind, work) in &self.rows.rows {
            let _: i64 = sqlx::query_scalar(
                "INSERT INTO outbox (chat, priority, kind, work, event, approval, task, reply_to, queued, due, held, \
                 attempt, parts_sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, 0, 0) RETURNING id",
            )
            .bind(chat)
            .bind(priority)
            .bind(kind)
            .bind(work)
            .bind(key)
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(None::<i64>)
            .bind(self.rows.received)
            .bind(0_i64)
            .fetch_one(&mut *connection)
            .await?;
        }
        sqlx::query("INSERT INTO audit (record) VALUES ($1)")
            .bind(&record)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

const A_WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

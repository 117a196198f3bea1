//! What can go wrong with the store, as its callers need to tell it apart.

use std::sync::Arc;

use cctelegram_core::id::AttachmentId;

use crate::inbox::StoredUpdateId;

/// Why a read or a change did not happen. After an error nothing of the change is stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store is closed")]
    Closed,
    #[error("the disk is full")]
    DiskFull(#[source] Arc<sqlx::Error>),
    #[error("the database can only be read")]
    ReadOnly(#[source] Arc<sqlx::Error>),
    #[error("the database refused")]
    Database(#[source] Arc<sqlx::Error>),
    #[error("stored {what} cannot be read back")]
    Damaged {
        what: &'static str,
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    #[error("a change ended without saying what to record")]
    Unrecorded,
    #[error("an event needs at least one recipient")]
    Nobody,
    #[error("there is no file {0} that an event could name")]
    NoSuchFile(AttachmentId),
    #[error(
        "files that wait to be sent have {} MB already ([attachments] max_total_mb)", .0 / 1_048_576
    )]
    FilesFull(u64),
    #[error("update {} is handled already", .0.0)]
    AlreadyHandled(StoredUpdateId),
    #[error("the request has no such option")]
    NoSuchOption,
    #[error("a request does not end in this state")]
    NotAnEnding,
}

/// Why the database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database has version {found}, this program knows up to {known}: use a newer one")]
    Newer { found: i64, known: i64 },
    #[error("SQLite {found} can damage a database in WAL mode: 3.51.3 or newer is needed")]
    TooOldLibrary { found: String },
    #[error("make the database file private")]
    File(#[source] std::io::Error),
    #[error("open the database")]
    Sqlite(#[from] sqlx::Error),
    #[error("bring the database up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("copy the database before bringing it up to date")]
    Backup(#[source] BackupError),
}

/// Why the copy before a migration failed. The database itself is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("write the copy")]
    File(#[from] std::io::Error),
    #[error("fill the copy")]
    Sqlite(#[from] sqlx::Error),
}

impl StoreError {
    /// Wraps what was wrong with a stored value.
    pub(crate) fn damaged(
        what: &'static str,
    ) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |source| Self::Damaged {
            what,
            source: Arc::from(source),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolClosed) {
            return Self::Closed;
        }
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        let code = code.and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
        // SQLite's extended codes keep the primary code in the low byte.
        match code & 0xff {
            SQLITE_FULL => Self::DiskFull(Arc::new(error)),
            SQLITE_READONLY => Self::ReadOnly(Arc::new(error)),
            _ => Self::Database(Arc::new(error)),
        }
    }
}

const SQLITE_READONLY: i32 = 8;
const SQLITE_FULL: i32 = 13;

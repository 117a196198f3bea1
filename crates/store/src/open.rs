//! Opening the database: private files, the right version, two kinds of connection.

use std::ffi::OsString;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use cctelegram_core::time::Timestamp;
use sqlx::ConnectOptions as _;
use sqlx::SqlSafeStr as _;
use sqlx::SqliteConnection;
use sqlx::migrate::Migration;
use sqlx::migrate::MigrationType;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;
use tokio::sync::mpsc;

use crate::error::BackupError;
use crate::error::OpenError;
use crate::error::StoreError;
use crate::inbox;
use crate::intake;
use crate::store::Store;
use crate::tx::Tx;
use crate::writer;
use crate::writer::Writer;

/// Opens the database at `path`, makes it if it is not there, and brings it up to date. The writer has to be run.
///
/// # Errors
/// The file cannot be made private, opened, copied or brought up to date, or it was written by a newer program.
pub async fn open(path: &Path, now: Timestamp) -> Result<(Store, Writer), OpenError> {
    make_private(path).map_err(OpenError::File)?;
    let common = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let writing = common
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", "67108864");
    let mut connection = writing.connect().await?;
    check_library(&mut connection).await?;
    let found = migrate(&mut connection, path).await?;
    intake::forget_old(&mut connection, now).await?;
    inbox::forget_old(&mut connection, now).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up, and asking costs as much as reading.
        .test_before_acquire(false)
        .connect_with(common.read_only(true))
        .await?;
    let (sender, receiver) = mpsc::channel(writer::QUEUE);
    let store = Store::new(sender, read, found);
    let writer = Writer::new(Tx::new(connection), writing, receiver, &store);
    Ok((store, writer))
}

/// Opens the database at `path` to look at it, beside a running bridge or without one. Changes fail as closed.
pub async fn open_to_read(path: &Path) -> Result<Store, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let read = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    let (sender, _) = mpsc::channel(1);
    Ok(Store::new(sender, read, known_version()))
}

/// `SQLite` gives the WAL and the shared memory the mode of the database, so the database has to be private first.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(path)
    {
        Ok(file) => file.set_permissions(Permissions::from_mode(PRIVATE))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tighten(path)?,
        Err(error) => return Err(error),
    }
    for suffix in ["-wal", "-shm"] {
        match tighten(&beside(path, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    Ok(())
}

fn tighten(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.permissions().mode() & 0o777 == PRIVATE {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(PRIVATE))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

async fn check_library(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await?;
    let numbers: Vec<u32> = found
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    if numbers.as_slice() < OLDEST_LIBRARY.as_slice() {
        return Err(OpenError::TooOldLibrary { found });
    }
    Ok(())
}

/// Answers the version before.
async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<i64, OpenError> {
    let migrations = migrations();
    let known = known_version();
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *connection)
        .await?;
    if found < known && tables > 0 {
        let copy = beside(path, &format!(".before-v{known}"));
        back_up(connection, &copy)
            .await
            .map_err(OpenError::Backup)?;
    }
    Migrator::with_migrations(migrations)
        .run_direct(None, connection, false)
        .await?;
    Ok(found)
}

/// Writes a whole copy under another name first, so that `copy` is never half of one.
async fn back_up(connection: &mut SqliteConnection, copy: &Path) -> Result<(), BackupError> {
    let partial = beside(copy, ".partial");
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    make_private(&partial)?;
    let name = partial
        .to_str()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(connection)
        .await?;
    File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, copy)?;
    let folder = copy
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// The newest version of the database that this program knows.
pub(crate) fn known_version() -> i64 {
    migrations().last().map_or(0, |migration| migration.version)
}

/// Each file ends by setting `user_version` to its number.
fn migrations() -> Vec<Migration> {
    let files = [
        (1, "start", include_str!("../migrations/0001_start.sql")),
        (
            2,
            "attachments",
            include_str!("../migrations/0002_attachments.sql"),
        ),
        (3, "quiet", include_str!("../migrations/0003_quiet.sql")),
        (4, "groups", include_str!("../migrations/0004_groups.sql")),
        (5, "keys", include_str!("../migrations/0005_keys.sql")),
        (6, "files", include_str!("../migrations/0006_files.sql")),
        (7, "answers", include_str!("../migrations/0007_answers.sql")),
        (
            8,
            "session_replies",
            include_str!("../migrations/0008_session_replies.sql"),
        ),
        (
            10,
            "attended",
            include_str!("../migrations/0010_attended.sql"),
        ),
    ];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    files.into_iter().map(migration).collect()
}

const PRIVATE: u32 = 0o600;
const READERS: u32 = 4;
/// More than the program has, so that each is prepared once.
const STATEMENTS: usize = 256;
/// The first `SQLite` without the WAL-reset bug.
const OLDEST_LIBRARY: [u32; 3] = [3, 51, 3];

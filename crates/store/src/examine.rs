//! The state of the database file itself.

use cctelegram_core::time::Timestamp;

use crate::error::StoreError;
use crate::open;
use crate::store::Store;

/// What is known of a database without using it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examined {
    /// The version of the `SQLite` library.
    pub library: String,
    /// The version of the database, and the newest that this program knows.
    pub version: i64,
    pub known: i64,
    /// What `SQLite` finds damaged; at most ten things.
    pub damage: Vec<String>,
    /// When a person last did something. Only looked for in a database of the known version.
    pub last_update: Option<Timestamp>,
}

impl Store {
    /// Looks the database over. Takes a while when it is large.
    pub async fn examine(&self) -> Result<Examined, StoreError> {
        let mut reader = self.reader().await?;
        let library = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&mut *reader)
            .await?;
        let version = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *reader)
            .await?;
        let mut damage: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(10)")
            .fetch_all(&mut *reader)
            .await?;
        damage.retain(|line| line != "ok");
        let known = open::known_version();
        let last_update: Option<i64> = if version == known {
            sqlx::query_scalar("SELECT max(received) FROM update_inbox")
                .fetch_one(&mut *reader)
                .await?
        } else {
            None
        };
        Ok(Examined {
            library,
            version,
            known,
            damage,
            last_update: last_update.map(Timestamp::from_millis),
        })
    }
}

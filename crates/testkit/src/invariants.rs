//! What has to hold after every test, whatever it tested.

use std::fs;
use std::path::Path;

use crate::database::Database;

/// Checks the home of a bridge that has stopped:
/// - no audit number is missing and every record is whole,
/// - the token is in no file but those that hold settings,
/// - nothing in the home can be read by other users.
pub(crate) async fn check(home: &Path, token: &str) {
    let database = home.join("cctelegram.db");
    if !database.exists() {
        return;
    }
    let mut database = Database::open(&database).await;
    let records = database.audit().await.len();
    let last = database
        .number("SELECT coalesce(max(seq), 0) FROM audit")
        .await;
    assert_eq!(
        i64::try_from(records),
        Ok(last),
        "the audit trail has a gap"
    );
    let problem = database.texts("PRAGMA integrity_check").await;
    assert_eq!(problem, ["ok"], "the database is damaged");
    drop(database);
    for file in files(home) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::symlink_metadata(&file).map_or(0, |about| about.permissions().mode());
        assert_eq!(mode & 0o007, 0, "{} is open to others", file.display());
        let settings = file.ends_with(".env");
        let bytes = fs::read(&file).unwrap_or_default();
        let leaked = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(
            settings || !leaked,
            "the bot token stands in {}",
            file.display()
        );
    }
}

/// Nothing that anybody sent to the bot stands in the database unsealed.
pub(crate) async fn check_sealed(home: &Path) {
    let database = home.join("cctelegram.db");
    if !database.exists() {
        return;
    }
    let mut database = Database::open(&database).await;
    let bare = database
        .texts("SELECT body FROM update_inbox WHERE body <> ''")
        .await;
    assert_eq!(bare, [""; 0], "an update was stored unsealed");
}

/// Plain files of ours, not those that a test planted in the spool.
fn files(home: &Path) -> Vec<std::path::PathBuf> {
    let folders = [home.to_owned(), home.join("responses")];
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

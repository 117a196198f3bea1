//! The database: whole, of a version that we know, and what of its queue needs somebody's hand.

use std::fs;
use std::io;

use cctelegram_core::time::span;
use cctelegram_store::Store;
use cctelegram_store::StoreError;

use super::Diagnosis;
use super::Patient;

const DATABASE: &str = "database";
const WAL: &str = "write-ahead log";
const QUEUE: &str = "queue";
const LARGEST_WAL: u64 = 256 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

pub(super) async fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let path = patient.home.database();
    let why = match path.try_exists() {
        Ok(true) => None,
        Ok(false) => Some("there is none before the first start".to_owned()),
        Err(error) => Some(format!("{} cannot be looked at: {error}", path.display())),
    };
    if let Some(why) = why {
        let skipped = |check| Diagnosis::skipped(check, why.clone());
        return [DATABASE, WAL, QUEUE].map(skipped).into();
    }
    let mut found = match examine(patient).await {
        Ok(found) => found,
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            let what = format!("{} cannot be read: {error}", path.display());
            let remedy = "Stop the bridge and keep a copy of the file before anything else.";
            let skipped = Diagnosis::skipped(QUEUE, "the database cannot be read");
            vec![Diagnosis::failed(DATABASE, what, remedy), skipped]
        }
    };
    let mut wal = path.into_os_string();
    wal.push("-wal");
    found.push(log_of(fs::metadata(&wal).map(|about| about.len())));
    found
}

/// Its size, where there is one.
fn log_of(size: io::Result<u64>) -> Diagnosis {
    let size = match size {
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Diagnosis::skipped(WAL, format!("it cannot be looked at: {error}")),
        Ok(size) => size,
    };
    match size {
        size if size > LARGEST_WAL => Diagnosis::warning(
            WAL,
            format!("it has grown to {} MiB", size / MIB),
            "A reader keeps it from being emptied: restart the bridge.",
        ),
        size => Diagnosis::ok(WAL, format!("{} MiB", size / MIB)),
    }
}

async fn examine(patient: &Patient<'_>) -> Result<Vec<Diagnosis>, StoreError> {
    let store = cctelegram_store::open_to_read(&patient.home.database()).await?;
    let about = store.examine().await?;
    if about.version != about.known {
        let what = format!(
            "its version is {}, this program knows {}",
            about.version, about.known
        );
        let found = if about.version > about.known {
            Diagnosis::failed(DATABASE, what, "Use the newer program that wrote it.")
        } else {
            let remedy = "The next start of this program brings it up to date, and keeps a copy.";
            Diagnosis::warning(DATABASE, what, remedy)
        };
        let skipped = Diagnosis::skipped(QUEUE, "the database has another version");
        return Ok(vec![found, skipped]);
    }
    let mut found = vec![match about.damage.as_slice() {
        [] => {
            let last = about.last_update.map(|at| {
                format!(
                    "; a person was last heard {} ago",
                    span(patient.now.since(at))
                )
            });
            let text = format!(
                "version {}, undamaged, SQLite {}{}",
                about.version,
                about.library,
                last.unwrap_or_default()
            );
            Diagnosis::ok(DATABASE, text)
        }
        damage => Diagnosis::failed(
            DATABASE,
            format!("it is damaged: {}", damage.join("; ")),
            "Stop the bridge and keep a copy of the file before anything else.",
        ),
    }];
    found.extend(queue(patient, &store).await?);
    Ok(found)
}

async fn queue(patient: &Patient<'_>, store: &Store) -> Result<Vec<Diagnosis>, StoreError> {
    let counts = store.counts().await?;
    let mut found = Vec::new();
    if counts.dead > 0 {
        let what = format!("{} messages could not be delivered", counts.dead);
        let remedy = "`cctelegram queue` says why; `cctelegram queue retry --dead` tries again.";
        found.push(Diagnosis::warning(QUEUE, what, remedy));
    }
    for (chat, reason) in store.parked().await? {
        let what = format!("nothing can be sent to chat {chat}: {reason}");
        let remedy = "That person has to press Start in the bot's chat.";
        found.push(Diagnosis::warning(QUEUE, what, remedy));
    }
    let waits = format!(
        "{} messages wait, {} are held back, {} requests are open",
        counts.waiting, counts.held, counts.pending_approvals
    );
    let most = patient
        .config
        .as_ref()
        .map(|config| config.intake.max_queue_size);
    found.push(match most {
        Ok(most) if counts.waiting.saturating_mul(10) >= most.saturating_mul(9) => {
            let remedy =
                "Producers have to wait soon: see why nothing is sent, or raise MAX_QUEUE_SIZE.";
            Diagnosis::warning(QUEUE, waits, remedy)
        }
        Ok(_) => Diagnosis::ok(QUEUE, waits),
        Err(_) => {
            let why = "how many may wait is unknown, because the settings have mistakes";
            Diagnosis::skipped(QUEUE, format!("{waits}; {why}"))
        }
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn a_log_that_cannot_be_looked_at_is_not_called_empty() {
        for (size, grade) in [
            (Ok(0), Grade::Ok),
            (Ok(LARGEST_WAL + 1), Grade::Warning),
            (Err(io::ErrorKind::NotFound.into()), Grade::Ok),
            (Err(io::ErrorKind::PermissionDenied.into()), Grade::Skipped),
        ] {
            assert_eq!(log_of(size).grade, grade);
        }
    }
}

//! Event files: those that wait, and those that were refused.

use std::fs;
use std::io;
use std::path::Path;

use super::Diagnosis;
use super::Patient;
use crate::spool;

const SPOOL: &str = "spool";
const REJECTED: &str = "rejected files";
/// A running bridge takes files in as they come; so many are no passing crowd.
const BACKLOG: usize = 100;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let events = patient.home.events();
    vec![
        waiting(patient, &events),
        rejected(&patient.home.rejected()),
    ]
}

fn waiting(patient: &Patient<'_>, events: &Path) -> Diagnosis {
    let count = match count(events, |_| true) {
        Ok(count) => count,
        Err(skipped) => return Diagnosis::skipped(SPOOL, skipped),
    };
    let text = format!("{count} event files wait in {}", events.display());
    match (&patient.bridge, count) {
        (_, 0) => Diagnosis::ok(SPOOL, text),
        (Err(_), _) => Diagnosis::warning(SPOOL, text, "They are taken in when the bridge runs."),
        (Ok(_), BACKLOG..) => {
            let remedy = "`cctelegram logs --level warn` says why they are not taken in.";
            Diagnosis::warning(SPOOL, text, remedy)
        }
        (Ok(_), _) => Diagnosis::ok(SPOOL, text),
    }
}

fn rejected(folder: &Path) -> Diagnosis {
    match count(folder, |name| !name.ends_with(".reason")) {
        Err(skipped) => Diagnosis::skipped(REJECTED, skipped),
        Ok(0) => Diagnosis::ok(REJECTED, "none"),
        Ok(count) => Diagnosis::warning(
            REJECTED,
            format!("{count} event files were refused into {}", folder.display()),
            "The .reason beside each says why: correct it and move it back, or remove it.",
        ),
    }
}

/// Counts files, drafts left out; or says why that cannot be done.
fn count(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<usize, String> {
    let cannot = |error: io::Error| format!("{} cannot be listed: {error}", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("the folder is made at the first start".to_owned());
        }
        Err(error) => return Err(cannot(error)),
    };
    let mut count = 0_usize;
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = match entry.file_type() {
            Ok(kind) => kind.is_file(),
            // Taken in meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(cannot(error)),
        };
        let is_draft = name.starts_with('.') && !spool::is_claimed(name.as_bytes());
        if is_file && !is_draft && wanted(&name) {
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stopped_bridge_had_claimed_waits_too() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.json", ".taken-7-b.json", ".draft", "b.json.reason"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(count(folder.path(), |_| true), Ok(3));
        let file = folder.path().join("a.json");
        assert!(
            count(&file, |_| true)
                .unwrap_err()
                .contains("cannot be listed")
        );
    }
}

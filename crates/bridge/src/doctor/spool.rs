//! Event files: those that wait, and those that were refused.

use std::fs;
use std::io;
use std::path::Path;

use super::Diagnosis;
use super::Patient;

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
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("the folder is made at the first start".to_owned());
        }
        Err(error) => return Err(format!("{} cannot be listed: {error}", folder.display())),
    };
    let files = entries.filter_map(Result::ok).filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file && !name.starts_with('.') && wanted(&name)
    });
    Ok(files.count())
}

//! What the machine gives: room on the disk, notifications of new files, time zones.

use std::fs;
use std::path::Path;

use cctelegram_core::time::Timestamp;
use notify::RecursiveMode;
use notify::Watcher as _;

use super::Diagnosis;
use super::Patient;

const DISK: &str = "disk";
const WATCHES: &str = "file watches";
const ZONE: &str = "time zone";
/// Below this the database may soon refuse changes.
const LITTLE: u64 = 1024 * MIB;
/// The largest write-ahead log and a log file have to fit.
const TOO_LITTLE: u64 = 128 * MIB;
const MIB: u64 = 1024 * 1024;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    vec![
        disk(patient.home.root()),
        watches(patient.home.root()),
        zone(patient),
    ]
}

fn disk(root: &Path) -> Diagnosis {
    let Some(existing) = root.ancestors().find(|path| path.exists()) else {
        return Diagnosis::skipped(DISK, "the home has no place yet");
    };
    let about = match rustix::fs::statvfs(existing) {
        Ok(about) => about,
        Err(error) => {
            let what = format!("{} cannot be looked at: {error}", existing.display());
            return Diagnosis::skipped(DISK, what);
        }
    };
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let text = format!("{} MiB are free at {}", free / MIB, existing.display());
    let remedy = "Make room: with a full disk nothing can be taken in or decided.";
    match free {
        ..TOO_LITTLE => Diagnosis::failed(DISK, text, remedy),
        TOO_LITTLE..LITTLE => Diagnosis::warning(DISK, text, remedy),
        LITTLE.. => Diagnosis::ok(DISK, text),
    }
}

/// A watch is really made: the limits alone do not tell how many are in use.
fn watches(root: &Path) -> Diagnosis {
    if !root.exists() {
        return Diagnosis::skipped(WATCHES, "the home is not there yet");
    }
    let limit = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}"));
        text.map_or("unknown".to_owned(), |text| text.trim().to_owned())
    };
    let limits = format!(
        "max_user_watches {}, max_user_instances {}",
        limit("max_user_watches"),
        limit("max_user_instances")
    );
    let watched = notify::recommended_watcher(|_: notify::Result<notify::Event>| {})
        .and_then(|mut watcher| watcher.watch(root, RecursiveMode::NonRecursive));
    match watched {
        Ok(()) => Diagnosis::ok(WATCHES, format!("one could be made ({limits})")),
        Err(error) => Diagnosis::warning(
            WATCHES,
            format!("none could be made: {error} ({limits}); files are looked for every second"),
            "Raise the limits: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512",
        ),
    }
}

fn zone(patient: &Patient<'_>) -> Diagnosis {
    let config = match patient.config(ZONE) {
        Ok(config) => config,
        Err(skipped) => return skipped,
    };
    let zone = &config.messages.zone;
    let time = patient
        .now
        .civil(zone)
        .map(|time| time.strftime("%H:%M").to_string());
    let name = zone.iana_name().unwrap_or("the machine's own");
    let text = format!(
        "times are shown in {name}: it is {}",
        time.unwrap_or_default()
    );
    if knows_zones(patient.now) {
        Diagnosis::ok(ZONE, text)
    } else {
        let text = format!("{text}; the machine has no data of other time zones");
        Diagnosis::warning(ZONE, text, "Install the package tzdata.")
    }
}

fn knows_zones(now: Timestamp) -> bool {
    let vienna = jiff::tz::TimeZone::get("Europe/Vienna");
    vienna.is_ok_and(|zone| now.civil(&zone).is_some())
}

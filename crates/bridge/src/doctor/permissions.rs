//! Who may look into the home, and whose it is.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::Diagnosis;
use super::Patient;

const PERMISSIONS: &str = "permissions";

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let mut looked = 0_usize;
    let mut found = Vec::new();
    let paths = patient.home.private_paths();
    for path in paths.into_iter().chain(key_file(patient)) {
        match look(&path) {
            Ok(Some(problem)) => found.push(problem),
            Ok(None) => looked = looked.saturating_add(1),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let what = format!("{} cannot be looked at: {error}", path.display());
                let remedy = "Run this as the user that runs the bridge.";
                found.push(Diagnosis::failed(PERMISSIONS, what, remedy));
            }
        }
    }
    if found.is_empty() {
        found.push(if looked == 0 {
            Diagnosis::skipped(PERMISSIONS, "there is nothing in the home yet")
        } else {
            let text = format!("{looked} files and directories belong to you alone");
            Diagnosis::ok(PERMISSIONS, text)
        });
    }
    found
}

/// What is wrong with one file or directory.
fn look(path: &Path) -> io::Result<Option<Diagnosis>> {
    let about = fs::symlink_metadata(path)?;
    let shown = path.display();
    let us = rustix::process::geteuid().as_raw();
    if about.is_symlink() {
        let what = format!("{shown} is a symbolic link");
        let remedy = "Put the real thing in its place: the bridge does not follow it.";
        return Ok(Some(Diagnosis::failed(PERMISSIONS, what, remedy)));
    }
    if about.uid() != us {
        let what = format!("{shown} belongs to user {}, not to you ({us})", about.uid());
        let remedy = format!("chown {us} {shown}, or run this as that user.");
        return Ok(Some(Diagnosis::failed(PERMISSIONS, what, remedy)));
    }
    let mode = about.mode() & 0o7777;
    let open = mode & 0o077;
    if open == 0 {
        return Ok(None);
    }
    let private = if about.is_dir() { 700 } else { 600 };
    let what = format!("{shown} is open to others (mode {mode:04o})");
    let remedy = format!("chmod {private} {shown}");
    Ok(Some(Diagnosis::failed(PERMISSIONS, what, remedy)))
}

/// The key stands apart from the data; who has both can read everything.
fn key_file(patient: &Patient<'_>) -> Option<PathBuf> {
    let set = |name| {
        let value = patient.environment.get(name)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    };
    set("CC_TELEGRAM_KEY_FILE").or_else(|| {
        let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
        Some(config.join("cctelegram/key"))
    })
}

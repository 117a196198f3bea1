//! Who may look into the home, and whose it is.

use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Diagnosis;
use super::Patient;
use crate::keys;

const PERMISSIONS: &str = "permissions";

pub(super) async fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let mut looked = 0_usize;
    let mut found = Vec::new();
    match patient.home.private_paths() {
        Ok(paths) => {
            for path in paths {
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
        }
        Err(error) => found.push(Diagnosis::error(PERMISSIONS, &error.into())),
    }
    match key_file(patient).await {
        Ok(there) => looked = looked.saturating_add(usize::from(there)),
        Err(problem) => found.push(problem),
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

/// The key stands apart from the data; who has both can read everything. Is it there? It has to be once the database has
/// keys.
async fn key_file(patient: &Patient<'_>) -> Result<bool, Diagnosis> {
    let place = patient.config(PERMISSIONS)?.key_file.as_ref();
    let there = keys::is_there(place, &patient.home);
    if there.map_err(|error| Diagnosis::error(PERMISSIONS, &error))? {
        return Ok(true);
    }
    let database = patient.home.database();
    let unknown = |error: &dyn Display| {
        let what =
            format!("the key file is missing; whether the database needs it is unknown: {error}");
        Diagnosis::skipped(PERMISSIONS, what)
    };
    if !database.try_exists().map_err(|error| unknown(&error))? {
        return Ok(false);
    }
    let store = cctelegram_store::open_to_read(&database).await;
    let stored = store.map_err(|error| unknown(&error))?.keys().await;
    let stored = stored.map_err(|error| unknown(&error))?;
    match place.filter(|_| !stored.is_empty()) {
        Some(place) => {
            let error = anyhow::Error::msg(keys::missing(place, &stored));
            Err(Diagnosis::error(PERMISSIONS, &error))
        }
        None => Ok(false),
    }
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

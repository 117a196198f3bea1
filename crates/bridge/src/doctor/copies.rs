//! Copies of the bot token that lie about: left by editors, made as backups, or put under version control.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::Diagnosis;
use super::Patient;

const COPIES: &str = "token copies";
/// Larger files of the home are not read: the database and the logs are watched for the token elsewhere.
const LARGEST: u64 = 64 * 1024;
/// An index of a repository that is larger is not read.
const LARGEST_INDEX: u64 = 64 * 1024 * 1024;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let token = patient.config.as_ref().ok();
    let token = token.and_then(|config| config.telegram.token.as_ref());
    let token = token.map(|token| token.expose().as_bytes());
    let root = patient.home.root();
    let mut found = Vec::new();
    for path in files_of(root, &mut found) {
        found.extend(in_home(&path, &patient.home.env_file(), token));
    }
    for path in root
        .parent()
        .map(|beside| files_of(beside, &mut found))
        .unwrap_or_default()
    {
        // Only the names that a copy of ours has: the rest is other people's business.
        if is_copy_by_name(&path) && holds(&path, token) == Some(true) {
            found.push(holding(&path));
        }
    }
    found.extend(tracked(&patient.home.env_file()));
    if !found.is_empty() {
        return found;
    }
    vec![match token {
        Some(_) => Diagnosis::ok(
            COPIES,
            "no other file in or beside the home holds the token",
        ),
        None => Diagnosis::skipped(COPIES, "there is no token to look for"),
    }]
}

/// The plain files directly in a directory.
fn files_of(directory: &Path, found: &mut Vec<Diagnosis>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let what = format!("{} cannot be listed: {error}", directory.display());
            found.push(Diagnosis::skipped(COPIES, what));
            return Vec::new();
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|about| about.is_file()))
        .collect();
    paths.sort();
    paths
}

fn in_home(path: &Path, env_file: &Path, token: Option<&[u8]>) -> Option<Diagnosis> {
    if path == env_file {
        return None;
    }
    match (holds(path, token), is_copy_by_name(path)) {
        (Some(true), _) => Some(holding(path)),
        (_, true) => {
            let what = format!("{} looks like a copy of .env", path.display());
            Some(Diagnosis::warning(COPIES, what, "Remove it if it is one."))
        }
        (Some(false) | None, false) => None,
    }
}

fn holding(path: &Path) -> Diagnosis {
    let what = format!("{} holds the bot token", path.display());
    Diagnosis::failed(
        COPIES,
        what,
        "Remove the file; only .env is the place for it.",
    )
}

/// Does a file of ordinary size hold the token? `None` when that cannot be told.
fn holds(path: &Path, token: Option<&[u8]>) -> Option<bool> {
    let token = token?;
    if fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    Some(bytes.windows(token.len()).any(|part| part == token))
}

/// Names that editors and careful people give to copies of `.env`.
fn is_copy_by_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let harmless = [".env", ".env.example", ".env.sample", ".env.template"];
    let is_variant = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(['.', '~', '-', '_', '#']))
    };
    !harmless.contains(&name.as_ref())
        && (is_variant(".env") || is_variant("#.env") || is_variant(".#.env") || &*name == ".#.env")
}

/// Is the file of the token under version control? Git lists the files that it tracks in its index, by their paths.
fn tracked(env_file: &Path) -> Option<Diagnosis> {
    let work_tree = env_file
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists())?;
    let index = work_tree.join(".git/index");
    let inside = env_file.strip_prefix(work_tree).ok()?;
    let about = fs::metadata(&index).ok()?;
    let shown = env_file.display();
    if about.len() > LARGEST_INDEX {
        let what = format!("{} is too large to look for {shown}", index.display());
        return Some(Diagnosis::skipped(COPIES, what));
    }
    let bytes = fs::read(&index).ok()?;
    let mut wanted = inside.as_os_str().as_encoded_bytes().to_vec();
    wanted.push(0);
    let listed = bytes.windows(wanted.len()).any(|part| part == wanted);
    listed.then(|| {
        let what = format!("{shown} is tracked by Git in {}", work_tree.display());
        let remedy = "git rm --cached it, add it to .gitignore, and get a new token from @BotFather (/revoke).";
        Diagnosis::failed(COPIES, what, remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_by_their_names() {
        for name in [
            ".env.backup",
            ".env~",
            ".env.bak",
            ".env.save",
            "#.env#",
            ".env.swp",
            ".#.env",
        ] {
            assert!(is_copy_by_name(Path::new(name)), "{name}");
        }
        for name in [
            ".env",
            ".env.example",
            ".environment",
            "config.toml",
            "env.bak",
        ] {
            assert!(!is_copy_by_name(Path::new(name)), "{name}");
        }
    }
}

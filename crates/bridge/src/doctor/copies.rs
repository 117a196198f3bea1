//! Copies of the bot token that lie about: left by editors, made as backups, or put under version control.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::Diagnosis;
use super::Patient;
use super::tracked;

const COPIES: &str = "token copies";
/// Larger files of the home are not read: the database and the logs are watched for the token elsewhere.
const LARGEST: u64 = 64 * 1024;

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
        if is_copy_by_name(&path) {
            match holds(&path, token) {
                Ok(true) => found.push(holding(&path)),
                Ok(false) => {}
                Err(error) => found.push(unreadable(&path, &error)),
            }
        }
    }
    found.extend(match tracked::by_git(&patient.home.env_file()) {
        Ok(None) => None,
        Ok(Some(work_tree)) => Some(tracking(&patient.home.env_file(), &work_tree)),
        Err(why) => Some(Diagnosis::skipped(COPIES, why)),
    });
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
    let mut paths = Vec::new();
    for entry in entries {
        let kind = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
        match kind {
            Ok((path, kind)) if kind.is_file() => paths.push(path),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => found.push(unreadable(directory, &error)),
        }
    }
    paths.sort();
    paths
}

fn in_home(path: &Path, env_file: &Path, token: Option<&[u8]>) -> Option<Diagnosis> {
    if path == env_file {
        return None;
    }
    match (holds(path, token), is_copy_by_name(path)) {
        (Ok(true), _) => Some(holding(path)),
        (Ok(false) | Err(_), true) => {
            let what = format!("{} looks like a copy of .env", path.display());
            Some(Diagnosis::warning(COPIES, what, "Remove it if it is one."))
        }
        (Ok(false), false) => None,
        (Err(error), false) => Some(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnosis {
    Diagnosis::skipped(
        COPIES,
        format!("{} cannot be looked through: {error}", path.display()),
    )
}

fn holding(path: &Path) -> Diagnosis {
    let what = format!("{} holds the bot token", path.display());
    Diagnosis::failed(
        COPIES,
        what,
        "Remove the file; only .env is the place for it.",
    )
}

fn tracking(env_file: &Path, work_tree: &Path) -> Diagnosis {
    let shown = env_file.display();
    let what = format!("{shown} is tracked by Git in {}", work_tree.display());
    let remedy =
        "git rm --cached it, add it to .gitignore, and get a new token from @BotFather (/revoke).";
    Diagnosis::failed(COPIES, what, remedy)
}

/// Does a file of ordinary size hold the token? Without one nothing does.
fn holds(path: &Path, token: Option<&[u8]>) -> io::Result<bool> {
    let Some(token) = token else {
        return Ok(false);
    };
    let read = || {
        if fs::metadata(path)?.len() > LARGEST {
            return Ok(Vec::new());
        }
        fs::read(path)
    };
    match read() {
        Ok(bytes) => Ok(bytes.windows(token.len()).any(|part| part == token)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn security_what_cannot_be_read_is_not_counted_as_free_of_the_token() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes");
        fs::write(&file, "it is 12:abc").unwrap();
        let token = Some(b"12:abc".as_slice());
        let grade = |path: &Path| in_home(path, Path::new("/.env"), token).map(|one| one.grade);
        assert_eq!(grade(&file), Some(Grade::Failed));
        assert_eq!(grade(folder.path()), Some(Grade::Skipped));
        assert_eq!(grade(&folder.path().join("gone")), None);
    }

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

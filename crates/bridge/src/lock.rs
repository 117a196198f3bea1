//! One bridge per home, and one poller per bot: locks that end with the process that holds them.

use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_crypto::Digest;
use cctelegram_crypto::Secret;
use rustix::fs::FlockOperation;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::config::Config;
use crate::home::Home;

/// Why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("{what} is in use by another bridge{}\nStop that one first{}.", process(*pid), kill(*pid))]
    Held { what: String, pid: Option<u32> },
    #[error("{} is not a directory that only you may change\nRemove it, or set XDG_RUNTIME_DIR to one.", .0.display())]
    Unsafe(PathBuf),
    #[error("lock {}\nMake sure that you may write there.", path.display())]
    Failed { path: PathBuf, source: io::Error },
}

fn process(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

fn kill(pid: Option<u32>) -> String {
    pid.map(|pid| format!(": `kill {pid}`, or `systemctl --user stop cctelegram`"))
        .unwrap_or_default()
}

/// Held by the one process that works on a home.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// The home's directory has to exist.
    pub(crate) fn take(home: &Home) -> Result<Self, LockError> {
        let what = format!("the home {}", home.root().display());
        take(&home.lock_file(), what).map(|file| Self { _file: file })
    }
}

/// Held by the one process of this user that asks Telegram for a bot's updates.
#[derive(Debug)]
pub(crate) struct TokenLock {
    _file: File,
}

impl TokenLock {
    pub(crate) fn take(token: &Secret<String>, config: &Config) -> Result<Self, LockError> {
        Self::take_in(token, config.runtime_dir.as_deref())
    }

    /// `runtime_dir` is the directory for this user's short-lived files, where one is known.
    fn take_in(token: &Secret<String>, runtime_dir: Option<&Path>) -> Result<Self, LockError> {
        let mut name = Digest::of(token.expose().as_bytes()).hex();
        name.truncate(32);
        let path = directory(runtime_dir)?.join(format!("cctelegram-{name}.lock"));
        take(&path, "this bot token".to_owned()).map(|file| Self { _file: file })
    }
}

/// The first of the usual places that exists and is ours; at last a directory of our own in `/tmp`.
fn directory(runtime_dir: Option<&Path>) -> Result<PathBuf, LockError> {
    let user = rustix::process::geteuid().as_raw();
    let usual = PathBuf::from(format!("/run/user/{user}"));
    for candidate in [runtime_dir.map(Path::to_owned), Some(usual)]
        .into_iter()
        .flatten()
    {
        if is_ours(&candidate) {
            return Ok(candidate);
        }
    }
    let own = PathBuf::from(format!("/tmp/cctelegram-{user}"));
    match DirBuilder::new().mode(0o700).create(&own) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(LockError::Failed { path: own, source })
        }
        Ok(()) | Err(_) if is_ours(&own) => Ok(own),
        Ok(()) | Err(_) => Err(LockError::Unsafe(own)),
    }
}

/// A real directory that belongs to us and that nobody else can change.
fn is_ours(directory: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let about = std::fs::symlink_metadata(directory);
    about.is_ok_and(|about| about.is_dir() && about.uid() == user && about.mode() & 0o022 == 0)
}

fn take(path: &Path, what: String) -> Result<File, LockError> {
    let failed = |source: io::Error| LockError::Failed {
        path: path.to_owned(),
        source,
    };
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|errno| failed(errno.into()))?;
    let mut file = File::from(file);
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            return Err(LockError::Held {
                what,
                pid: holder(&mut file),
            });
        }
        Err(errno) => return Err(failed(errno.into())),
    }
    let written = file.set_len(0).and_then(|()| file.rewind());
    written
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

/// The process that wrote its number into the file; for people only, the lock does not depend on it.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Secret<String> {
        Secret::new("1:one".to_owned())
    }

    #[test]
    fn a_home_has_one_bridge_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_owned());
        let first = HomeLock::take(&home).unwrap();
        let told = HomeLock::take(&home).unwrap_err().to_string();
        let pid = std::process::id();
        assert!(
            told.contains(&format!(
                "is in use by another bridge (process {pid})\nStop that one first"
            )),
            "{told}"
        );
        drop(first);
        assert!(HomeLock::take(&home).is_ok());
    }

    #[test]
    fn a_bot_has_one_poller_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let place = Some(folder.path());
        let first = TokenLock::take_in(&token(), place).unwrap();
        assert!(matches!(
            TokenLock::take_in(&token(), place),
            Err(LockError::Held { .. })
        ));
        let other = Secret::new("2:two".to_owned());
        assert!(TokenLock::take_in(&other, place).is_ok());
        drop(first);
        assert!(TokenLock::take_in(&token(), place).is_ok());
    }

    #[test]
    fn security_a_lock_never_shows_the_token_or_follows_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let _lock = TokenLock::take_in(&token(), Some(folder.path())).unwrap();
        let name = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .file_name();
        assert!(!name.to_string_lossy().contains("one"));
        let home = Home::new(folder.path().to_owned());
        std::os::unix::fs::symlink("/dev/null", home.lock_file()).unwrap();
        assert!(matches!(
            HomeLock::take(&home),
            Err(LockError::Failed { .. })
        ));
    }

    #[test]
    fn security_a_directory_that_others_can_change_is_not_ours() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        assert!(is_ours(folder.path()));
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!is_ours(folder.path()));
    }
}

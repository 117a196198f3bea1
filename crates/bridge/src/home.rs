//! The directory that holds everything the bridge keeps, and who may look into it.

use std::fs;
use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Paths of one bridge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Home {
    root: PathBuf,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    #[error("create {}\nSet CC_TELEGRAM_HOME to a directory that you may write to.", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("look at {}\nMake it readable for the user that runs the bridge.", path.display())]
    Look { path: PathBuf, source: io::Error },
    #[error("{} is a symbolic link\nPut the real thing in its place, or point CC_TELEGRAM_HOME elsewhere.", path.display())]
    Link { path: PathBuf },
    #[error("{} is not {wanted}\nMove it away.", path.display())]
    Kind { path: PathBuf, wanted: &'static str },
    #[error("{} belongs to user {owner}, not to you\nRun the bridge as that user, or take it over with chown.", path.display())]
    Owner { path: PathBuf, owner: u32 },
}

impl Home {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The spool: event files are put here.
    pub(crate) fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// Files that event files name are put here.
    pub(crate) fn attachments(&self) -> PathBuf {
        self.root.join("attachments")
    }

    /// Files on their way in; none of them has a name.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    pub(crate) fn rejected(&self) -> PathBuf {
        self.events().join("rejected")
    }

    pub(crate) fn responses(&self) -> PathBuf {
        self.root.join("responses")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("cctelegram.db")
    }

    pub(crate) fn env_file(&self) -> PathBuf {
        self.root.join(".env")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// What agents may do without being asked. It may belong to somebody whom agents do not run as.
    pub(crate) fn policy_file(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.root.join("bridge.log")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("bridge.lock")
    }

    /// Where the bridge listens, unless `[socket] path` says otherwise.
    pub(crate) fn socket(&self) -> PathBuf {
        self.root.join("bridge.sock")
    }

    /// Creates what is missing and closes what is too open. What belongs to somebody else is refused.
    pub(crate) fn prepare(&self) -> Result<Vec<String>, HomeError> {
        let mut warnings = Vec::new();
        for directory in self.directories() {
            create(&directory)?;
            warnings.extend(close(&directory, FileType::Directory)?);
        }
        for file in self.files()? {
            warnings.extend(close(&file, FileType::RegularFile)?);
        }
        Ok(warnings)
    }

    /// Everything that nobody else may look into, whether it is there or not.
    pub(crate) fn private_paths(&self) -> Result<Vec<PathBuf>, HomeError> {
        let directories = self.directories().into_iter();
        Ok(directories.chain(self.files()?).collect())
    }

    fn directories(&self) -> [PathBuf; 6] {
        [
            self.root.clone(),
            self.events(),
            self.rejected(),
            self.responses(),
            self.attachments(),
            self.incoming(),
        ]
    }

    fn files(&self) -> Result<Vec<PathBuf>, HomeError> {
        let mut files = vec![self.env_file(), self.config_file(), self.lock_file()];
        for name in [
            "cctelegram.db",
            "cctelegram.db-wal",
            "cctelegram.db-shm",
            "bridge.log",
        ] {
            files.push(self.root.join(name));
        }
        files.extend((1..=5).map(|number| self.root.join(format!("bridge.log.{number}"))));
        files.extend(self.database_copies()?);
        Ok(files)
    }

    /// The copies that are made before the database is brought up to date.
    fn database_copies(&self) -> Result<Vec<PathBuf>, HomeError> {
        let look = |source| HomeError::Look {
            path: self.root.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(look(error)),
        };
        let mut copies = Vec::new();
        for entry in entries {
            let entry = entry.map_err(look)?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(COPY.as_bytes()) {
                copies.push(entry.path());
            }
        }
        copies.sort();
        Ok(copies)
    }
}

/// What the name of a copy of the database begins with.
const COPY: &str = "cctelegram.db.before-v";

fn create(directory: &Path) -> Result<(), HomeError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    match made {
        // Something else is in the way: the look at it tells what.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(HomeError::Create {
            path: directory.to_owned(),
            source,
        }),
        Ok(()) => Ok(()),
    }
}

/// Takes the rights of group and others away. The file is opened first and then looked at, so that nobody can put
/// another one in its place in between.
fn close(path: &Path, wanted: FileType) -> Result<Option<String>, HomeError> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let look = |errno: Errno| HomeError::Look {
        path: path.to_owned(),
        source: errno.into(),
    };
    let about = rustix::fs::fstat(&file).map_err(look)?;
    if FileType::from_raw_mode(about.st_mode) != wanted {
        let wanted = if wanted == FileType::Directory {
            "a directory"
        } else {
            "a regular file"
        };
        return Err(HomeError::Kind {
            path: path.to_owned(),
            wanted,
        });
    }
    if about.st_uid != rustix::process::geteuid().as_raw() {
        return Err(HomeError::Owner {
            path: path.to_owned(),
            owner: about.st_uid,
        });
    }
    let mode = Mode::from_raw_mode(about.st_mode);
    let closed = mode.difference(Mode::RWXG | Mode::RWXO);
    if mode == closed {
        return Ok(None);
    }
    rustix::fs::fchmod(&file, closed).map_err(look)?;
    let (before, after) = (mode.as_raw_mode(), closed.as_raw_mode());
    Ok(Some(format!(
        "{} was open to others (mode {before:04o}) and is now {after:04o}",
        path.display()
    )))
}

/// Opens without following a link and without waiting for the other end of a pipe; `None` when there is nothing.
fn open(path: &Path) -> Result<Option<OwnedFd>, HomeError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP) => Err(HomeError::Link {
            path: path.to_owned(),
        }),
        Err(errno) => Err(HomeError::Look {
            path: path.to_owned(),
            source: errno.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        (folder, home)
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn everything_is_created_for_the_owner_alone() {
        let (_folder, home) = home();
        assert!(home.prepare().unwrap().is_empty());
        for directory in [
            home.root().to_owned(),
            home.events(),
            home.rejected(),
            home.responses(),
            home.attachments(),
            home.incoming(),
        ] {
            assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        }
        assert!(home.prepare().unwrap().is_empty());
    }

    #[test]
    fn security_what_is_too_open_is_closed_with_a_warning() {
        let (_folder, home) = home();
        home.prepare().unwrap();
        fs::write(home.env_file(), "").unwrap();
        fs::write(home.database(), "").unwrap();
        for (path, open) in [
            (home.env_file(), 0o644),
            (home.database(), 0o660),
            (home.events(), 0o777),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
        }
        let warnings = home.prepare().unwrap();
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(
            warnings
                .iter()
                .any(|text| text.ends_with("/.env was open to others (mode 0644) and is now 0600"))
        );
        assert_eq!(
            (
                mode(&home.env_file()),
                mode(&home.database()),
                mode(&home.events())
            ),
            (0o600, 0o600, 0o700)
        );
    }

    #[test]
    fn security_copies_of_the_database_are_as_private_as_the_database() {
        let (_folder, home) = home();
        home.prepare().unwrap();
        let copy = home.root().join("cctelegram.db.before-v6");
        fs::write(&copy, "").unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
        let private = home.private_paths().unwrap();
        for path in [&copy, &home.attachments(), &home.incoming()] {
            assert!(private.contains(path), "{}", path.display());
        }
        assert_eq!(home.prepare().unwrap().len(), 1);
        assert_eq!(mode(&copy), 0o600);
    }

    #[test]
    fn security_a_link_is_refused() {
        for link in [
            ".env",
            "config.toml",
            "cctelegram.db",
            "bridge.log",
            "events",
            "events/rejected",
            "responses",
            "attachments",
            "incoming",
        ] {
            let (folder, home) = home();
            let target = folder.path().join("elsewhere");
            fs::create_dir_all(home.root()).unwrap();
            fs::create_dir(&target).unwrap();
            if link == "events/rejected" {
                fs::create_dir(home.events()).unwrap();
            }
            symlink(&target, home.root().join(link)).unwrap();
            let error = home.prepare().unwrap_err();
            assert!(matches!(error, HomeError::Link { .. }), "{link}: {error}");
        }
    }

    #[test]
    fn security_something_else_in_the_place_is_refused() {
        let (_folder, home) = home();
        fs::create_dir_all(home.root()).unwrap();
        fs::write(home.events(), "").unwrap();
        assert!(home.prepare().is_err());
        fs::remove_file(home.events()).unwrap();
        fs::create_dir(home.env_file()).unwrap();
        assert!(matches!(
            home.prepare().unwrap_err(),
            HomeError::Kind { .. }
        ));
    }

    #[test]
    fn security_what_belongs_to_somebody_else_is_refused() {
        let (_folder, home) = home();
        home.prepare().unwrap();
        fs::write(home.env_file(), "").unwrap();
        // Only root may give a file away; for others there is nothing to try.
        if std::os::unix::fs::chown(home.env_file(), Some(12_345), None).is_err() {
            return;
        }
        assert!(matches!(
            home.prepare().unwrap_err(),
            HomeError::Owner { owner: 12_345, .. }
        ));
    }
}

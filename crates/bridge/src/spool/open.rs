//! Opening files that anybody may have put there: only plain files of ours, read once, within a size.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use cctelegram_crypto::Digest;
use cctelegram_crypto::Hasher;
use rustix::fs::AtFlags;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::ResolveFlags;
use rustix::fs::Stat;
use rustix::io::Errno;

use super::claim;
use crate::home::Home;

/// The largest event file, in bytes.
pub(super) const LARGEST: u64 = 1024 * 1024;
/// The longest name, in bytes, that leaves room for the suffixes of a claimed or refused file (`NAME_MAX` is 255).
const LONGEST_NAME: usize = 200;

/// The events folder, opened once: everything in it is reached from here, never by a path.
pub(super) struct Folder {
    events: OwnedFd,
    rejected: OwnedFd,
}

/// What a file looked like: when this is the same, nobody wrote to it in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fingerprint {
    device: u64,
    pub(super) inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// A file that was read.
pub(super) struct Opened {
    pub(super) bytes: Vec<u8>,
    pub(super) fingerprint: Fingerprint,
}

/// Why a file was not read.
pub(super) enum Trouble {
    /// It is no longer there.
    Gone,
    /// It must not be read; the reason is for people.
    Refused(String),
    /// It has another name elsewhere: for a moment so does what a producer publishes with `link` and `unlink`.
    Linked(String),
    TooLarge,
    Io(io::Error),
}

impl Folder {
    pub(super) fn open(home: &Home) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let events = rustix::fs::open(home.events(), flags, Mode::empty())?;
        let rejected = rustix::fs::openat(&events, "rejected", flags, Mode::empty())?;
        Ok(Self { events, rejected })
    }

    /// Is this still the folder that stands at its path? One that was removed lists nothing, without any error.
    pub(super) fn is_in_place(&self, home: &Home) -> bool {
        let at_path = rustix::fs::lstat(home.events());
        let ours = rustix::fs::fstat(&self.events);
        matches!((at_path, ours), (Ok(a), Ok(b)) if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }

    pub(super) fn rejected(&self) -> BorrowedFd<'_> {
        self.rejected.as_fd()
    }

    /// The names of the files to look at, the oldest first: `*.json` without a leading dot, and what an earlier
    /// process had claimed.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.events)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let ours = name.ends_with(b".json") && !name.starts_with(b".");
            if ours || claim::is_claimed(name) {
                let modified = self
                    .stat(OsStr::from_bytes(name))
                    .map_or((0, 0), |stat| modified(&stat));
                found.push((modified, OsStr::from_bytes(name).to_owned()));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    pub(super) fn stat(&self, name: &OsStr) -> rustix::io::Result<Stat> {
        rustix::fs::statat(&self.events, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Reads a file if it is a plain file of ours with one name and a bearable size.
    pub(super) fn read(&self, name: &OsStr) -> Result<Opened, Trouble> {
        // A claimed file is measured by the name that its producer gave.
        if claim::original(name).len() > LONGEST_NAME {
            return Err(Trouble::Refused(format!(
                "the file name is longer than {LONGEST_NAME} bytes"
            )));
        }
        let (file, before) = beneath(self.fd(), name, LARGEST)?;
        let mut bytes = Vec::new();
        (&file)
            .take(LARGEST.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(Trouble::Io)?;
        if bytes.len() as u64 > LARGEST {
            return Err(Trouble::TooLarge);
        }
        let after =
            Fingerprint::of(&rustix::fs::fstat(&file).map_err(|errno| Trouble::Io(errno.into()))?);
        if after != before {
            // Written to while it was read: what was read is nobody's document.
            bytes.clear();
        }
        Ok(Opened {
            bytes,
            fingerprint: after,
        })
    }
}

/// Opens a file below a folder if it is a plain file of ours with one name and a bearable size.
pub(super) fn beneath(
    folder: BorrowedFd<'_>,
    path: &OsStr,
    largest: u64,
) -> Result<(File, Fingerprint), Trouble> {
    // Not blocking, so that a FIFO or a device cannot hold us.
    let flags =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat2(folder, path, flags, Mode::empty(), inside());
    let stat = || rustix::fs::statat(folder, path, AtFlags::SYMLINK_NOFOLLOW).ok();
    let file = File::from(opened.map_err(|errno| trouble(errno, stat()))?);
    let fingerprint = plain_file(&file, largest)?;
    Ok((file, fingerprint))
}

/// Opens a folder below another one.
pub(super) fn folder_beneath(folder: BorrowedFd<'_>, path: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat2(folder, path, flags, Mode::empty(), inside())
}

/// No symlink anywhere, nothing outside the folder.
fn inside() -> ResolveFlags {
    ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV
}

fn plain_file(file: &File, largest: u64) -> Result<Fingerprint, Trouble> {
    let stat = rustix::fs::fstat(file).map_err(|errno| Trouble::Io(errno.into()))?;
    let refused = |reason: &str| Err(Trouble::Refused(reason.to_owned()));
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return refused(kind(&stat));
    }
    if stat.st_nlink != 1 {
        return Err(Trouble::Linked(
            "it is a hard link: the same file has another name elsewhere".to_owned(),
        ));
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if u64::try_from(stat.st_size).unwrap_or(u64::MAX) > largest {
        return Err(Trouble::TooLarge);
    }
    Ok(Fingerprint::of(&stat))
}

/// What an unopenable file is.
fn trouble(errno: Errno, stat: Option<Stat>) -> Trouble {
    match errno {
        Errno::NOENT => Trouble::Gone,
        Errno::LOOP => Trouble::Refused("it is a symbolic link".to_owned()),
        Errno::XDEV => Trouble::Refused("it leads outside the folder".to_owned()),
        Errno::ACCESS | Errno::PERM => {
            Trouble::Refused("it cannot be opened: permission denied".to_owned())
        }
        _ => match stat {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => {
                Trouble::Refused(kind(&stat).to_owned())
            }
            Some(_) | None => Trouble::Io(errno.into()),
        },
    }
}

fn kind(stat: &Stat) -> &'static str {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => "it is a regular file that cannot be opened",
        FileType::Directory => "it is a directory",
        FileType::Symlink => "it is a symbolic link",
        FileType::Fifo => "it is a FIFO",
        FileType::Socket => "it is a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "it is a device",
        FileType::Unknown => "it is no regular file",
    }
}

fn modified(stat: &Stat) -> (i64, i64) {
    (
        stat.st_mtime,
        i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
    )
}

impl Fingerprint {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: stat.st_size,
            modified: modified(stat),
            changed: (
                stat.st_ctime,
                i64::try_from(stat.st_ctime_nsec).unwrap_or(0),
            ),
        }
    }
}

impl Fingerprint {
    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(0)
    }

    /// Is it the same file with the same content? A new name changes neither.
    pub(super) fn is_content_of(&self, other: &Self) -> bool {
        (self.device, self.inode, self.size, self.modified)
            == (other.device, other.inode, other.size, other.modified)
    }
}

impl Opened {
    /// Where the bytes come from: an event without an id gets the same one when it is read again.
    pub(super) fn origin(&self, name: &OsStr) -> Digest {
        let mut hasher = Hasher::default();
        hasher.field(claim::original(name).as_bytes());
        hasher.field(&self.fingerprint.inode.to_be_bytes());
        hasher.field(&self.fingerprint.modified.0.to_be_bytes());
        hasher.field(&self.fingerprint.modified.1.to_be_bytes());
        hasher.finish()
    }
}

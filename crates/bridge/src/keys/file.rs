//! The key file: made once, whole or not at all, and read only when nobody else can have had a hand in it.

use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_crypto::BadKeyText;
use cctelegram_crypto::MasterKey;
use cctelegram_crypto::NotMade;
use cctelegram_crypto::Secret;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

/// Why a key file cannot be used. The second line says what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFileError {
    #[error("make the key file {}\nPoint CC_TELEGRAM_KEY_FILE at a place that you may write to.", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("make the key for {}\nThe system gives no randomness: see that it has started fully.", path.display())]
    Key { path: PathBuf, source: NotMade },
    #[error("read the key file {}\nMake it readable for the user that runs the bridge.", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the key file {} is a symbolic link\nPoint CC_TELEGRAM_KEY_FILE at the file itself.", path.display())]
    Link { path: PathBuf },
    #[error("the key file {} is not a regular file\nMove it away, or point CC_TELEGRAM_KEY_FILE elsewhere.", path.display())]
    Kind { path: PathBuf },
    #[error("the key file {} belongs to user {owner}, not to you\nRun the bridge as that user, or take it over with chown.", path.display())]
    Owner { path: PathBuf, owner: u32 },
    #[error("the key file {} is open to others (mode {mode:04o})\nIf nobody else has read it: chmod 600 {}", path.display(), path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("the folder {} of the key file can be written to by others (mode {mode:04o})\nRun: chmod go-w {}", path.display(), path.display())]
    Folder { path: PathBuf, mode: u32 },
    #[error("the folder {} of the key file belongs to user {owner}, not to you\nPoint CC_TELEGRAM_KEY_FILE at a folder of yours.", path.display())]
    FolderOwner { path: PathBuf, owner: u32 },
    #[error("the key file {} cannot be used\nPut it back from your copy (docs/KEYS.md).", path.display())]
    Text { path: PathBuf, source: BadKeyText },
}

/// Reads the key file; nothing when there is none.
pub(super) fn read(path: &Path) -> Result<Option<MasterKey>, KeyFileError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(KeyFileError::Link { path: path.into() }),
        Err(errno) => return Err(unreadable(path)(errno.into())),
    };
    check_folder(path)?;
    check(path, &file)?;
    let text = text_of(&file).map_err(unreadable(path))?;
    let bad = |source| KeyFileError::Text {
        path: path.into(),
        source,
    };
    MasterKey::from_text(text.expose()).map(Some).map_err(bad)
}

/// Makes a key and its file. When another process was faster, its key is the one.
pub(super) fn create(path: &Path) -> Result<MasterKey, KeyFileError> {
    let failed = |source| KeyFileError::Make {
        path: path.into(),
        source,
    };
    let made = MasterKey::random().map_err(|source| KeyFileError::Key {
        path: path.into(),
        source,
    })?;
    let folder = folder(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    check_folder(path)?;
    // The draft has mode 0600 from its first moment on, and the file appears under its name with everything in it.
    let mut draft = NamedTempFile::with_prefix_in(".key-", folder).map_err(failed)?;
    draft
        .write_all(made.to_text().expose().as_bytes())
        .and_then(|()| draft.as_file().sync_all())
        .map_err(failed)?;
    match draft.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error.error)),
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    // Read back, also our own: what is used is what stands there.
    read(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

fn check(path: &Path, file: &File) -> Result<(), KeyFileError> {
    let about = rustix::fs::fstat(file).map_err(|errno| unreadable(path)(errno.into()))?;
    if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
        return Err(KeyFileError::Kind { path: path.into() });
    }
    if about.st_uid != rustix::process::geteuid().as_raw() {
        return Err(KeyFileError::Owner {
            path: path.into(),
            owner: about.st_uid,
        });
    }
    let mode = Mode::from_raw_mode(about.st_mode);
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        return Err(KeyFileError::Open {
            path: path.into(),
            mode: mode.as_raw_mode(),
        });
    }
    Ok(())
}

/// Whoever may write to the folder could put another key there; with the sticky bit only for a name that is free.
fn check_folder(path: &Path) -> Result<(), KeyFileError> {
    let folder = folder(path);
    let about = rustix::fs::stat(folder).map_err(|errno| unreadable(path)(errno.into()))?;
    if ![0, rustix::process::geteuid().as_raw()].contains(&about.st_uid) {
        return Err(KeyFileError::FolderOwner {
            path: folder.into(),
            owner: about.st_uid,
        });
    }
    let mode = Mode::from_raw_mode(about.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
        return Err(KeyFileError::Folder {
            path: folder.into(),
            mode: mode.as_raw_mode(),
        });
    }
    Ok(())
}

/// The text, read into one piece of memory, so that none of it is left behind when that grows.
fn text_of(file: &File) -> io::Result<Secret<String>> {
    let mut bytes = Vec::with_capacity(2 * LARGEST);
    file.take(LARGEST as u64).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Secret::new(text))
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    move |source| KeyFileError::Read {
        path: path.into(),
        source,
    }
}

/// More than a key file has.
const LARGEST: usize = 1_024;

//! Removing files of the folder `attachments` whose event is stored, and no others.

use std::os::fd::AsFd as _;
use std::os::fd::OwnedFd;

use anyhow::Context as _;
use rustix::fs::AtFlags;
use rustix::fs::Dir;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::open;
use super::open::Fingerprint;

/// Removes a file that is as it was read. It is renamed first: whoever takes its name meanwhile has made another file,
/// and one that turns out to be another gets its name back.
pub(super) fn file(folder: &OwnedFd, path: &str, read: Fingerprint) -> anyhow::Result<()> {
    let (parent, name) = match path.rsplit_once('/') {
        Some((parent, name)) => (Some(open::folder_beneath(folder.as_fd(), parent)?), name),
        None => (None, path),
    };
    let parent = parent.as_ref().unwrap_or(folder);
    match look(parent, name) {
        Ok(now) if now == read => {}
        Ok(_) | Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    let taken = format!("{TAKEN}{}", read.inode);
    let rename = |from: &str, to: &str| {
        rustix::fs::renameat_with(parent, from, parent, to, RenameFlags::NOREPLACE)
    };
    match rename(name, &taken) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno).context("take it before it is removed"),
    }
    // A new name changes the time of the last change, and nothing else.
    if look(parent, &taken).is_ok_and(|now| now.is_content_of(&read)) {
        return Ok(rustix::fs::unlinkat(parent, &taken, AtFlags::empty())?);
    }
    rename(&taken, name).with_context(|| format!("give a file its name back, it is called {taken}"))
}

/// Removes files that were taken and not removed, here and in the folders below: their events are stored.
pub(super) fn leftovers(folder: &OwnedFd) -> anyhow::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                leftovers(&rustix::fs::openat(folder, name, flags, Mode::empty())?)?;
            }
            FileType::RegularFile
                if name.to_bytes() == format!("{TAKEN}{}", stat.st_ino).as_bytes() =>
            {
                rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
            }
            FileType::RegularFile
            | FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {}
        }
    }
    Ok(())
}

fn look(parent: &OwnedFd, name: &str) -> rustix::io::Result<Fingerprint> {
    let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(Fingerprint::of(&stat))
}

/// What a file is called at last: this and its inode.
const TAKEN: &str = ".taken-";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::File;
    use std::fs::FileTimes;

    use super::*;

    /// A folder with a file `a/b.txt`, and what that looked like when it was read.
    fn shelf() -> (tempfile::TempDir, OwnedFd, Fingerprint) {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("a")).unwrap();
        fs::write(home.path().join("a/b.txt"), "first").unwrap();
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(home.path(), flags, Mode::empty()).unwrap();
        let read = look(&folder, "a/b.txt").unwrap();
        (home, folder, read)
    }

    fn left(home: &tempfile::TempDir) -> usize {
        fs::read_dir(home.path().join("a")).unwrap().count()
    }

    #[test]
    fn a_file_that_was_read_is_removed_and_leaves_nothing() {
        let (home, folder, read) = shelf();
        file(&folder, "a/b.txt", read).unwrap();
        assert_eq!(left(&home), 0);
        file(&folder, "a/b.txt", read).unwrap();
    }

    #[test]
    fn security_a_file_that_was_written_to_since_is_not_removed_even_if_its_times_hide_it() {
        let (home, folder, read) = shelf();
        let path = home.path().join("a/b.txt");
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "other").unwrap();
        let written = File::options().write(true).open(&path).unwrap();
        written
            .set_times(FileTimes::new().set_modified(modified))
            .unwrap();
        assert!(look(&folder, "a/b.txt").unwrap().is_content_of(&read));
        file(&folder, "a/b.txt", read).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "other");
        assert_eq!(left(&home), 1);
    }

    #[test]
    fn what_was_taken_before_a_crash_is_removed_and_nothing_else() {
        let (home, folder, read) = shelf();
        let at = |name: &str| home.path().join("a").join(name);
        fs::rename(at("b.txt"), at(&format!(".taken-{}", read.inode))).unwrap();
        for other in ["c.txt", ".taken-1", ".taken-notes"] {
            fs::write(at(other), "kept").unwrap();
        }
        leftovers(&folder).unwrap();
        assert_eq!(left(&home), 3);
        assert!(!at(&format!(".taken-{}", read.inode)).exists());
    }

    #[test]
    fn a_file_that_took_the_name_is_not_removed() {
        let (home, folder, read) = shelf();
        let path = home.path().join("a/b.txt");
        fs::rename(&path, home.path().join("kept")).unwrap();
        fs::write(&path, "first").unwrap();
        file(&folder, "a/b.txt", read).unwrap();
        assert!(path.exists());
    }
}

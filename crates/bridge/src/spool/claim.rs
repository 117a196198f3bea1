//! Claiming a file before its event is stored: a producer that reuses the name meanwhile makes a new file, and the
//! one that is removed at the end is the one that was read.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::AtFlags;
use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::open::Fingerprint;
use super::open::Folder;

/// A claimed file is called `.taken-<inode>-<name>`: nobody else looks at dotfiles, and a restart finds it again.
const PREFIX: &str = ".taken-";

/// A file that nobody replaces any more.
pub(super) struct Claimed {
    original: OsString,
    claimed: OsString,
    read: Fingerprint,
}

/// Does this name belong to a claimed file?
pub(super) fn is_claimed(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes())
}

/// The name that the producer gave.
pub(super) fn original(name: &OsStr) -> &OsStr {
    let rest = name.as_bytes().strip_prefix(PREFIX.as_bytes());
    let after_inode = rest.and_then(|rest| rest.splitn(2, |byte| *byte == b'-').nth(1));
    after_inode.map_or(name, OsStr::from_bytes)
}

/// Claims the file that was read; `None` when another file has taken its name since (it is read at the next look).
pub(super) fn take(folder: &Folder, name: &OsStr, read: Fingerprint) -> anyhow::Result<Option<Claimed>> {
    if is_claimed(name.as_bytes()) {
        return Ok(Some(Claimed { original: original(name).to_owned(), claimed: name.to_owned(), read }));
    }
    let mut claimed = OsString::from(format!("{PREFIX}{}-", read.inode));
    claimed.push(name);
    match rustix::fs::renameat_with(folder.fd(), name, folder.fd(), &claimed, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(Errno::NOENT | Errno::EXIST) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    }
    let file = Claimed { original: name.to_owned(), claimed, read };
    if file.is_as_read(folder) {
        return Ok(Some(file));
    }
    file.put_back(folder);
    Ok(None)
}

impl Claimed {
    pub(super) fn name(&self) -> &OsStr {
        &self.original
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.read.size()
    }

    fn is_as_read(&self, folder: &Folder) -> bool {
        folder.stat(&self.claimed).is_ok_and(|stat| Fingerprint::of(&stat).is_content_of(&self.read))
    }

    /// Removes the file: its event is durably stored. One that cannot be removed is recognised at the next look, and
    /// one that its producer wrote to meanwhile is another event.
    pub(super) fn remove(self, folder: &Folder) {
        if !self.is_as_read(folder) {
            self.put_back(folder);
            return;
        }
        if let Err(error) = rustix::fs::unlinkat(folder.fd(), &self.claimed, AtFlags::empty()) {
            tracing::error!(file = %self.original.display(), %error, "a stored event file cannot be removed");
        }
    }

    /// Gives the file its name back: the producer's file stays where it was. When the name was taken meanwhile, it
    /// keeps the claimed one and is found at the next look.
    pub(super) fn put_back(self, folder: &Folder) {
        let back = rustix::fs::renameat_with(
            folder.fd(),
            &self.claimed,
            folder.fd(),
            &self.original,
            RenameFlags::NOREPLACE,
        );
        if let Err(error) = back {
            tracing::debug!(file = %self.original.display(), %error, "a waiting event file keeps its claimed name");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_producers_name_is_found_in_a_claimed_one() {
        for (name, given) in [(".taken-77-a-b.json", "a-b.json"), ("a.json", "a.json"), (".taken-x", ".taken-x")] {
            assert_eq!(original(OsStr::new(name)), OsStr::new(given));
        }
    }
}

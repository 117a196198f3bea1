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
    /// What it is called while it is claimed.
    present: OsString,
    read: Fingerprint,
}

/// Does this name belong to a claimed file?
pub(crate) fn is_claimed(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes())
}

/// The name that the producer gave.
pub(super) fn original(name: &OsStr) -> &OsStr {
    let rest = name.as_bytes().strip_prefix(PREFIX.as_bytes());
    let after_inode = rest.and_then(|rest| rest.splitn(2, |byte| *byte == b'-').nth(1));
    after_inode.map_or(name, OsStr::from_bytes)
}

/// Claims the file that was read; `None` when another file has taken its name since (it is read at the next look).
pub(super) fn take(
    folder: &Folder,
    name: &OsStr,
    read: Fingerprint,
) -> anyhow::Result<Option<Claimed>> {
    if is_claimed(name.as_bytes()) {
        return Ok(Some(Claimed {
            original: original(name).to_owned(),
            present: name.to_owned(),
            read,
        }));
    }
    let mut claimed = OsString::from(format!("{PREFIX}{}-", read.inode));
    claimed.push(name);
    match rustix::fs::renameat_with(
        folder.fd(),
        name,
        folder.fd(),
        &claimed,
        RenameFlags::NOREPLACE,
    ) {
        Ok(()) => {}
        Err(Errno::NOENT | Errno::EXIST) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    }
    let file = Claimed {
        original: name.to_owned(),
        present: claimed,
        read,
    };
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

    /// The name that it has in the folder, and what it was when it was read.
    pub(super) fn judged(&self) -> (&OsStr, Fingerprint) {
        (&self.present, self.read)
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.read.size()
    }

    fn is_as_read(&self, folder: &Folder) -> bool {
        folder
            .stat(&self.present)
            .is_ok_and(|stat| Fingerprint::of(&stat).is_content_of(&self.read))
    }

    /// Removes the file: its event is durably stored. One that cannot be removed is recognised at the next look, and
    /// one that its producer wrote to meanwhile is another event.
    pub(super) fn remove(self, folder: &Folder) {
        if !self.is_as_read(folder) {
            self.put_back(folder);
            return;
        }
        if let Err(error) = rustix::fs::unlinkat(folder.fd(), &self.present, AtFlags::empty()) {
            tracing::error!(file = %self.original.display(), %error, "a stored event file cannot be removed");
        }
    }

    /// Gives the file its name back: the producer's file stays where it was. When the name was taken meanwhile, it
    /// keeps the claimed one and is found at the next look.
    pub(super) fn put_back(self, folder: &Folder) {
        let back = rustix::fs::renameat_with(
            folder.fd(),
            &self.present,
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
    use std::fs;

    use super::*;
    use crate::home::Home;
    use crate::spool::reject;

    /// A home with an event file `a.json`, and what it looked like when it was read.
    fn spool() -> (tempfile::TempDir, Folder, Fingerprint) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_owned());
        fs::create_dir_all(home.rejected()).unwrap();
        fs::write(home.events().join("a.json"), "first").unwrap();
        let opened = Folder::open(&home).unwrap();
        let read = Fingerprint::of(&opened.stat(OsStr::new("a.json")).unwrap());
        (folder, opened, read)
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path().join("events")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "rejected").collect()
    }

    #[test]
    fn a_stored_file_is_removed() {
        let (home, folder, read) = spool();
        take(&folder, OsStr::new("a.json"), read)
            .unwrap()
            .unwrap()
            .remove(&folder);
        assert!(names(&home).is_empty());
    }

    #[test]
    fn a_file_that_its_producer_wrote_to_meanwhile_is_given_back() {
        let (home, folder, read) = spool();
        let claimed = take(&folder, OsStr::new("a.json"), read).unwrap().unwrap();
        fs::write(
            home.path().join("events").join(&claimed.present),
            "the second event",
        )
        .unwrap();
        claimed.remove(&folder);
        assert_eq!(
            fs::read_to_string(home.path().join("events/a.json")).unwrap(),
            "the second event"
        );
    }

    #[test]
    fn a_file_that_took_the_name_of_one_that_was_read_is_not_claimed_for_it() {
        let (home, folder, read) = spool();
        fs::write(home.path().join("events/.b"), "the second event").unwrap();
        fs::rename(
            home.path().join("events/.b"),
            home.path().join("events/a.json"),
        )
        .unwrap();
        assert!(take(&folder, OsStr::new("a.json"), read).unwrap().is_none());
        assert_eq!(names(&home), ["a.json"]);
    }

    #[test]
    fn a_file_that_took_the_name_of_a_refused_one_is_not_refused_for_it() {
        let (home, folder, judged) = spool();
        fs::write(home.path().join("events/a.json"), "a good event by now").unwrap();
        reject::set_aside(&folder, OsStr::new("a.json"), "it was bad", judged).unwrap();
        assert_eq!(names(&home), ["a.json"]);
        assert_eq!(
            fs::read_dir(home.path().join("events/rejected"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn what_an_earlier_process_claimed_is_measured_by_its_own_name() {
        let (home, folder, _) = spool();
        let name = format!(".taken-1234567890-{}.json", "x".repeat(195));
        fs::write(home.path().join("events").join(&name), "{}").unwrap();
        assert!(folder.read(OsStr::new(&name)).is_ok());
    }

    #[test]
    fn the_producers_name_is_found_in_a_claimed_one() {
        for (name, given) in [
            (".taken-77-a-b.json", "a-b.json"),
            ("a.json", "a.json"),
            (".taken-x", ".taken-x"),
        ] {
            assert_eq!(original(OsStr::new(name)), OsStr::new(given));
        }
    }
}

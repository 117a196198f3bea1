//! Setting refused files aside, each with the reason beside it.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::Context as _;
use rustix::fs::AtFlags;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::claim;
use super::open::Fingerprint;
use super::open::Folder;

/// Names are cut to this many bytes, so that the suffixes fit (`NAME_MAX` is 255).
const KEPT_OF_NAME: usize = 200;
/// So many files of one name are kept apart by a number.
const SAME_NAME: u32 = 10_000;

/// Moves the file to `rejected/` and writes `<name>.reason` beside it. What the file is does not matter: it is renamed,
/// never opened. A file that took the name since `judged` keeps it: it was not judged.
pub(super) fn set_aside(
    folder: &Folder,
    name: &OsStr,
    reason: &str,
    judged: Fingerprint,
) -> anyhow::Result<()> {
    let shown = claim::original(name).as_bytes();
    let base = OsStr::from_bytes(shown.get(..KEPT_OF_NAME).unwrap_or(shown));
    for number in 1..SAME_NAME {
        let mut target = base.to_owned();
        if number > 1 {
            target.push(format!(".{number}"));
        }
        match rustix::fs::renameat_with(
            folder.fd(),
            name,
            folder.rejected(),
            &target,
            RenameFlags::NOREPLACE,
        ) {
            Ok(()) if is_still(folder, &target, judged) => {
                return write_reason(folder, target, reason);
            }
            Ok(()) => return give_back(folder, name, &target),
            Err(Errno::EXIST) => {}
            // Gone meanwhile: there is nothing left to refuse.
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno).context("move the refused file to rejected/"),
        }
    }
    anyhow::bail!("rejected/ holds {SAME_NAME} files of this name: clear it")
}

fn is_still(folder: &Folder, moved: &OsStr, judged: Fingerprint) -> bool {
    let stat = rustix::fs::statat(folder.rejected(), moved, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| Fingerprint::of(&stat).is_content_of(&judged))
}

fn give_back(folder: &Folder, name: &OsStr, moved: &OsStr) -> anyhow::Result<()> {
    let back = rustix::fs::renameat_with(
        folder.rejected(),
        moved,
        folder.fd(),
        name,
        RenameFlags::NOREPLACE,
    );
    back.context("give a file its name back that took the place of a refused one")
}

fn write_reason(folder: &Folder, mut name: OsString, reason: &str) -> anyhow::Result<()> {
    name.push(".reason");
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder.rejected(), &name, flags, Mode::RUSR | Mode::WUSR);
    let mut file = File::from(file.context("write the reason of a refused file")?);
    writeln!(file, "{reason}").context("write the reason of a refused file")
}

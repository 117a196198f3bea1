//! Settings of somebody else's program on disk: looked at with suspicion, changed whole or not at all.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use cctelegram_core::time::Timestamp;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::cli::failure::FAILED;
use crate::cli::failure::Failure;

/// A file as it was found.
#[derive(Debug)]
pub(super) struct SettingsFile {
    pub(super) path: PathBuf,
    /// Nothing where there is no file.
    pub(super) text: Option<String>,
    /// Who may read and write it.
    mode: u32,
}

/// A file, and what it is to say.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) file: SettingsFile,
    /// Nothing where the file is to go.
    pub(super) after: Option<String>,
}

/// Larger ones are none that people or agents write (bytes).
const LARGEST: u64 = 64 * 1024 * 1024;
const LINK: &str = "Only a real one is changed: put it in its place, or do by hand what --print shows with it there.";
/// Of a file that is new: its owner alone.
const PRIVATE: u32 = 0o600;

impl Edit {
    pub(super) fn changes(&self) -> bool {
        self.file.text != self.after
    }

    /// Will this still stand in it?
    pub(super) fn still_names(&self, word: &str) -> bool {
        self.after
            .as_deref()
            .is_some_and(|text| text.contains(word))
    }
}

impl SettingsFile {
    /// Reads a regular file of ours that is no symbolic link, in a folder of which the same is true.
    pub(super) fn read(path: PathBuf) -> Result<Self, Failure> {
        let none = |path| Self {
            path,
            text: None,
            mode: PRIVATE,
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        let inside = OFlags::DIRECTORY;
        if open(folder, inside, FileType::Directory)?.is_none() {
            return Ok(none(path));
        }
        let Some(file) = open(&path, OFlags::NONBLOCK, FileType::RegularFile)? else {
            return Ok(none(path));
        };
        let about = file
            .metadata()
            .with_context(|| format!("look at {}", path.display()))?;
        let mut text = String::new();
        if about.len() > LARGEST {
            return Err(unfit(
                &path,
                "is larger than 64 MiB",
                "Is it the right file?",
            ));
        }
        file.take(LARGEST)
            .read_to_string(&mut text)
            .with_context(|| format!("read {}", path.display()))?;
        Ok(Self {
            path,
            text: Some(text),
            mode: about.permissions().mode() & 0o777,
        })
    }
}

/// Makes all changes or none, and tells where the files are kept as they were.
pub(super) fn apply(edits: &[Edit], now: Timestamp) -> Result<Vec<PathBuf>, Failure> {
    let stamp = now.to_string().replace([':', '-'], "");
    let mut copies = Vec::new();
    for edit in edits {
        make_folder(&edit.file.path)?;
        copies.extend(keep_copy(&edit.file, &stamp)?);
    }
    let mut drafts = Vec::new();
    for edit in edits {
        let draft = edit.after.as_ref().map(|text| draft(&edit.file, text));
        drafts.push(draft.transpose()?);
    }
    for edit in edits {
        is_as_it_was(&edit.file)?;
    }
    for (done, (edit, draft)) in edits.iter().zip(drafts).enumerate() {
        if let Err(error) = put_in_place(&edit.file.path, draft) {
            let undone = edits.iter().take(done).map(|edit| restore(&edit.file));
            let restored = undone.collect::<Result<Vec<()>, _>>().is_ok();
            let remedy = if restored {
                "Nothing was changed.".to_owned()
            } else {
                format!("Copies of the files as they were: {}", list(&copies))
            };
            let what = format!("write {}: {error}\n{remedy}", edit.file.path.display());
            return Err(Failure::new(FAILED, what));
        }
    }
    Ok(copies)
}

/// Opens without following a symbolic link; `None` when there is nothing.
fn open(path: &Path, flags: OFlags, wanted: FileType) -> Result<Option<File>, Failure> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            let is_link = fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
            return Err(if is_link {
                unfit(path, "is a symbolic link", LINK)
            } else {
                unfit(path, "is not what it should be", "Move it away.")
            });
        }
        Err(errno) => {
            let error = anyhow::Error::from(io::Error::from(errno));
            return Err(error.context(format!("open {}", path.display())).into());
        }
    };
    let about = rustix::fs::fstat(&file).map_err(io::Error::from);
    let about = about.with_context(|| format!("look at {}", path.display()))?;
    if FileType::from_raw_mode(about.st_mode) != wanted {
        return Err(unfit(path, "is not a regular file", "Move it away."));
    }
    if about.st_uid != rustix::process::geteuid().as_raw() {
        let what = format!("belongs to user {}, not to you", about.st_uid);
        return Err(unfit(
            path,
            &what,
            "Run this as the user that the agent runs as.",
        ));
    }
    Ok(Some(file.into()))
}

fn make_folder(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    Ok(made.with_context(|| format!("make {}", folder.display()))?)
}

/// Puts the old text beside the file, for its reader alone.
fn keep_copy(file: &SettingsFile, stamp: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(text) = &file.text else {
        return Ok(None);
    };
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let path = file
        .path
        .with_file_name(format!("{name}.cctelegram-{stamp}.bak"));
    let write = || -> io::Result<()> {
        let mut copy = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(&path)?;
        copy.write_all(text.as_bytes())?;
        copy.sync_all()
    };
    write().with_context(|| format!("keep a copy: {}", path.display()))?;
    Ok(Some(path))
}

fn draft(file: &SettingsFile, text: &str) -> Result<NamedTempFile, Failure> {
    let write = || -> io::Result<NamedTempFile> {
        let folder = file.path.parent().unwrap_or(Path::new("/"));
        let mut draft = NamedTempFile::with_prefix_in(".draft-", folder)?;
        draft.write_all(text.as_bytes())?;
        let mode = Permissions::from_mode(file.mode);
        draft.as_file().set_permissions(mode)?;
        draft.as_file().sync_all()?;
        Ok(draft)
    };
    Ok(write().with_context(|| format!("write {}", file.path.display()))?)
}

/// Agents write their files too.
fn is_as_it_was(file: &SettingsFile) -> Result<(), Failure> {
    let again = SettingsFile::read(file.path.clone())?;
    if again.text == file.text {
        return Ok(());
    }
    Err(unfit(
        &file.path,
        "was changed by somebody else meanwhile",
        "Run this again.",
    ))
}

fn put_in_place(path: &Path, draft: Option<NamedTempFile>) -> io::Result<()> {
    match draft {
        Some(draft) => drop(draft.persist(path)?),
        None => fs::remove_file(path)?,
    }
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

fn restore(file: &SettingsFile) -> Result<(), Failure> {
    let old = file.text.as_ref().map(|text| draft(file, text));
    let old = old.transpose()?;
    let restored = put_in_place(&file.path, old);
    Ok(restored.with_context(|| format!("restore {}", file.path.display()))?)
}

fn unfit(path: &Path, what: &str, remedy: &str) -> Failure {
    Failure::new(FAILED, format!("{} {what}\n{remedy}", path.display()))
}

fn list(paths: &[PathBuf]) -> String {
    let paths = paths.iter().map(|path| path.display().to_string());
    paths.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_763_733_727_123);

    fn edit(path: &Path, after: &str) -> Edit {
        Edit {
            file: SettingsFile::read(path.to_owned()).unwrap(),
            after: Some(after.to_owned()),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_changed_meanwhile_is_left_alone_and_so_is_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (a, b) = (root.join("a"), root.join("b"));
        fs::write(&a, "old a").unwrap();
        fs::write(&b, "old b").unwrap();
        let edits = [edit(&a, "new a"), edit(&b, "new b")];
        fs::write(&b, "newer b").unwrap();
        let refused = apply(&edits, NOW).unwrap_err();
        assert!(refused.text().contains("/b was changed by somebody else"));
        assert_eq!(fs::read_to_string(&a).unwrap(), "old a");
        assert_eq!(fs::read_to_string(&b).unwrap(), "newer b");
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_takes_the_others_back() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (a, b) = (root.join("a"), root.join("b"));
        fs::write(&a, "old a").unwrap();
        let gone = Edit {
            file: SettingsFile::read(b).unwrap(),
            after: None,
        };
        // To take away what is not there fails at the last step.
        let refused = apply(&[edit(&a, "new a"), gone], NOW).unwrap_err();
        assert!(refused.text().ends_with("\nNothing was changed."));
        assert_eq!(fs::read_to_string(&a).unwrap(), "old a");
        assert_eq!(names(&root), ["a", "a.cctelegram-20251121T140207.123Z.bak"]);
    }
}

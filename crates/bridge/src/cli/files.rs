//! Files of the command line that are sent with an event: handed to the bridge, or put beside the spool.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use cctelegram_core::event::MOST_FILES;
use cctelegram_core::file::FileKind;
use cctelegram_core::file::FileName;
use cctelegram_core::file::Look;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::failure::Failure;
use super::failure::USAGE;
use crate::client::ClientError;
use crate::client::SocketClient;
use crate::config::FileLimits;
use crate::home::Home;

/// The largest file that Telegram takes from a bot, in bytes.
const LARGEST: u64 = 50 * 1024 * 1024;
/// Files are copied in pieces of this size.
const PIECE: usize = 256 * 1024;

/// A file that somebody named.
pub(super) struct NamedFile {
    path: PathBuf,
    name: String,
    size: u64,
}

/// Looks at the files before anything is sent.
pub(super) fn look_at(paths: &[PathBuf]) -> Result<Vec<NamedFile>, Failure> {
    if paths.len() > MOST_FILES {
        let text = format!(
            "{} files are too many: the limit is {MOST_FILES}\nSend the others with another message, or pack them.",
            paths.len()
        );
        return Err(Failure::new(USAGE, text));
    }
    paths.iter().map(|path| NamedFile::find(path)).collect()
}

impl NamedFile {
    fn find(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let wrong = |text: String| Err(Failure::new(USAGE, text));
        let about = match open(path).and_then(|file| file.metadata()) {
            Ok(about) => about,
            Err(error) => {
                return wrong(format!(
                    "{shown} cannot be read: {error}\nName a file that is there and that you may read."
                ));
            }
        };
        if about.is_dir() {
            return wrong(format!(
                "{shown} is a folder\nName the files in it, or pack it."
            ));
        }
        if !about.is_file() {
            return wrong(format!(
                "{shown} is no regular file\nCopy what it gives into a file."
            ));
        }
        if about.len() == 0 {
            return wrong(format!(
                "{shown} is empty\nTelegram takes no empty file: leave it out."
            ));
        }
        if about.len() > LARGEST {
            return wrong(too_large(path, LARGEST / MB));
        }
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            name: name.to_string_lossy().into_owned(),
            size: about.len(),
        })
    }
}

fn too_large(path: &Path, limit_mb: u64) -> String {
    format!(
        "{} is too large: the limit is {limit_mb} MB ([attachments] max_file_mb, at most 50)\nPack it, or send where it can be found.",
        path.display()
    )
}

/// Not blocking: a FIFO that nobody writes to is told, not waited for.
fn open(path: &Path) -> io::Result<File> {
    let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    File::options().read(true).custom_flags(nonblock).open(path)
}

/// Hands the files to the bridge; gives what an event says of them.
pub(super) async fn hand_over(
    client: &SocketClient,
    files: &[NamedFile],
) -> Result<Vec<Value>, ClientError> {
    let mut named = Vec::with_capacity(files.len());
    for file in files {
        let content = open(&file.path).map_err(|error| {
            ClientError::Unreadable(format!("{}: {error}", file.path.display()))
        })?;
        let taken = client.upload(&file.name, file.size, content).await?;
        named.push(json!({ "id": taken.attachment_id }));
    }
    Ok(named)
}

/// Copies the files to where an event file can name them; gives what it says of them.
pub(super) fn put_beside(
    home: &Home,
    files: &[NamedFile],
    limits: FileLimits,
) -> Result<FileCopies, Failure> {
    let mut copies = FileCopies::default();
    if files.is_empty() {
        return Ok(copies);
    }
    if files.len() > limits.max_files {
        let text = format!(
            "{} files are too many: the limit is {} ([attachments] max_files)\nSend the others with another message.",
            files.len(),
            limits.max_files
        );
        return Err(Failure::new(USAGE, text));
    }
    home.prepare()?;
    for file in files {
        let extension = FileName::clean(&file.name);
        let extension = extension.extension().unwrap_or("bin");
        let name = format!("send-{}.{extension}", Uuid::now_v7());
        let path = home.attachments().join(&name);
        copy(file, &path, limits)?;
        copies.paths.push(path);
        copies
            .named
            .push(json!({ "file": name, "name": file.name }));
    }
    Ok(copies)
}

/// Copies that are taken away again unless their event is in the spool.
#[derive(Default)]
pub(super) struct FileCopies {
    paths: Vec<PathBuf>,
    pub(super) named: Vec<Value>,
}

impl FileCopies {
    pub(super) fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for FileCopies {
    fn drop(&mut self) {
        for path in &self.paths {
            // What cannot be removed is only in the way.
            drop(std::fs::remove_file(path));
        }
    }
}

fn copy(file: &NamedFile, to: &Path, limits: FileLimits) -> Result<(), Failure> {
    let folder = to.parent().unwrap_or(Path::new("/"));
    let shown = file.path.display();
    let mut from = open(&file.path).with_context(|| format!("read {shown}"))?;
    // The copy has mode 0600 from its first moment on.
    let draft = NamedTempFile::with_prefix_in(".draft-", folder);
    let mut draft = draft.with_context(|| format!("write into {}", folder.display()))?;
    let mut look = Look::default();
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut from).take(PIECE as u64).read_to_end(&mut piece);
        read.with_context(|| format!("read {shown}"))?;
        if piece.is_empty() {
            break;
        }
        look.piece(&piece);
        if look.size() > limits.max_file() {
            return Err(Failure::new(
                USAGE,
                too_large(&file.path, limits.max_file_mb),
            ));
        }
        draft.write_all(&piece).context("copy the file")?;
    }
    if look.kind(&FileName::clean(&file.name)) == FileKind::Program && !limits.programs {
        let text = format!(
            "{shown} is a program\nSet `programs = true` in [attachments] to let programs through."
        );
        return Err(Failure::new(USAGE, text));
    }
    draft.as_file().sync_all().context("copy the file")?;
    draft.persist_noclobber(to).context("copy the file")?;
    let folder = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(folder.context("copy the file")?)
}

/// The event has something else where its files would stand.
#[derive(Debug, thiserror::Error)]
#[error("the event cannot take files: its data.attachments is no list\nCorrect this field.")]
pub(super) struct NoList;

impl From<NoList> for Failure {
    fn from(no_list: NoList) -> Self {
        Self::new(USAGE, no_list.to_string())
    }
}

/// Names the files in an event, behind those that it names already.
pub(super) fn name_in(event: &mut Map<String, Value>, files: Vec<Value>) -> Result<(), NoList> {
    if files.is_empty() {
        return Ok(());
    }
    let data = event.entry("data").or_insert_with(|| json!({}));
    if data.is_null() {
        *data = json!({});
    }
    let list = data
        .as_object_mut()
        .map(|data| data.entry("attachments").or_insert(json!([])));
    match list.and_then(Value::as_array_mut) {
        Some(list) => {
            list.extend(files);
            Ok(())
        }
        None => Err(NoList),
    }
}

const MB: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_no_file_is_told_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("empty"), "").unwrap();
        File::create(path("large"))
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        for (name, told) in [
            ("none", "cannot be read: No such file"),
            ("", "is a folder"),
            ("empty", "is empty"),
            ("large", "the limit is 50 MB"),
            ("fifo", "is no regular file"),
        ] {
            let failure = look_at(&[path(name)]).err().unwrap();
            assert!(failure.text().contains(told), "{name}: {}", failure.text());
        }
        let many: Vec<PathBuf> = (0..11).map(|_| path("empty")).collect();
        assert!(
            look_at(&many)
                .err()
                .unwrap()
                .text()
                .starts_with("11 files are too many")
        );
    }

    #[test]
    fn files_are_named_behind_those_that_are_there() {
        let mut event = Map::new();
        name_in(&mut event, vec![json!("a")]).unwrap();
        name_in(&mut event, vec![json!("b")]).unwrap();
        assert_eq!(event["data"]["attachments"], json!(["a", "b"]));
        event.insert("data".to_owned(), json!({ "attachments": 5 }));
        assert!(name_in(&mut event, vec![json!("c")]).is_err());
    }
}

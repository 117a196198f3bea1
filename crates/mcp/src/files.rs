//! A file of the agent's machine on its way to the bridge.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use futures_util::stream;
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Bytes;
use hyper::body::Frame;
use rustix::fs::OFlags;
use tokio::io::AsyncReadExt as _;

use crate::access::Payload;
use crate::arguments::Failed;

/// The largest file that Telegram takes from a bot, in bytes.
const LARGEST: u64 = 50 * 1024 * 1024;
/// Files are read in pieces of this size.
const PIECE: usize = 64 * 1024;

/// An open file and what it is called.
pub(crate) struct NamedContent {
    pub(crate) name: String,
    pub(crate) size: u64,
    content: File,
}

impl NamedContent {
    /// Opens a regular file that is none of `off_limits` and lies in none of them.
    pub(crate) fn open(path: &str, off_limits: &[PathBuf]) -> Result<Self, Failed> {
        let wrong = |reason: &str| Err(Failed::field("path", reason));
        let named = Path::new(path);
        if !named.is_absolute() {
            return wrong("is not an absolute path: begin it with /");
        }
        let unreadable = |error: std::io::Error| {
            let reason = format!("cannot be read: {error}; name a file that is there");
            Failed::field("path", &reason)
        };
        let real = named.canonicalize().map_err(unreadable)?;
        // What the bridge names may be a symbolic link as well.
        let leads_to = |kept: &PathBuf| {
            real.starts_with(kept) || kept.canonicalize().is_ok_and(|kept| real.starts_with(kept))
        };
        if off_limits.iter().any(leads_to) {
            return wrong("is a file of CCTelegram itself: it is not sent");
        }
        let content = open(&real).map_err(unreadable)?;
        let about = content.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return wrong("is no regular file: pack a folder, copy what a pipe gives into a file");
        }
        match about.len() {
            0 => wrong("is empty: Telegram takes no empty file"),
            size if size > LARGEST => wrong("is larger than 50 MB: pack it"),
            size => Ok(Self {
                name: named
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                size,
                content,
            }),
        }
    }

    /// The content, read while it is sent.
    pub(crate) fn body(self) -> Payload {
        let content = tokio::fs::File::from_std(self.content).take(self.size);
        let pieces = stream::try_unfold(content, async |mut content| {
            let mut piece = Vec::with_capacity(PIECE);
            let read = content.read_buf(&mut piece).await?;
            Ok((read > 0).then(|| (Frame::data(Bytes::from(piece)), content)))
        });
        UnsyncBoxBody::new(StreamBody::new(pieces))
    }
}

/// Not blocking, so that a pipe nobody writes to is told and not waited for. A link put in since the path was resolved
/// is not followed.
fn open(path: &Path) -> std::io::Result<File> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits()).unwrap_or(0);
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_cannot_be_sent_is_told_with_its_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("empty"), "").unwrap();
        let large = File::create(path("large")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        for (path, told) in [
            ("report.txt".to_owned(), "path: is not an absolute path"),
            (path("none"), "path: cannot be read: No such file"),
            (path(""), "path: is no regular file"),
            (path("empty"), "path: is empty"),
            (path("large"), "path: is larger than 50 MB"),
        ] {
            let Failed(text) = NamedContent::open(&path, &[]).err().unwrap();
            assert!(text.starts_with(told), "{path}: {text}");
        }
    }

    #[test]
    fn security_the_bridges_own_files_are_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let home = root.join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join("config.toml"), "x").unwrap();
        symlink(home.join("config.toml"), root.join("harmless.txt")).unwrap();
        symlink(&home, root.join("folder")).unwrap();
        let off_limits = [root.join("folder")];
        for name in ["home/config.toml", "harmless.txt", "folder/config.toml"] {
            let path = root.join(name).display().to_string();
            let Failed(text) = NamedContent::open(&path, &off_limits).err().unwrap();
            assert!(text.contains("of CCTelegram itself"), "{name}: {text}");
        }
    }
}

//! The end of a log that grows and is turned over meanwhile.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::Context as _;
use notify::EventKind;
use notify::RecommendedWatcher;
use notify::RecursiveMode;
use notify::Watcher as _;
use notify::event::AccessKind;

/// So many older logs are kept beside the log.
const OLDER: u32 = 5;
/// Where the kernel has no watch left, the log is looked at this often.
const WITHOUT_WATCH: Duration = Duration::from_secs(1);

/// A reader of one log.
pub(super) struct Tail {
    path: PathBuf,
    /// The file that is read at present; a turn-over renames it and makes a new one.
    file: Option<File>,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl Tail {
    pub(super) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let file = open(&path)?;
        Ok(Self {
            path,
            file,
            rest: Vec::new(),
        })
    }

    /// The last `count` lines that are wanted, the oldest first; from older logs too where the newest has too few.
    pub(super) fn last(
        &mut self,
        count: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Vec<String>> {
        let mut lines: Vec<String> = self
            .added()?
            .into_iter()
            .filter(|line| wanted(line))
            .collect();
        for number in 1..=OLDER {
            if lines.len() >= count {
                break;
            }
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            let text = match fs::read(&name) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error).context("read an older log"),
            };
            let older = text.lines().filter(|line| wanted(line)).map(str::to_owned);
            lines.splice(0..0, older);
        }
        Ok(lines.split_off(lines.len().saturating_sub(count)))
    }

    /// Shows what is added, until `show` says that nobody reads any more.
    pub(super) fn follow(mut self, show: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let (watch, woken) = self.watch();
        loop {
            for line in self.added()? {
                if !show(&line) {
                    return Ok(());
                }
            }
            if self.is_turned_over() {
                self.file = open(&self.path)?;
                continue;
            }
            if watch.is_none() {
                std::thread::sleep(WITHOUT_WATCH);
            } else if woken.recv().is_err() {
                anyhow::bail!("the watch of {} ended", self.path.display());
            }
        }
    }

    /// Complete lines that were added since the last look.
    fn added(&mut self) -> anyhow::Result<Vec<String>> {
        let Some(file) = &mut self.file else {
            return Ok(Vec::new());
        };
        let context = || format!("read the log {}", self.path.display());
        // Somebody may have emptied it.
        let length = file.metadata().with_context(context)?.len();
        if file.stream_position().with_context(context)? > length {
            file.seek(SeekFrom::Start(0)).with_context(context)?;
            self.rest.clear();
        }
        file.read_to_end(&mut self.rest).with_context(context)?;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end.saturating_add(1));
        let complete = std::mem::replace(&mut self.rest, rest);
        let text = String::from_utf8_lossy(&complete);
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Is another file at the log's place than the one that is read?
    fn is_turned_over(&self) -> bool {
        let Ok(there) = fs::metadata(&self.path) else {
            return false;
        };
        let ours = self.file.as_ref().and_then(|file| file.metadata().ok());
        ours.is_none_or(|ours| (ours.dev(), ours.ino()) != (there.dev(), there.ino()))
    }

    /// Word from the kernel that something happened in the log's folder. It says only "look now".
    fn watch(&self) -> (Option<RecommendedWatcher>, Receiver<()>) {
        let (wake, woken) = mpsc::sync_channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Looking opens the file: whoever looked at that again would never rest.
            let opened = event
                .is_ok_and(|event| matches!(event.kind, EventKind::Access(AccessKind::Open(_))));
            if !opened {
                // A full channel means that a wake-up waits already.
                wake.try_send(()).unwrap_or_default();
            }
        });
        let folder = self.path.parent().unwrap_or(&self.path);
        let watching = watcher.and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        (watching.ok(), woken)
    }
}

fn open(path: &PathBuf) -> anyhow::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("open the log {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_reaches_into_older_logs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.log");
        fs::write(&path, "5\n6\nhalf").unwrap();
        fs::write(folder.path().join("bridge.log.1"), "3\n4\n").unwrap();
        fs::write(folder.path().join("bridge.log.2"), "1\n2\n").unwrap();
        let last = |count| {
            Tail::open(path.clone())
                .unwrap()
                .last(count, |line| line != "4")
                .unwrap()
        };
        assert_eq!(last(0), [""; 0]);
        assert_eq!(last(1), ["6"]);
        assert_eq!(last(4), ["2", "3", "5", "6"]);
        assert_eq!(last(99).len(), 5);
    }
}

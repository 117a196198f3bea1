//! The diagnostic log: one JSON line per fact in `bridge.log`, and plain lines on a terminal.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The log is turned over at this size in bytes.
const TURN_OVER_AT: u64 = 10 * 1024 * 1024;
/// So many older logs are kept: `bridge.log.1` is the newest.
const KEPT: u32 = 5;

/// Does the terminal show the log too?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Terminal {
    /// Plain lines, when standard error is a terminal.
    Lines,
    Quiet,
}

/// Starts logging to `path`, and to the terminal where wanted.
pub(crate) fn start(path: &Path, filter: &str, terminal: Terminal) -> anyhow::Result<()> {
    let filter = || {
        EnvFilter::try_new(filter)
            .with_context(|| format!("RUST_LOG `{filter}` is not a log filter"))
    };
    let file = Mutex::new(Rotating::open(path)?);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(file)
        .with_filter(filter()?);
    let shown = terminal == Terminal::Lines && io::stderr().is_terminal();
    let terminal = shown.then(|| {
        let layer = tracing_subscriber::fmt::layer()
            .compact()
            .with_target(false)
            .with_writer(io::stderr);
        filter().map(|filter| layer.with_filter(filter))
    });
    let subscriber = tracing_subscriber::registry()
        .with(lines)
        .with(terminal.transpose()?);
    subscriber.try_init().context("start the log")
}

/// A file that is renamed to `.1`, `.2`, … when it has grown enough.
struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Rotating {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file = append(path).with_context(|| format!("open the log {}", path.display()))?;
        let size = file.metadata().map_or(0, |about| about.len());
        Ok(Self {
            path: path.to_owned(),
            file,
            size,
        })
    }

    fn turn_over(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..KEPT).rev() {
            if numbered(number).exists() {
                std::fs::rename(numbered(number), numbered(number.saturating_add(1)))?;
            }
        }
        std::fs::rename(&self.path, numbered(1))?;
        self.file = append(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= TURN_OVER_AT {
            self.turn_over()?;
        }
        let written = self.file.write(bytes)?;
        self.size = self.size.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_is_turned_over_and_five_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.log");
        let mut log = Rotating::open(&path).unwrap();
        for round in 0..8 {
            log.size = TURN_OVER_AT;
            writeln!(log, "round {round}").unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("bridge.log"), "round 7\n");
        assert_eq!(read("bridge.log.1"), "round 6\n");
        assert_eq!(read("bridge.log.5"), "round 2\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
    }
}

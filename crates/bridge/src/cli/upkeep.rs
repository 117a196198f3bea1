//! Starting and ending the bridge for agents, and tidying up its answer files.

use std::ffi::OsStr;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_mcp::Upkeep;
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::process::Signal;

use crate::client;
use crate::config;
use crate::config::Environment;
use crate::config::Reach;

/// A bridge asks Telegram who it is before it listens, and does not wait for ever.
const STARTS_WITHIN: Duration = Duration::from_mins(1);
/// One that ended at once may have met another that holds the home and is about to listen: a service comes back by itself.
const OTHERS_WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What a bridge says that cannot start is short.
const LONGEST_COMPLAINT: u64 = 4_096;

/// The bridge that the commands of this environment reach.
pub(super) struct BridgeUpkeep {
    reach: Reach,
    environment: Environment,
    /// What was started here, to be taken note of when it ends.
    started: Mutex<Vec<Child>>,
}

impl BridgeUpkeep {
    pub(super) const fn new(reach: Reach, environment: Environment) -> Self {
        Self {
            reach,
            environment,
            started: Mutex::new(Vec::new()),
        }
    }

    fn command(&self, complaints: &File) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["start", "--detached"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints.try_clone()?);
        self.detach(&mut command);
        Ok(command)
    }

    /// Gives it the variables that a bridge reads and nothing else: an agent's own keys are none of its business.
    fn detach(&self, command: &mut Command) {
        command
            .env_clear()
            .envs(self.environment.for_bridge())
            .env("CC_TELEGRAM_HOME", self.reach.home.root())
            .current_dir("/");
    }

    /// Forgets those that have ended.
    fn reap(&self) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }
}

impl Upkeep for BridgeUpkeep {
    fn check(&self) -> Result<(), String> {
        let mut environment = Environment::default();
        for (name, value) in self.environment.for_bridge() {
            environment.set(name, value);
        }
        let root = self.reach.home.root().to_string_lossy();
        environment.set("CC_TELEGRAM_HOME", &root);
        let checked = config::load(&environment);
        checked.map(drop).map_err(|mistakes| mistakes.to_string())
    }

    fn start(&self) -> Result<(), String> {
        self.reap();
        let failed = |error: io::Error| format!("the bridge cannot be started: {error}");
        // What it has to say goes to its log, except why it cannot even begin to write that.
        let complaints = rustix::fs::memfd_create("cctelegram-start", MemfdFlags::CLOEXEC);
        let mut complaints = complaints
            .map(File::from)
            .map_err(|errno| failed(errno.into()))?;
        let command = self.command(&complaints);
        let mut child = command
            .and_then(|mut command| command.spawn())
            .map_err(failed)?;
        let mut deadline = Instant::now() + STARTS_WITHIN;
        let mut has_ended = false;
        loop {
            if client::locate(&self.reach).is_ok() {
                let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
                started.push(child);
                return Ok(());
            }
            if !has_ended && child.try_wait().map_err(failed)?.is_some() {
                has_ended = true;
                deadline = Instant::now() + OTHERS_WITHIN;
            }
            if has_ended && Instant::now() >= deadline {
                return Err(said(&mut complaints).unwrap_or_else(failed));
            }
            if Instant::now() >= deadline {
                let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
                started.push(child);
                let log = self.reach.home.log_file();
                return Err(format!(
                    "the bridge was started, but does not listen yet\nLook into its log, {}.",
                    log.display()
                ));
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn stop(&self, pid: u32) -> Result<(), String> {
        let number = process(pid).ok_or_else(|| format!("{pid} is not the number of a process"))?;
        rustix::process::kill_process(number, Signal::TERM).map_err(|errno| {
            format!("the bridge, process {pid}, cannot be stopped: {errno}\nStop it where it was started.")
        })?;
        Ok(())
    }

    fn has_ended(&self, pid: u32) -> bool {
        self.reap();
        process(pid).is_none_or(|pid| rustix::process::test_kill_process(pid) == Err(Errno::SRCH))
    }

    fn clear_answers(&self, older_than: Duration) -> Result<u64, String> {
        clear(&self.reach.home.responses(), older_than)
            .map_err(|error| format!("the answer files cannot be cleared: {error}"))
    }
}

fn process(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn said(complaints: &mut File) -> io::Result<String> {
    complaints.rewind()?;
    let mut text = String::new();
    complaints
        .take(LONGEST_COMPLAINT)
        .read_to_string(&mut text)?;
    let text = text.trim();
    Ok(match text.strip_prefix("cctelegram: ").unwrap_or(text) {
        "" => "the bridge ended at once\nLook into its log, bridge.log.".to_owned(),
        text => text.to_owned(),
    })
}

/// Removes regular files that end in `.json` and were not changed for so long.
fn clear(folder: &Path, older_than: Duration) -> io::Result<u64> {
    let mut removed = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        let is_answer = about.is_file() && entry.path().extension() == Some(OsStr::new("json"));
        // A file from the future is not old.
        let age = about.modified()?.elapsed().unwrap_or_default();
        if is_answer && age >= older_than {
            fs::remove_file(entry.path())?;
            removed = removed.saturating_add(1);
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn security_a_bridge_gets_nothing_of_the_agents_environment() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().to_str().unwrap();
        let mut environment = Environment::default();
        let ours = [
            ("CC_TELEGRAM_HOME", home),
            ("CC_TELEGRAM_MODE", "nomad"),
            ("PATH", "/bin"),
        ];
        for (name, value) in ours.into_iter().chain([("ANTHROPIC_API_KEY", "theirs")]) {
            environment.set(name, value);
        }
        let upkeep = BridgeUpkeep::new(config::reach(&environment).unwrap(), environment);
        let mut printer = Command::new("/usr/bin/env");
        upkeep.detach(&mut printer);
        let told = String::from_utf8(printer.output().unwrap().stdout).unwrap();
        let mut told: Vec<&str> = told.lines().collect();
        told.sort_unstable();
        let expected = ours.map(|(name, value)| format!("{name}={value}"));
        assert_eq!(told, expected, "and nothing of this process either");
    }

    #[test]
    fn security_only_old_answer_files_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let now = File::create(folder.path().join("now.json")).unwrap();
        let stamp = now.metadata().unwrap().modified().unwrap();
        let old: SystemTime = stamp - Duration::from_hours(30);
        for name in ["old.json", "notes.txt"] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_times(FileTimes::new().set_modified(old)).unwrap();
        }
        fs::create_dir(folder.path().join("folder.json")).unwrap();
        std::os::unix::fs::symlink("old.json", folder.path().join("link.json")).unwrap();
        assert_eq!(clear(folder.path(), Duration::from_hours(48)).unwrap(), 0);
        assert_eq!(clear(folder.path(), Duration::from_hours(24)).unwrap(), 1);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 4, "the new, the note, the folder and the link");
    }
}

//! The bridge's process and the commands that a test runs beside it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitStatus;
use std::process::Stdio;

use rustix::process::Pid;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;
use tokio::process::Command;

/// A running process, ended at the latest when this goes.
pub struct Process {
    child: Child,
}

/// What a command came to.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    /// Starts a command whose environment holds nothing but `variables` and the search path.
    #[must_use]
    pub fn start(command: &[&OsStr], variables: &[(String, String)]) -> Self {
        let child = prepared(command, variables)
            .spawn()
            .expect("the program starts");
        Self { child }
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process was not waited for yet")
    }

    /// Kills it without any warning, as a power cut would, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the process can be killed");
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("process ids are small");
        rustix::process::kill_process(Pid::from_raw(id).expect("not zero"), signal)
            .expect("the process is ours");
    }

    /// Asks it to stop and waits for its end.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.child
            .wait()
            .await
            .expect("the process can be waited for")
    }

    /// Waits for its end.
    pub async fn finish(self) -> Finished {
        let output = self
            .child
            .wait_with_output()
            .await
            .expect("the process can be waited for");
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Types something into it.
    pub async fn type_in(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().expect("its input is ours");
        input
            .write_all(text.as_bytes())
            .await
            .expect("it reads its input");
        input.flush().await.expect("it reads its input");
    }

    /// Lets it come to the end of its input.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Its standard output, to read along.
    pub fn output(&mut self) -> tokio::process::ChildStdout {
        self.child
            .stdout
            .take()
            .expect("the output is read by nobody else")
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

fn prepared(command: &[&OsStr], variables: &[(String, String)]) -> Command {
    let (program, arguments) = command.split_first().expect("a command has a program");
    let mut prepared = Command::new(program);
    prepared
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(Path::new("/"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    prepared
}

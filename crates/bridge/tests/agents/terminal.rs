//! A terminal that an agent runs in, with somebody who reads and types: tmux.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::WAIT;
use cctelegram_testkit::until;
use tokio::time::timeout;

/// The screen is looked at this often.
const LOOK: Duration = Duration::from_millis(10);
/// A key that has had no effect after this time was not seen.
const AGAIN: Duration = Duration::from_millis(400);

/// A screen of 50 lines with a program. The program ends with it.
pub(crate) struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Starts the program in `folder` with nothing in its environment but `variables`; tmux's own
    /// socket is put into `place`.
    pub(crate) fn start(
        place: &Path,
        folder: &Path,
        command: &[&str],
        variables: &[(String, String)],
    ) -> Self {
        let terminal = Self {
            socket: place.join("tmux"),
        };
        let pairs = variables
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut words: Vec<String> = ["env", "-i", "TERM=screen-256color", "LANG=C.UTF-8"]
            .map(str::to_owned)
            .to_vec();
        words.extend(pairs);
        words.extend(command.iter().map(|word| (*word).to_owned()));
        let started = terminal
            .tmux(&[
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                "150",
                "-y",
                "50",
            ])
            .arg("-c")
            .arg(folder)
            .arg("--")
            .args(words)
            .arg(";")
            // The last screen of a program that has ended can still be read.
            .args(["set-option", "-g", "remain-on-exit", "on"])
            .status();
        assert!(started.unwrap().success(), "tmux starts");
        terminal
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen shows the text.
    pub(crate) async fn shows(&self, text: &str) {
        self.is(&format!("the terminal shows {text:?}"), |screen| {
            screen.contains(text)
        })
        .await;
    }

    /// Waits until the text is gone from the screen.
    pub(crate) async fn loses(&self, text: &str) {
        self.is(
            &format!("the terminal no longer shows {text:?}"),
            |screen| !screen.contains(text),
        )
        .await;
    }

    async fn is(&self, what: &str, is_it: impl Fn(&str) -> bool) {
        assert!(
            self.soon(is_it, WAIT).await,
            "waited in vain until {what}; it shows:\n{}",
            self.screen()
        );
    }

    /// Whether the screen comes to be as described in this time.
    async fn soon(&self, is_it: impl Fn(&str) -> bool, time: Duration) -> bool {
        let look = async {
            while !is_it(&self.screen()) {
                tokio::time::sleep(LOOK).await;
            }
        };
        timeout(time, look).await.is_ok()
    }

    /// Presses a key again and again until the screen shows the text: agents drop what is typed
    /// in the moment in which they open a dialog.
    pub(crate) async fn press_until(&self, key: &str, text: &str) {
        let deadline = Instant::now() + WAIT;
        loop {
            self.press(&[key]);
            if self.soon(|screen| screen.contains(text), AGAIN).await {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{key} does not lead to {text:?}; it shows:\n{}",
                self.screen()
            );
        }
    }

    /// Presses keys, by their tmux names: `Enter`, `Down`, `C-c`, or letters.
    pub(crate) fn press(&self, keys: &[&str]) {
        let pressed = self.tmux(&["send-keys"]).args(keys).status();
        assert!(pressed.unwrap().success(), "tmux passes keys on");
    }

    /// Hangs up, as closing the window would, and waits until the program is gone.
    pub(crate) async fn close(self) {
        let pane = self.ask("#{pane_pid}");
        let hung_up = Command::new("kill").args(["-HUP", pane.as_str()]).status();
        assert!(hung_up.unwrap().success(), "the program still runs");
        until("the program in the terminal has ended", async || {
            (self.ask("#{pane_dead}") == "1").then_some(())
        })
        .await;
    }

    fn ask(&self, what: &str) -> String {
        let answer = self.tmux(&["display-message", "-p", what]).output();
        String::from_utf8_lossy(&answer.unwrap().stdout)
            .trim()
            .to_owned()
    }

    fn tmux(&self, words: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.env_clear()
            .env("PATH", super::agent::PATH)
            .env("LANG", "C.UTF-8")
            .arg("-S")
            .arg(&self.socket)
            .args(words);
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Without a server there is nothing to end.
        drop(self.tmux(&["kill-server"]).output());
    }
}

//! `cctelegram demo`: it works without anything set up, tells what it shows, and leaves nothing behind.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::until;
use reqwest::Client;
use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::ChildStdout;

/// A machine with a place for temporary files, a home, and settings that the demo must not heed.
struct Machine {
    home: TempDir,
    temporary: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            temporary: tempfile::tempdir().unwrap(),
        }
    }

    fn demo(&self, words: &[&str]) -> Process {
        self.run(&[env!("CARGO_BIN_EXE_cctelegram"), "demo"], words)
    }

    fn run(&self, program: &[&str], words: &[&str]) -> Process {
        let path = |folder: &TempDir| folder.path().display().to_string();
        let variables = [
            ("HOME", path(&self.home)),
            ("TMPDIR", path(&self.temporary)),
            ("TELEGRAM_BOT_TOKEN", "not a token".to_owned()),
            ("TELEGRAM_API_URL", "http://127.0.0.1:1".to_owned()),
            ("EMERGENCY_LOCKDOWN", "true".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let command: Vec<&OsStr> = program.iter().chain(words).map(OsStr::new).collect();
        Process::start(&command, &variables)
    }

    /// Nothing was left behind.
    fn finish(self) {
        for folder in [self.home, self.temporary] {
            assert_eq!(
                names(folder.path()),
                [""; 0],
                "the demo left something behind"
            );
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// What a running demo says.
struct Story {
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Story {
    fn of(mut process: Process) -> Self {
        let lines = BufReader::new(process.output()).lines();
        Self { process, lines }
    }

    /// Reads along to the line that begins so; the rest of it.
    async fn tells(&mut self, beginning: &str) -> String {
        let found = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                if let Some(rest) = line.strip_prefix(beginning) {
                    return Some(rest.trim().to_owned());
                }
            }
            None
        };
        let found = tokio::time::timeout(WAIT, found).await.ok().flatten();
        found.unwrap_or_else(|| panic!("the demo does not tell: {beginning}"))
    }

    async fn ends_after(self, signal: Signal) -> Finished {
        self.process.signal(signal);
        tokio::time::timeout(WAIT, self.process.finish())
            .await
            .unwrap()
    }
}

fn client() -> Client {
    Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_person_every_step_is_checked_and_told() {
    let machine = Machine::new();
    let finished = machine.demo(&["--headless"]).finish().await;
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (Some(0), ""),
        "{finished:?}"
    );
    let steps = [
        "a finished build",
        "a failed test",
        "progress",
        "the same message, edited to 100 %",
        "an approval with buttons",
        "the decision reached the one who asked: approve by @you",
        "the request, edited to its end",
        "the answer file says approve",
    ];
    let told: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(told.len(), steps.len(), "{told:?}");
    for (line, step) in told.iter().zip(steps) {
        assert!(line.starts_with(&format!("ok   {step}")), "{line}");
    }
    machine.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_went_away_is_no_error() {
    let machine = Machine::new();
    let script = "read -r go; exec \"$0\" \"$@\"";
    let mut demo = machine.run(
        &["sh", "-c", script, env!("CARGO_BIN_EXE_cctelegram")],
        &["demo", "--headless"],
    );
    drop(demo.output());
    demo.type_in("go\n").await;
    let finished = demo.finish().await;
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    machine.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_and_nothing_is_left_behind() {
    let machine = Machine::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for words in [&["--port", &port][..], &["--headless", "--port", &port]] {
        let refused = machine.demo(words).finish().await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(1), ""),
            "{refused:?}"
        );
        let told = "cctelegram: start the phone: Address already in use (os error 98)\nIs the port of --port taken?\n";
        assert_eq!(refused.stderr, told);
    }
    assert_eq!(
        machine.demo(&["--port", "70000"]).finish().await.code,
        Some(2)
    );
    machine.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_page_and_the_press_arrives_in_the_terminal() {
    let machine = Machine::new();
    let mut story = Story::of(machine.demo(&[]));
    let url = story.tells("The phone is at").await;
    let page = client().get(&url).send().await.unwrap();
    let kind = page
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    assert!(
        page.status() == 200 && kind.starts_with("text/html"),
        "{page:?}"
    );
    assert!(page.text().await.unwrap().contains("<title>"));
    story.tells("event file dropped: Build finished").await;
    story.tells("event file dropped: 2 tests failed").await;
    story.tells("asked: may I run `rm -rf build/`?").await;
    until("a button can be pressed", async || {
        pressed(&url).await.then_some(())
    })
    .await;
    let decision = story.tells("the decision arrived: ").await;
    assert!(decision.starts_with("approve by @you at "), "{decision}");
    let answer = story.tells("its answer file: ").await;
    until("the answer file is there", async || fs::read(&answer).ok()).await;
    story.tells("Drop event files into ").await;
    let finished = story.ends_after(Signal::INT).await;
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    machine.finish();
}

/// Presses Approve on the first message that has buttons, as the page does.
async fn pressed(url: &str) -> bool {
    let you = 4_242;
    let messages = client()
        .get(format!("{url}control/messages?chat_id={you}"))
        .send()
        .await
        .unwrap();
    let messages: Value = messages.json().await.unwrap();
    let list = messages.as_array().unwrap();
    let asks = |message: &&Value| message.pointer("/keyboard/0").is_some();
    let Some(id) = list
        .iter()
        .find(asks)
        .and_then(|message| message.pointer("/message_id")?.as_i64())
    else {
        return false;
    };
    let press = json!({ "user_id": you, "message_id": id, "label": "Approve" });
    let answer = client()
        .post(format!("{url}control/press"))
        .json(&press)
        .send()
        .await
        .unwrap();
    answer.status().is_success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_demo_at_once_and_removes_its_home() {
    for signal in [Signal::INT, Signal::TERM] {
        let machine = Machine::new();
        let mut story = Story::of(machine.demo(&[]));
        let home = story.tells("The bridge's home").await;
        assert_eq!(names(machine.temporary.path()).len(), 1, "{home}");
        let finished = story.ends_after(signal).await;
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (Some(0), ""),
            "{signal:?}"
        );
        machine.finish();
    }
}

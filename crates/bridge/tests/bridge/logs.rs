//! `cctelegram logs` and `cctelegram completions`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::ffi::OsStr;
use std::fs;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::WAIT;
use serde_json::Value;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::ChildStdout;

use crate::steps::setup;

fn add(log: &Path, level: &str, message: &str) {
    let line = format!(
        r#"{{"timestamp":"2026-11-21T14:02:07Z","level":"{level}","message":"{message}","target":"t"}}"#
    );
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(log);
    writeln!(file.unwrap(), "{line}").unwrap();
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(WAIT, lines.next_line()).await;
    line.unwrap_or_else(|_| panic!("no line came"))
        .unwrap()
        .unwrap_or_else(|| panic!("the command ended"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_bridge_is_shown_and_the_level_chooses() {
    let bridge = TestBridge::start(setup()).await;
    let shown = bridge.command(&["logs"]).await;
    assert!(shown.stdout.contains(" INFO  ready "), "{shown:?}");
    let warnings = bridge.command(&["logs", "--level", "error"]).await;
    assert_eq!((warnings.code, warnings.stdout.as_str()), (Some(0), ""));
    let json = bridge.command(&["logs", "-n", "1", "--json"]).await;
    let line: Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(line["timestamp"].is_string(), "{json:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn following_goes_on_over_a_turn_over() {
    let bridge = TestBridge::prepare(setup()).await;
    let log = bridge.root().join("bridge.log");
    let none = bridge.command(&["logs"]).await;
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("there is no log "), "{none:?}");
    let mut following = bridge.spawn(&["logs", "--follow", "--level", "warn"]);
    let mut lines = BufReader::new(following.output()).lines();
    add(&log, "WARN", "first");
    assert!(next(&mut lines).await.ends_with("WARN  first"));
    add(&log, "INFO", "passed over");
    add(&log, "ERROR", "last of the old");
    fs::rename(&log, bridge.root().join("bridge.log.1")).unwrap();
    add(&log, "WARN", "first of the new");
    assert!(next(&mut lines).await.ends_with("ERROR last of the old"));
    assert!(next(&mut lines).await.ends_with("WARN  first of the new"));
    drop(lines);
    add(&log, "WARN", "nobody reads this");
    let ended = tokio::time::timeout(WAIT, following.finish())
        .await
        .unwrap();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_sleeps_while_nothing_is_written() {
    let bridge = TestBridge::start(setup()).await;
    let mut following = bridge.spawn(&["logs", "--follow", "-n", "1"]);
    let mut lines = BufReader::new(following.output()).lines();
    next(&mut lines).await;
    let stat = || fs::read_to_string(format!("/proc/{}/stat", following.id())).unwrap();
    // Sleeping, and for good: the time that it has used does not grow while other commands come and go.
    let used = |stat: String| {
        let after_name = stat.rsplit_once(')').unwrap().1.to_owned();
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let before = used(stat());
    for _ in 0..5 {
        bridge.command(&["status"]).await;
    }
    assert!(used(stat()) <= before + 2, "it is busy");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shell_gets_completions_that_it_can_read() {
    let bridge = TestBridge::prepare(setup()).await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bridge.command(&["completions", shell]).await;
        assert_eq!(script.code, Some(0), "{shell}: {script:?}");
        for word in ["queue", "doctor", "follow"] {
            assert!(script.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    let path = bridge.root().join("completions.bash");
    let script = bridge.command(&["completions", "bash"]).await;
    fs::write(&path, &script.stdout).unwrap();
    let line = format!(
        ". {}; COMP_WORDS=(cctelegram qu); COMP_CWORD=1; _cctelegram cctelegram qu cctelegram; echo \"${{COMPREPLY[@]}}\"",
        path.display()
    );
    let bash = Process::start(&["bash", "-c", &line].map(OsStr::new), &[])
        .finish()
        .await;
    assert_eq!(bash.stdout, "queue\n", "{bash:?}");
    fs::remove_file(path).unwrap();
    assert_eq!(bridge.command(&["completions", "cmd"]).await.code, Some(2));
    bridge.finish().await;
}

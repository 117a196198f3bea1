//! `cctelegram queue show | retry | drop`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::ffi::OsStr;
use std::time::Duration;

use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::steps::setup;

fn fault(bridge: &TestBridge, times: u32, kind: FaultKind) {
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times,
        kind,
    });
}

fn status(code: u16) -> FaultKind {
    FaultKind::Status {
        code,
        description: "Bad Request: no".to_owned(),
        retry_after: None,
    }
}

/// The command succeeded; answers its JSON.
async fn json_of(bridge: &TestBridge, words: &[&str]) -> Value {
    let finished = bridge.command(words).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("no JSON: {finished:?}"))
}

async fn queue(bridge: &TestBridge) -> Value {
    json_of(bridge, &["queue", "list", "--json"]).await
}

/// Waits for an entry of the queue in this state; answers its number as a word.
async fn entry(bridge: &TestBridge, title: &str, state: &str) -> String {
    until(&format!("`{title}` is {state}"), async || {
        let queue = queue(bridge).await;
        let entries = queue.as_array().unwrap();
        let found = entries
            .iter()
            .find(|entry| entry["title"] == title && entry["state"] == state)?;
        Some(found["id"].to_string())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_refused_is_shown_whole_and_sent_by_a_retry() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, 2, status(400));
    bridge
        .command(&["send", "Lost", "--description", "All of it."])
        .await;
    let id = entry(&bridge, "Lost", "dead").await;
    let shown = bridge.command(&["queue", "show", &id]).await;
    for part in [
        &format!("chat       {USER}\n"),
        "state      dead\n",
        "Bad Request: no",
        "\"description\": \"All of it.\"",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    let item = json_of(&bridge, &["queue", "show", &id, "--json"]).await;
    assert_eq!(item["event"]["title"], "Lost");
    bridge.emulator.clear_faults();
    let retried = bridge.command(&["queue", "retry", &id]).await;
    let says = format!("Message {id} is queued anew, sent as soon as its turn comes.\n");
    assert_eq!((retried.code, retried.stdout), (Some(0), says));
    bridge.message_with(USER, "All of it.").await;
    let records = bridge.records("message_retried").await;
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(records[0]["actor"], json!({ "kind": "local", "uid": uid }));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_given_up_is_tried_again_at_once() {
    let bridge = TestBridge::start(setup()).await;
    let none = bridge.command(&["queue", "retry", "--dead"]).await;
    assert_eq!(none.stdout, "Nothing was given up.\n");
    fault(&bridge, u32::MAX, status(400));
    for title in ["One", "Two"] {
        bridge.command(&["send", title]).await;
        entry(&bridge, title, "dead").await;
    }
    bridge.emulator.clear_faults();
    let retried = json_of(&bridge, &["queue", "retry", "--dead", "--json"]).await;
    assert!(
        retried["retried"].as_array().unwrap().len() >= 2,
        "{retried}"
    );
    for title in ["One", "Two"] {
        bridge.message_with(USER, title).await;
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_last_copy_is_dropped_ends_for_whoever_waits() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    let asked = bridge.spawn(&["ask", "Deploy?"]);
    let id = entry(&bridge, "Deploy?", "held").await;
    let dropped = bridge.command(&["queue", "drop", &id, "--yes"]).await;
    assert!(
        dropped
            .stdout
            .starts_with(&format!("Message {id} is dropped.\nIt was the last copy")),
        "{dropped:?}"
    );
    let asked = asked.finish().await;
    assert!(asked.stderr.contains("withdrawn"), "{asked:?}");
    assert_eq!(queue(&bridge).await, json!([]));
    assert_eq!(bridge.records("approval_withdrawn").await.len(), 1);
    assert_eq!(bridge.records("message_dropped").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_asks_at_a_terminal_and_without_one_wants_to_be_told() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    bridge.command(&["send", "Keep me?"]).await;
    let id = entry(&bridge, "Keep me?", "held").await;
    let refused = bridge.command(&["queue", "drop", &id]).await;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("Add --yes"), "{refused:?}");
    for (typed, code) in [("n\n", 1), ("y\n", 0)] {
        let binary = env!("CARGO_BIN_EXE_cctelegram");
        let command = format!("{binary} queue drop {id}");
        let script = [
            "script",
            "--quiet",
            "--return",
            "--command",
            &command,
            "/dev/null",
        ];
        let mut process = Process::start(&script.map(OsStr::new), &bridge.variables());
        process.type_in(typed).await;
        let finished = process.finish().await;
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.stdout.contains("Keep me?"), "{finished:?}");
    }
    assert_eq!(queue(&bridge).await, json!([]));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_sent_or_held_back_or_unknown_stays_and_the_reason_is_told() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, 1, FaultKind::Delay(Duration::from_secs(4)));
    bridge.command(&["send", "Under way"]).await;
    let id = entry(&bridge, "Under way", "sending").await;
    for words in [
        ["queue", "drop", &id, "--yes"].as_slice(),
        &["queue", "retry", &id],
    ] {
        let kept = bridge.command(words).await;
        assert_eq!((kept.code, kept.stdout.as_str()), (Some(1), ""));
        assert!(
            kept.stderr.contains("it is being sent at this moment"),
            "{kept:?}"
        );
    }
    bridge.message_with(USER, "Under way").await;
    bridge.command(&["mode", "mute"]).await;
    bridge.command(&["send", "Quiet"]).await;
    let quiet = entry(&bridge, "Quiet", "held").await;
    for (words, code, says) in [
        (
            ["queue", "retry", quiet.as_str()].as_slice(),
            1,
            "the bridge is mute",
        ),
        (&["queue", "retry", &id], 1, "it is over: sent"),
        (
            &["queue", "show", "999999"],
            1,
            "there is no message 999999",
        ),
        (
            &["queue", "drop", "999999", "--yes"],
            1,
            "there is no message 999999",
        ),
        (&["queue", "show", "first"], 2, "invalid value"),
        (&["queue", "retry"], 2, "required"),
        (&["queue", "retry", "1", "--dead"], 2, "cannot be used with"),
    ] {
        let kept = bridge.command(words).await;
        assert_eq!(kept.code, Some(code), "{words:?}: {kept:?}");
        assert!(kept.stderr.contains(says), "{words:?}: {kept:?}");
    }
    bridge.finish().await;
}

//! Limits, crashes and full disks.

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::json;

use super::answer;
use super::content;
use super::document;
use super::fault;
use super::is_empty;
use super::naming;
use super::pieces;
use super::private;
use super::shelf;
use super::tried;
use super::upload;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_between_files_the_rest_is_sent_and_none_twice() {
    let mut bridge = TestBridge::start(setup()).await;
    let mut files = Vec::new();
    for name in ["1.bin", "2.bin", "3.bin"] {
        let taken = upload(&bridge, name, format!("\0{name}").as_bytes()).await;
        files.push(json!({ "id": taken["attachment_id"] }));
    }
    let works = FaultKind::Delay(std::time::Duration::ZERO);
    bridge.emulator.fault(fault("sendDocument", 1, works));
    bridge
        .emulator
        .fault(fault("sendDocument", u32::MAX, answer(502, "Bad Gateway")));
    bridge
        .socket
        .post("/v1/events", &naming("Three", json!(files)))
        .await;
    document(&bridge, "1.bin").await;
    until("the second was tried", async || {
        (tried(&bridge, "sendDocument") >= 2).then_some(())
    })
    .await;
    bridge.kill().await;
    bridge.emulator.clear_faults();
    bridge.launch().await;
    document(&bridge, "3.bin").await;
    bridge.idle().await;
    let messages = bridge.emulator.messages(USER);
    let names: Vec<_> = messages
        .iter()
        .filter_map(|m| m.document.as_ref())
        .collect();
    let names: Vec<&str> = names.iter().map(|file| file.file_name.as_str()).collect();
    assert_eq!(names, ["1.bin", "2.bin", "3.bin"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_a_file_is_refused_with_the_limit() {
    let bridge = TestBridge::start(setup().config("[attachments]\nmax_file_mb = 1")).await;
    let file = bridge.root().join("big.bin");
    private(&file, vec![0_u8; 1024 * 1024 + 1]);
    let file = file.display().to_string();
    let refused = bridge.command(&["send", "Big", "--file", &file]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("larger than 1 MB"),
        "{}",
        refused.stderr
    );
    assert_eq!(pieces(&bridge).await, 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_takes_little_memory() {
    let bridge = TestBridge::start(setup().config("[attachments]\nmax_file_mb = 50")).await;
    let most = || {
        let path = format!("/proc/{}/status", bridge.process().id());
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap_or_default();
        let kib = line
            .split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or_default()
    };
    let small = upload(&bridge, "small.bin", b"\0").await;
    let event = naming("Small", json!([{ "id": small["attachment_id"] }]));
    bridge.socket.post("/v1/events", &event).await;
    document(&bridge, "small.bin").await;
    let before = most();
    let large = upload(&bridge, "large.bin", &vec![0_u8; 40 * 1024 * 1024]).await;
    let event = naming("Large", json!([{ "id": large["attachment_id"] }]));
    bridge.socket.post("/v1/events", &event).await;
    let arrived = document(&bridge, "large.bin").await;
    assert_eq!(content(&arrived).len(), 40 * 1024 * 1024);
    let grown = most().saturating_sub(before);
    assert!(
        before > 0 && grown < 24 * 1024,
        "{grown} KiB more for 40 MiB"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_no_event_named_are_dropped_at_the_start() {
    let mut bridge = TestBridge::start(setup()).await;
    let taken = upload(&bridge, "a.bin", b"\0").await;
    assert_eq!(pieces(&bridge).await, 1);
    bridge.terminate().await;
    bridge.launch().await;
    assert_eq!(pieces(&bridge).await, 0);
    let event = naming("Late", json!([{ "id": taken["attachment_id"] }]));
    let answer = bridge.socket.post("/v1/events", &event).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (422, &json!("no_such_attachment"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_files_cannot_be_kept_waits_in_peace_and_holds_no_other_up() {
    let bridge = TestBridge::start(setup()).await;
    let incoming = bridge.root().join("incoming");
    fs::remove_dir(&incoming).expect("it is empty");
    fs::write(&incoming, "in the way").expect("room");
    fs::write(shelf(&bridge).join("a.txt"), "text").expect("room");
    bridge.drop_event("stuck", &naming("Stuck", json!(["a.txt"])));
    until("it is told", async || {
        bridge
            .log()
            .contains("event files have to wait")
            .then_some(())
    })
    .await;
    for number in 0..3 {
        let title = format!("Meanwhile {number}");
        bridge.drop_event(&title, &naming(&title, json!([])));
        bridge.message_with(USER, &title).await;
    }
    let log = bridge.log();
    let told = log
        .lines()
        .filter(|line| line.contains("an event file") || line.contains("event files"));
    let told: Vec<&str> = told.collect();
    assert_eq!(told.len(), 1, "once per episode: {told:#?}");
    // Even the folder itself is made anew.
    fs::remove_file(&incoming).expect("it is ours");
    assert_eq!(content(&document(&bridge, "a.txt").await), b"text");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_all_files_together_have_a_bound_on_every_way() {
    let config = "[attachments]\nmax_file_mb = 50\nmax_total_mb = 50";
    let bridge = TestBridge::start(setup().config(config)).await;
    let works = || answer(502, "Bad Gateway");
    bridge
        .emulator
        .fault(fault("sendDocument", u32::MAX, works()));
    let first = upload(&bridge, "first.bin", &vec![0; 40 * 1024 * 1024]).await;
    let event = naming("First", json!([{ "id": first["attachment_id"] }]));
    bridge.socket.post("/v1/events", &event).await;
    let more = vec![0; 11 * 1024 * 1024];
    let path = "/v1/attachments?name=second.bin";
    let answer = bridge.socket.raw(Method::POST, path, more.clone()).await;
    let refused = answer.expect("the bridge answers");
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("files_full"))
    );
    fs::write(shelf(&bridge).join("second.bin"), more).expect("room");
    bridge.drop_event("second", &naming("Second", json!(["second.bin"])));
    until("the event file waits", async || {
        bridge.log().contains("max_total_mb").then_some(())
    })
    .await;
    assert!(shelf(&bridge).join("second.bin").exists());
    assert!(is_empty(&bridge.events().join("rejected")));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_few_files_are_received_at_once() {
    let bridge = TestBridge::start(setup()).await;
    let socket = bridge.root().join("bridge.sock");
    let head =
        "POST /v1/attachments?name=a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nbegun";
    let begin = || {
        let mut stream = UnixStream::connect(&socket).expect("the bridge listens");
        stream.write_all(head.as_bytes()).expect("it reads");
        stream
    };
    let unfinished: Vec<UnixStream> = (0..4).map(|_| begin()).collect();
    until("no further one is received", async || {
        let answer = bridge
            .socket
            .raw(Method::POST, "/v1/attachments?name=b", b"x".to_vec())
            .await
            .ok()?;
        (answer.status == 429).then_some(())
    })
    .await;
    drop(unfinished);
    until("there is a turn again", async || {
        let answer = bridge
            .socket
            .raw(Method::POST, "/v1/attachments?name=b", b"x".to_vec())
            .await
            .ok()?;
        (answer.status == 201).then_some(())
    })
    .await;
    bridge.finish().await;
}

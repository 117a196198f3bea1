//! What becomes of names and contents.

use std::fs;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use serde_json::json;

use super::answer;
use super::content;
use super::document;
use super::fault;
use super::is_empty;
use super::naming;
use super::png;
use super::private;
use super::shelf;
use super::tried;
use super::upload;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn security_secrets_in_a_text_file_are_masked_before_it_is_stored() {
    let bridge = TestBridge::start(setup()).await;
    let secret = format!("AKIA{}", "IOSFODNN7EXAMPLE");
    let text = format!("first line\nkey {secret}\nlast line\n");
    let taken = upload(&bridge, "run.log", text.as_bytes()).await;
    let event = naming("A log", json!([{ "id": taken["attachment_id"] }]));
    bridge.socket.post("/v1/events", &event).await;
    let log = document(&bridge, "run.log").await;
    let shown = String::from_utf8(content(&log).to_vec()).expect("text");
    assert_eq!(
        shown,
        "first line\nkey [redacted: aws access key]\nlast line\n"
    );
    assert_eq!(
        log.caption.as_deref(),
        Some("Secrets are masked in this file.")
    );
    for name in ["cctelegram.db", "cctelegram.db-wal", "bridge.log"] {
        let bytes = fs::read(bridge.root().join(name)).unwrap_or_default();
        let found = bytes
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "{name}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_files_name_is_cleaned() {
    let bridge = TestBridge::start(setup()).await;
    for (given, shown) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("a%E2%80%AEgpj.sh", "a_U+202E_gpj.sh"),
        ("a%0Ab%07.txt", "a_b_U+0007_.txt"),
    ] {
        assert_eq!(upload(&bridge, given, b"x").await["name"], shown);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_telegram_cannot_read_arrives_as_a_document() {
    let bridge = TestBridge::start(setup()).await;
    bridge.emulator.fault(fault(
        "sendPhoto",
        1,
        answer(400, "Bad Request: IMAGE_PROCESS_FAILED"),
    ));
    let odd = upload(&bridge, "odd.png", &png()).await;
    let broken = upload(&bridge, "broken.png", b"\x89PNG\r\n\x1a\nbroken").await;
    let files = json!([{ "id": odd["attachment_id"] }, { "id": broken["attachment_id"] }]);
    bridge
        .socket
        .post("/v1/events", &naming("Pictures", files))
        .await;
    assert_eq!(content(&document(&bridge, "odd.png").await), png());
    document(&bridge, "broken.png").await;
    assert_eq!(tried(&bridge, "sendPhoto"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_new_name_does_not_make_a_program_of_a_file() {
    let bridge = TestBridge::start(setup()).await;
    let taken = upload(&bridge, "notes.txt", b"@echo off").await;
    let id = &taken["attachment_id"];
    for name in ["setup.exe", "RUN.BAT", "app.apk"] {
        let event = naming("A gift", json!([{ "id": id, "name": name }]));
        let answer = bridge.socket.post("/v1/events", &event).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (422, &json!("unfit_file")),
            "{name}"
        );
    }
    let event = naming("A gift", json!([{ "id": id, "name": "other.md" }]));
    assert_eq!(bridge.socket.post("/v1/events", &event).await.status, 202);
    document(&bridge, "other.md").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_secrets_are_masked_in_text_that_runs_too() {
    let bridge = TestBridge::start(setup().config("[attachments]\nprograms = true")).await;
    let secret = format!("AKIA{}", "IOSFODNN7EXAMPLE");
    for name in ["deploy.bat", "run.cmd", "example.com"] {
        let taken = upload(&bridge, name, format!("set KEY={secret}\n").as_bytes()).await;
        let event = naming(name, json!([{ "id": taken["attachment_id"] }]));
        bridge.socket.post("/v1/events", &event).await;
        let sent = document(&bridge, name).await;
        let shown = String::from_utf8_lossy(content(&sent)).into_owned();
        assert!(
            shown.contains("[redacted") && !shown.contains(&secret),
            "{shown}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_an_ending_keeps_its_name_on_every_way() {
    let mut bridge = TestBridge::start(setup()).await;
    let file = bridge.root().join("Makefile");
    private(&file, "all:\n");
    let file = file.display().to_string();
    let event = bridge.root().join("rules.json");
    let mut rules = naming("Rules", json!([]));
    rules["event_id"] = json!("rules");
    private(&event, rules.to_string());
    let event = event.display().to_string();
    let words = ["send", "--event", &event, "--file", &file];
    let sent = bridge.command(&words).await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    document(&bridge, "Makefile").await;
    bridge.terminate().await;
    let again = bridge.command(&words).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(!is_empty(&shelf(&bridge)));
    bridge.launch().await;
    until("it is recognised", async || {
        is_empty(&shelf(&bridge)).then_some(())
    })
    .await;
    assert!(
        is_empty(&bridge.events().join("rejected")),
        "it is the same event"
    );
    bridge.idle().await;
    assert_eq!(bridge.emulator.count("sendDocument"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_shows_its_files_first_and_its_digest_covers_them() {
    let bridge = TestBridge::start(setup()).await;
    let mut digests = Vec::new();
    for (number, text) in ["one line", "another line"].into_iter().enumerate() {
        let taken = upload(&bridge, "change.diff", text.as_bytes()).await;
        let title = format!("Apply {number}?");
        let event = json!({
            "type": "approval_request", "event_id": format!("apply-{number}"), "title": title,
            "data": { "attachments": [{ "id": taken["attachment_id"] }] },
        });
        let asked = bridge
            .socket
            .post("/v1/approvals", &json!({ "event": event }))
            .await;
        assert_eq!(asked.status, 201, "{:?}", asked.body);
        let question = bridge.message_with(USER, &title).await;
        let shown = question.text.unwrap_or_default();
        let sha256 = taken["sha256"].as_str().expect("a digest");
        assert!(
            shown.contains("1 file is attached:\nchange.diff (") && shown.contains(sha256),
            "{shown}"
        );
        assert!(!question.keyboard.is_empty());
        assert!(!question.silent, "a question rings, its files do not");
        let before = bridge.emulator.messages(USER);
        let before = before
            .iter()
            .find(|message| message.message_id == question.message_id - 1);
        assert_eq!(before.map(content), Some(text.as_bytes()));
        let id = asked.body["approval_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let status = bridge.socket.get(&format!("/v1/approvals/{id}")).await;
        digests.push(status.body["digest"].clone());
    }
    assert_ne!(digests.first(), digests.last());
    bridge.finish().await;
}

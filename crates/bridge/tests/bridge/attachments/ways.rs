//! The ways that files come in.

use std::fs;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use serde_json::json;

use super::content;
use super::document;
use super::is_empty;
use super::naming;
use super::pieces;
use super::png;
use super::private;
use super::refused;
use super::shelf;
use super::upload;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_file_brings_its_files_and_they_are_removed_with_it() {
    let bridge = TestBridge::start(setup()).await;
    fs::create_dir(shelf(&bridge).join("charts")).expect("a folder");
    fs::write(shelf(&bridge).join("charts/x.png"), png()).expect("room");
    fs::write(shelf(&bridge).join("report.html"), "<b>good</b>").expect("room");
    let files = json!(["report.html", { "file": "charts/x.png", "name": "Chart" }]);
    let mut event = naming("The report", files);
    event["data"]["severity"] = json!("error");
    bridge.drop_event("report", &event);
    let text = bridge.message_with(USER, "The report").await;
    let report = document(&bridge, "report.html").await;
    let photo = bridge
        .message(USER, "the chart", |message| message.photo.is_some())
        .await;
    assert_eq!(content(&report), b"<b>good</b>");
    assert_eq!(photo.photo.map(|photo| photo.bytes), Some(png()));
    assert_eq!(photo.caption.as_deref(), Some("Chart.png"));
    assert!(text.message_id < report.message_id && report.message_id < photo.message_id);
    assert!(
        !text.silent && report.silent && photo.silent,
        "one sound for all"
    );
    until("the files are removed", async || {
        let gone = is_empty(&shelf(&bridge).join("charts"))
            && !shelf(&bridge).join("report.html").exists();
        gone.then_some(())
    })
    .await;
    assert!(is_empty(&bridge.root().join("incoming")));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_the_socket_is_named_by_its_id() {
    let bridge = TestBridge::start(setup()).await;
    let taken = upload(&bridge, "a%20b.bin", b"\0binary").await;
    assert_eq!(
        (&taken["name"], &taken["size"]),
        (&json!("a b.bin"), &json!(7))
    );
    let mut event = naming("With a file", json!([{ "id": taken["attachment_id"] }]));
    event["event_id"] = json!("with-a-file");
    let answer = bridge.socket.post("/v1/events", &event).await;
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    let again = bridge.socket.post("/v1/events", &event).await;
    assert_eq!(again.body["status"], "duplicate");
    assert_eq!(content(&document(&bridge, "a b.bin").await), b"\0binary");
    // The same file handed over once more is the same event still.
    let anew = upload(&bridge, "a%20b.bin", b"\0binary").await;
    event["data"]["attachments"] = json!([{ "id": anew["attachment_id"] }]);
    assert_eq!(
        bridge.socket.post("/v1/events", &event).await.body["status"],
        "duplicate"
    );
    let other = upload(&bridge, "a%20b.bin", b"\0other").await;
    event["data"]["attachments"] = json!([{ "id": other["attachment_id"] }]);
    assert_eq!(bridge.socket.post("/v1/events", &event).await.status, 409);
    // One file belongs to one event.
    let thief = naming("Another", json!([{ "id": taken["attachment_id"] }]));
    let answer = bridge.socket.post("/v1/events", &thief).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (422, &json!("no_such_attachment"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_over_the_socket_names_no_path() {
    let bridge = TestBridge::start(setup()).await;
    fs::write(shelf(&bridge).join("a.txt"), "x").expect("room");
    let answer = bridge
        .socket
        .post("/v1/events", &naming("A", json!(["a.txt"])))
        .await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (422, &json!("data.attachments[0]"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_event_file_reaches_nothing_but_plain_files_of_its_folder() {
    let bridge = TestBridge::start(setup().config("[attachments]\nmax_file_mb = 1")).await;
    let (shelf, outside) = (shelf(&bridge), bridge.root().join("outside.txt"));
    private(&outside, "not for anybody");
    std::os::unix::fs::symlink(&outside, shelf.join("symlink.txt")).expect("a link");
    std::os::unix::fs::symlink(bridge.root(), shelf.join("linked")).expect("a link");
    fs::hard_link(&outside, shelf.join("hardlink.txt")).expect("a link");
    rustix::fs::mknodat(CWD, shelf.join("fifo"), FileType::Fifo, Mode::RWXU, 0).expect("a FIFO");
    fs::create_dir(shelf.join("folder")).expect("a folder");
    fs::write(shelf.join("empty.txt"), "").expect("room");
    fs::write(shelf.join("large.txt"), "x ".repeat(524_289)).expect("room");
    fs::write(shelf.join("run.bin"), "\x7fELF\0").expect("room");
    fs::write(shelf.join("app.apk"), "PK").expect("room");
    for (number, (file, reason)) in [
        ("../outside.txt", "expected a path below the folder"),
        ("/etc/passwd", "expected a path below the folder"),
        ("symlink.txt", "it is a symbolic link"),
        ("linked/outside.txt", "it is a symbolic link"),
        ("hardlink.txt", "it is a hard link"),
        ("fifo", "it is a FIFO"),
        ("folder", "it is a directory"),
        ("empty.txt", "it is empty"),
        ("large.txt", "it is larger than 1 MB"),
        ("run.bin", "it is a program"),
        ("app.apk", "it is a program"),
        ("missing.txt", "there is no file missing.txt"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("bad-{number}");
        bridge.drop_event(&name, &naming(&name, json!([file])));
        let told = refused(&bridge, &name).await;
        assert!(
            told.contains("data.attachments[0]: ") && told.contains(reason),
            "{file}: {told}"
        );
    }
    assert_eq!(pieces(&bridge).await, 0, "nothing is left of them");
    assert!(outside.exists());
    bridge.drop_event("good", &naming("A good one", json!([])));
    bridge.message_with(USER, "A good one").await;
    let titles = bridge.emulator.messages(USER);
    assert!(
        !titles
            .iter()
            .any(|m| m.text.as_deref().unwrap_or_default().contains("bad-"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_sends_files_and_asks_with_them() {
    let bridge = TestBridge::start(setup()).await;
    let (log, chart) = (
        bridge.root().join("my log.txt"),
        bridge.root().join("chart.png"),
    );
    private(&log, "a line\n");
    private(&chart, png());
    let (log, chart) = (log.display().to_string(), chart.display().to_string());
    let sent = bridge
        .command(&["send", "Done", "--file", &log, "--file", &chart])
        .await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(content(&document(&bridge, "my log.txt").await), b"a line\n");
    bridge
        .message(USER, "the chart", |message| message.photo.is_some())
        .await;
    let ask = bridge.spawn(&["ask", "Keep it?", "--file", &log]);
    let question = bridge.message_with(USER, "Keep it?").await;
    assert!(
        question
            .text
            .is_some_and(|text| text.contains("my log.txt (7 bytes)"))
    );
    let press = bridge.emulator.press(USER, question.message_id, "Approve");
    press.expect("the button is there");
    assert_eq!(ask.finish().await.code, Some(0));
    for (file, told) in [("/nowhere/a", "cannot be read"), ("/tmp", "is a folder")] {
        let failed = bridge.command(&["send", "Done", "--file", file]).await;
        assert_eq!(failed.code, Some(2));
        assert!(failed.stderr.contains(told), "{}", failed.stderr);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bridge_files_wait_beside_the_spool() {
    let mut bridge = TestBridge::start(setup()).await;
    bridge.terminate().await;
    let file = bridge.root().join("note.txt");
    private(&file, "kept");
    let file = file.display().to_string();
    let sent = bridge.command(&["send", "Later", "--file", &file]).await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(
        sent.stdout.contains("put into the spool"),
        "{}",
        sent.stdout
    );
    assert!(!is_empty(&shelf(&bridge)));
    bridge.launch().await;
    assert_eq!(content(&document(&bridge, "note.txt").await), b"kept");
    until("the copy is removed", async || {
        is_empty(&shelf(&bridge)).then_some(())
    })
    .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_file_that_comes_again_without_its_files_is_recognised() {
    let bridge = TestBridge::start(setup()).await;
    let mut event = naming("Once", json!(["a.txt"]));
    event["event_id"] = json!("once");
    fs::write(shelf(&bridge).join("a.txt"), "text").expect("room");
    bridge.drop_event("first", &event);
    document(&bridge, "a.txt").await;
    // What a crash between removing the file and removing the event file leaves behind.
    bridge.drop_event("second", &event);
    until("the spool is empty", async || {
        let gone = !bridge.events().join("second.json").exists();
        gone.then_some(())
    })
    .await;
    bridge.drop_event("last", &naming("Last", json!([])));
    bridge.message_with(USER, "Last").await;
    assert!(is_empty(&bridge.events().join("rejected")));
    bridge.idle().await;
    assert_eq!(bridge.emulator.count("sendDocument"), 1);
    bridge.finish().await;
}

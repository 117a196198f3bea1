//! Files that travel with events: every way in, what is refused, and how they arrive.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use reqwest::Method;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use serde_json::Value;
use serde_json::json;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(64_u32.to_be_bytes());
    bytes.extend(32_u32.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0....\0\0\0\0IEND\xaeB`\x82");
    bytes
}

fn shelf(bridge: &TestBridge) -> std::path::PathBuf {
    bridge.root().join("attachments")
}

fn naming(title: &str, attachments: Value) -> Value {
    json!({ "type": "info_notification", "title": title, "data": { "attachments": attachments } })
}

async fn upload(bridge: &TestBridge, name: &str, content: &[u8]) -> Value {
    let path = format!("/v1/attachments?name={name}");
    let answer = bridge
        .socket
        .raw(Method::POST, &path, content.to_vec())
        .await;
    let answer = answer.expect("the bridge answers");
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body
}

/// Waits for the file's message.
async fn document(bridge: &TestBridge, name: &str) -> Message {
    let is_it = |message: &Message| {
        message
            .document
            .as_ref()
            .is_some_and(|document| document.file_name == name)
    };
    bridge.message(USER, name, is_it).await
}

fn content(message: &Message) -> &[u8] {
    message
        .document
        .as_ref()
        .map_or(&[], |document| &document.bytes)
}

async fn refused(bridge: &TestBridge, name: &str) -> String {
    let note = bridge
        .events()
        .join("rejected")
        .join(format!("{name}.json.reason"));
    let is_whole = |reason: &String| reason.ends_with('\n');
    until(&format!("{name} is refused"), async || {
        fs::read_to_string(&note).ok().filter(is_whole)
    })
    .await
}

fn fault(method: &str, times: u32, kind: FaultKind) -> Fault {
    Fault {
        method: Some(method.to_owned()),
        times,
        kind,
    }
}

fn answer(code: u16, description: &str) -> FaultKind {
    FaultKind::Status {
        code,
        description: description.to_owned(),
        retry_after: None,
    }
}

/// Calls of this method, refused ones too.
fn tried(bridge: &TestBridge, method: &str) -> usize {
    let calls = bridge.emulator.calls();
    calls.iter().filter(|call| call.method == method).count()
}

/// A file that nobody else can read.
fn private(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).expect("room");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder)
        .expect("the folder can be listed")
        .next()
        .is_none()
}

async fn pieces(bridge: &TestBridge) -> i64 {
    bridge
        .database()
        .await
        .number("SELECT count(*) FROM attachment_piece")
        .await
}

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

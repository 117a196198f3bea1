//! What is set aside, and what is told of it.

use std::fs;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use serde_json::Value;

use super::events;
use super::is_empty;
use super::is_there;
use super::refused;
use super::rejected;
use super::sent;
use crate::steps::info;
use crate::steps::setup;

/// Puts a file into the spool as a producer that renames does.
fn drop_bytes(bridge: &TestBridge, name: &str, bytes: &[u8]) {
    let draft = bridge.events().join(".draft");
    fs::write(&draft, bytes).expect("room on the disk");
    fs::rename(draft, bridge.events().join(name)).expect("the file can be renamed");
}

/// Documents that are no events: a name, the bytes, and how the reason begins.
const NO_EVENTS: [(&str, &[u8], &str); 16] = [
    ("empty", b"", "document: it is empty"),
    (
        "half",
        br#"{"type": "info_notification", "ti"#,
        "document: not JSON",
    ),
    (
        "no-text",
        b"{\"type\": \"info_notification\", \"title\": \"\xff\xfe\"}",
        "document: not UTF-8",
    ),
    ("utf-16", b"\xff\xfe{\0}\0", "document: not UTF-8"),
    (
        "list",
        br#"[{"type": "info_notification", "title": "a"}]"#,
        "document: expected an object, found a list",
    ),
    ("number", b"5", "document: expected an object"),
    (
        "more",
        br#"{"type": "info_notification", "title": "a"} {}"#,
        "document: not JSON",
    ),
    (
        "untitled",
        br#"{"type": "info_notification"}"#,
        "title: is required",
    ),
    (
        "blank",
        br#"{"type": "info_notification", "title": " "}"#,
        "title: must not be empty",
    ),
    ("typeless", br#"{"title": "a"}"#, "type: is required"),
    ("message", br#"{"message": "x"}"#, "type: is required"),
    (
        "type",
        br#"{"type": 5, "title": "a"}"#,
        "type: expected text, found a number",
    ),
    (
        "field",
        br#"{"type": "a", "title": "a", "description": [1]}"#,
        "description: expected text, found a list",
    ),
    (
        "data",
        br#"{"type": "a", "title": "a", "data": "text"}"#,
        "data: expected an object, found text",
    ),
    (
        "id",
        br#"{"type": "a", "title": "a", "event_id": "../../x"}"#,
        "event_id: ",
    ),
    (
        "options",
        br#"{"type": "approval_request", "title": "a", "data": {"options": ["A", 5]}}"#,
        "data.options[1]: ",
    ),
];

/// Puts everything that is no plain file of ours into the spool; gives the names and what is to be said of each.
fn plant(bridge: &TestBridge, outside: &Path) -> Vec<(String, &'static str)> {
    let place = |name: &str| bridge.events().join(name);
    let other = outside.join("other.json");
    fs::write(&other, info("Somebody else's event").to_string()).expect("room on the disk");
    let mut planted = vec![
        ("fifo.json", "a FIFO"),
        ("socket.json", "a socket"),
        ("folder.json", "a directory"),
    ];
    rustix::fs::mknodat(
        CWD,
        place("fifo.json"),
        FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .expect("a FIFO");
    drop(UnixListener::bind(place("socket.json")).expect("a socket"));
    fs::create_dir(place("folder.json")).expect("a folder");
    for (name, target) in [
        ("passwd.json", Path::new("/etc/passwd")),
        ("event.json", &other),
        ("dangling.json", Path::new("nowhere")),
        (".taken-1-claimed.json", &other),
    ] {
        std::os::unix::fs::symlink(target, place(name)).expect("a link");
        planted.push((
            name.strip_prefix(".taken-1-").unwrap_or(name),
            "a symbolic link",
        ));
    }
    fs::hard_link(&other, place("second-name.json")).expect("a hard link");
    planted.push(("second-name.json", "a hard link"));
    let null = rustix::fs::makedev(1, 3);
    let device = rustix::fs::mknodat(
        CWD,
        place("null.json"),
        FileType::CharacterDevice,
        Mode::RUSR,
        null,
    );
    // Only root may make a device, or give a file away.
    if device.is_ok() {
        planted.push(("null.json", "a device"));
        fs::write(place("foreign.json"), info("A gift").to_string()).expect("room on the disk");
        std::os::unix::fs::chown(place("foreign.json"), Some(12_345), None).expect("root may");
        planted.push(("foreign.json", "belongs to another user"));
    }
    File::create(place("sparse.json"))
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    planted.push(("sparse.json", "larger than 1024 KiB"));
    fs::write(
        place("large.json"),
        info(&"x".repeat(5_000_000)).to_string(),
    )
    .expect("room on the disk");
    planted.push(("large.json", "larger than 1024 KiB"));
    planted
        .into_iter()
        .map(|(name, reason)| (name.to_owned(), reason))
        .collect()
}

async fn everything_planted_is_refused(
    bridge: &TestBridge,
    planted: &[(String, &str)],
    outside: &Path,
) {
    bridge.drop_event("good", &info("Between all the traps"));
    bridge.message_with(USER, "Between all the traps").await;
    for (name, reason) in planted {
        let told = refused(bridge, name).await;
        assert!(told.contains(reason), "{name}: {told}");
    }
    is_empty(bridge).await;
    assert_eq!((events(bridge).await, sent(bridge)), (1, 1));
    assert!(
        is_there(&outside.join("other.json")),
        "what a link led to is not ours to move"
    );
}

fn draft(bridge: &TestBridge) -> PathBuf {
    let draft = bridge.events().join(".draft");
    fs::write(&draft, info("Named strangely").to_string()).expect("room on the disk");
    draft
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_no_event_is_set_aside_with_the_field_that_is_wrong() {
    let bridge = TestBridge::start(setup()).await;
    let nested = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let deep =
        format!(r#"{{"type": "info_notification", "title": "a", "data": {{"x": {nested}}}}}"#);
    let mut cases = NO_EVENTS.to_vec();
    cases.push(("deep", deep.as_bytes(), "document: nested too deep"));
    for (name, bytes, _) in &cases {
        drop_bytes(&bridge, &format!("{name}.json"), bytes);
    }
    bridge.drop_event("good", &info("Not held up by its neighbours"));
    bridge
        .message_with(USER, "Not held up by its neighbours")
        .await;
    for (name, bytes, reason) in &cases {
        let name = format!("{name}.json");
        let told = refused(&bridge, &name).await;
        assert!(told.starts_with(reason), "{name}: {told}");
        let kept = fs::read(rejected(&bridge, &name)).expect("it is kept");
        assert_eq!(kept, *bytes, "{name}");
    }
    let records = bridge.records_when("event_rejected", cases.len()).await;
    assert_eq!(records.len(), cases.len());
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    is_empty(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_no_plain_file_of_ours_is_set_aside_unread() {
    let outside = tempfile::tempdir().expect("a temporary directory");
    let bridge = TestBridge::start(setup()).await;
    let planted = plant(&bridge, outside.path());
    everything_planted_is_refused(&bridge, &planted, outside.path()).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_was_planted_before_the_start_does_not_hold_it_up() {
    let outside = tempfile::tempdir().expect("a temporary directory");
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    let planted = plant(&bridge, outside.path());
    bridge.launch().await;
    everything_planted_is_refused(&bridge, &planted, outside.path()).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_unreadable_file_is_set_aside() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut setup = setup();
    if rustix::process::geteuid().is_root() {
        // Root reads everything, unless it does without these rights.
        let without = [
            "setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-dac_override,-dac_read_search",
        ];
        setup = setup.wrapped(&without);
    }
    let bridge = TestBridge::start(setup).await;
    let draft = bridge.events().join(".draft");
    fs::write(&draft, info("Unreadable").to_string()).expect("room on the disk");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o000)).expect("our file");
    fs::rename(&draft, bridge.events().join("closed.json")).expect("the file can be renamed");
    bridge.drop_event("good", &info("Readable"));
    bridge.message_with(USER, "Readable").await;
    let told = refused(&bridge, "closed.json").await;
    assert!(told.contains("permission denied"), "{told}");
    assert_eq!(events(&bridge).await, 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leaves_no_room_for_suffixes_is_refused_and_cut() {
    let bridge = TestBridge::start(setup()).await;
    for last in ["a", "b"] {
        let name = format!("{}{last}.json", "n".repeat(244));
        assert_eq!(name.len(), 250);
        fs::rename(draft(&bridge), bridge.events().join(name)).expect("the file can be renamed");
    }
    let cut = "n".repeat(200);
    for name in [cut.clone(), format!("{cut}.2")] {
        let told = refused(&bridge, &name).await;
        assert!(told.contains("longer than 200 bytes"), "{told}");
    }
    // Names are bytes: they need not be text.
    let strange = std::ffi::OsStr::from_bytes(b"\xff\xfe \n.json");
    fs::rename(draft(&bridge), bridge.events().join(strange)).expect("the file can be renamed");
    bridge.message_with(USER, "Named strangely").await;
    is_empty(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_refused_under_the_same_name_are_all_kept() {
    let bridge = TestBridge::start(setup()).await;
    for (kept, bytes) in [
        ("bad.json", "[1]"),
        ("bad.json.2", "[2]"),
        ("bad.json.3", "[3]"),
    ] {
        drop_bytes(&bridge, "bad.json", bytes.as_bytes());
        assert!(refused(&bridge, kept).await.contains("expected an object"));
    }
    for (kept, bytes) in [
        ("bad.json", "[1]"),
        ("bad.json.2", "[2]"),
        ("bad.json.3", "[3]"),
    ] {
        assert_eq!(
            fs::read_to_string(rejected(&bridge, kept)).expect("it is kept"),
            bytes
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_validation_any_object_is_an_event_but_traps_are_still_refused() {
    let bridge = TestBridge::start(setup().variable("CC_TELEGRAM_VALIDATE_EVENTS", "false")).await;
    std::os::unix::fs::symlink("/etc/passwd", bridge.events().join("passwd.json")).expect("a link");
    drop_bytes(&bridge, "list.json", b"[1]");
    drop_bytes(
        &bridge,
        "message.json",
        br#"{"message": "Only a message", "secret_count": 5}"#,
    );
    bridge.message_with(USER, "Only a message").await;
    assert!(
        refused(&bridge, "passwd.json")
            .await
            .contains("a symbolic link")
    );
    assert!(
        refused(&bridge, "list.json")
            .await
            .contains("expected an object")
    );
    let stored = bridge
        .database()
        .await
        .texts("SELECT body FROM event")
        .await;
    let stored: Vec<Value> = stored
        .iter()
        .filter_map(|body| serde_json::from_str(body).ok())
        .collect();
    let [event] = stored.as_slice() else {
        panic!("not one event: {stored:?}")
    };
    assert_eq!(event["type"], "custom_event");
    assert_eq!(event["data"]["secret_count"], 5);
    bridge.finish().await;
}

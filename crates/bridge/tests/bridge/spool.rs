//! Event files: when they are taken, what is refused, and that neither ever gets in the way of the others.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use reqwest::Method;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use serde_json::Value;
use serde_json::json;

/// A file that nobody writes to is judged after this span.
const SETTLED: Duration = Duration::from_millis(200);

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

fn event(title: &str) -> Value {
    json!({ "type": "info_notification", "title": title })
}

/// Puts a file into the spool as a producer that renames does.
fn drop_bytes(bridge: &TestBridge, name: &str, bytes: &[u8]) {
    let draft = bridge.events().join(".draft");
    fs::write(&draft, bytes).expect("room on the disk");
    fs::rename(draft, bridge.events().join(name)).expect("the file can be renamed");
}

fn rejected(bridge: &TestBridge, name: &str) -> PathBuf {
    bridge.events().join("rejected").join(name)
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Waits until a file was set aside under this name and gives the reason that stands beside it.
async fn refused(bridge: &TestBridge, name: &str) -> String {
    let note = rejected(bridge, &format!("{name}.reason"));
    let is_whole = |reason: &String| reason.ends_with('\n');
    let reason = until(&format!("{name} is refused"), async || {
        fs::read_to_string(&note).ok().filter(is_whole)
    })
    .await;
    assert!(is_there(&rejected(bridge, name)), "{name} is not kept");
    reason
}

/// The names in the spool, but not in its folder of refused files.
fn spooled(bridge: &TestBridge) -> Vec<String> {
    let entries = fs::read_dir(bridge.events()).expect("the spool can be listed");
    let names = entries.map(|entry| {
        entry
            .expect("it can be listed")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut names: Vec<String> = names.filter(|name| name != "rejected").collect();
    names.sort();
    names
}

async fn is_empty(bridge: &TestBridge) {
    until("the spool is empty", async || {
        spooled(bridge).is_empty().then_some(())
    })
    .await;
}

async fn events(bridge: &TestBridge) -> i64 {
    bridge
        .database()
        .await
        .number("SELECT count(*) FROM event")
        .await
}

fn sent(bridge: &TestBridge) -> usize {
    bridge
        .emulator
        .messages(USER)
        .iter()
        .filter(|message| message.from_bot)
        .count()
}

async fn mute(bridge: &TestBridge) {
    let answer = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&json!({ "mode": "mute" })))
        .await;
    assert_eq!(answer.expect("the bridge answers").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_file_is_delivered_and_removed() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("build", &event("Built by a renaming writer"));
    bridge
        .message_with(USER, "Built by a renaming writer")
        .await;
    is_empty(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_as_soon_as_it_is_whole_although_its_writer_keeps_it_open() {
    let bridge = TestBridge::start(setup()).await;
    let text = event("Written in place").to_string();
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = File::create(bridge.events().join("in-place.json")).expect("a file to write");
    file.write_all(first.as_bytes()).expect("room on the disk");
    file.sync_all().expect("a disk");
    file.write_all(second.as_bytes()).expect("room on the disk");
    bridge.message_with(USER, "Written in place").await;
    is_empty(&bridge).await;
    drop(file);
    assert_eq!(events(&bridge).await, 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_slowly_is_not_judged_before_it_is_whole() {
    let bridge = TestBridge::start(setup()).await;
    let mut file = File::create(bridge.events().join("slow.json")).expect("a file to write");
    file.write_all(
        br#"{"type": "info_notification", "title": "Slow and steady", "description": ""#,
    )
    .expect("room");
    let began = Instant::now();
    until("the writer has taken its time", async || {
        file.write_all(b"more ").expect("room on the disk");
        (began.elapsed() > SETTLED * 4).then_some(())
    })
    .await;
    assert_eq!(spooled(&bridge), ["slow.json"]);
    file.write_all(br#""}"#).expect("room on the disk");
    bridge.message_with(USER, "Slow and steady").await;
    is_empty(&bridge).await;
    assert!(!is_there(&rejected(&bridge, "slow.json")));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_file_is_left_alone() {
    let bridge = TestBridge::start(setup()).await;
    let others = [
        ".hidden.json",
        "event.json.tmp",
        "json",
        "notes.txt",
        "upper.JSON",
    ];
    for name in others {
        fs::write(
            bridge.events().join(name),
            event("Nobody's business").to_string(),
        )
        .expect("room on the disk");
    }
    bridge.drop_event("real", &event("The only event"));
    bridge.message_with(USER, "The only event").await;
    until("only the others are left", async || {
        (spooled(&bridge) == others).then_some(())
    })
    .await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_came_while_no_bridge_ran_are_taken_in_their_order() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    // The names run against the order in which the files came.
    let titles: Vec<String> = (0..40)
        .map(|number| format!("Event {number:02} of 40"))
        .collect();
    for (number, title) in titles.iter().enumerate() {
        bridge.drop_event(&format!("file-{:02}", 40 - number), &event(title));
        // File systems count time in ticks of some milliseconds: let each file have its own.
        let path = bridge
            .events()
            .join(format!("file-{:02}.json", 40 - number));
        let file = File::options().write(true).open(path).expect("our file");
        let tick = Duration::from_millis(u64::try_from(number).expect("a small number") * 10);
        let modified = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + tick;
        file.set_modified(modified).expect("our file");
    }
    bridge.launch().await;
    bridge.message_with(USER, "Event 39 of 40").await;
    bridge.idle().await;
    let shown = bridge
        .emulator
        .messages(USER)
        .into_iter()
        .filter_map(|message| message.text);
    let arrived: Vec<String> = shown
        .map(|text| {
            titles
                .iter()
                .find(|title| text.contains(*title))
                .cloned()
                .expect("ours")
        })
        .collect();
    assert_eq!(arrived, titles);
    is_empty(&bridge).await;
    bridge.finish().await;
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
    bridge.drop_event("good", &event("Not held up by its neighbours"));
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

/// Puts everything that is no plain file of ours into the spool; gives the names and what is to be said of each.
fn plant(bridge: &TestBridge, outside: &Path) -> Vec<(String, &'static str)> {
    let place = |name: &str| bridge.events().join(name);
    let other = outside.join("other.json");
    fs::write(&other, event("Somebody else's event").to_string()).expect("room on the disk");
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
        fs::write(place("foreign.json"), event("A gift").to_string()).expect("room on the disk");
        std::os::unix::fs::chown(place("foreign.json"), Some(12_345), None).expect("root may");
        planted.push(("foreign.json", "belongs to another user"));
    }
    File::create(place("sparse.json"))
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    planted.push(("sparse.json", "larger than 1024 KiB"));
    fs::write(
        place("large.json"),
        event(&"x".repeat(5_000_000)).to_string(),
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
    bridge.drop_event("good", &event("Between all the traps"));
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
    fs::write(&draft, event("Unreadable").to_string()).expect("room on the disk");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o000)).expect("our file");
    fs::rename(&draft, bridge.events().join("closed.json")).expect("the file can be renamed");
    bridge.drop_event("good", &event("Readable"));
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

fn draft(bridge: &TestBridge) -> PathBuf {
    let draft = bridge.events().join(".draft");
    fs::write(&draft, event("Named strangely").to_string()).expect("room on the disk");
    draft
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
async fn a_producer_that_uses_one_name_again_and_again_loses_nothing() {
    let bridge = TestBridge::start(setup()).await;
    mute(&bridge).await;
    let path = bridge.events().join("status.json");
    for number in 0..200 {
        // The name is free as soon as the file before is claimed, while its event is still on its way to the disk.
        until("the name is free", async || {
            (!is_there(&path)).then_some(())
        })
        .await;
        bridge.drop_event("status", &event(&format!("Status {number}")));
    }
    is_empty(&bridge).await;
    assert_eq!(events(&bridge).await, 200);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_files_at_once_are_all_taken_within_the_memory_limit() {
    let bridge = TestBridge::start(
        setup()
            .variable("MAX_QUEUE_SIZE", "20000")
            .variable("RUST_LOG", "warn"),
    )
    .await;
    mute(&bridge).await;
    for number in 0..10_000 {
        bridge.drop_event(
            &format!("event-{number}"),
            &event(&format!("Event {number}")),
        );
    }
    let mut taken = 0;
    while taken < 10_000 {
        taken = until("more events are taken", async || {
            Some(events(&bridge).await).filter(|now| *now > taken)
        })
        .await;
    }
    is_empty(&bridge).await;
    assert_eq!(bridge.status().await["held"], 10_000);
    let peak = peak_megabytes(bridge.process().id());
    assert!(peak < 256, "{peak} MB were in use, MEMORY_LIMIT_MB is 256");
    bridge.finish().await;
}

/// The most memory that the process ever held.
fn peak_megabytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("proc(5)");
    let kilobytes: u64 = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("proc(5)");
    kilobytes / 1024
}

/// An event that always has the same id.
fn named(title: &str) -> Value {
    json!({ "type": "info_notification", "title": title, "event_id": "deploy-2.4" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_says_its_id_counts_once() {
    let mut bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &named("Said again and again"));
    bridge.message_with(USER, "Said again and again").await;
    bridge.drop_event("second", &named("Said again and again"));
    is_empty(&bridge).await;
    assert!(bridge.terminate().await.success());
    bridge.drop_event("third", &named("Said again and again"));
    bridge.launch().await;
    is_empty(&bridge).await;
    let answer = bridge
        .socket
        .post("/v1/events", &named("Said again and again"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &json!("duplicate"))
    );
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_used_for_something_else_is_refused_and_nothing_is_lost() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &named("The first of its id"));
    bridge.message_with(USER, "The first of its id").await;
    bridge.drop_event("second", &named("The second of its id"));
    let reason = refused(&bridge, "second.json").await;
    assert!(reason.contains("event id deploy-2.4 was used for something else"));
    let kept = fs::read_to_string(rejected(&bridge, "second.json")).expect("it is kept");
    assert!(kept.contains("The second of its id"));
    let records = bridge.records("event_rejected").await;
    let targets: Vec<&Value> = records.iter().map(|record| &record["target"]).collect();
    assert_eq!(targets, ["file second.json"]);
    let answer = bridge
        .socket
        .post("/v1/events", &named("The third of its id"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("id_in_use"))
    );
    is_empty(&bridge).await;
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_files_without_an_id_are_different_events() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("one", &event("Twice the same"));
    bridge.drop_event("two", &event("Twice the same"));
    is_empty(&bridge).await;
    bridge.message_with(USER, "Twice the same ×2").await;
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (2, 1));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_removed_and_made_anew_is_watched_again() {
    let bridge = TestBridge::start(setup()).await;
    fs::remove_dir_all(bridge.events()).expect("the folder can be removed");
    fs::create_dir(bridge.events()).expect("the folder can be made anew");
    bridge
        .socket
        .post(
            "/v1/events",
            &json!({ "type": "custom_event", "title": "meanwhile" }),
        )
        .await;
    bridge.drop_event(
        "again",
        &json!({ "type": "custom_event", "title": "in the new folder" }),
    );
    bridge.message_with(USER, "in the new folder").await;
    bridge.finish().await;
}

//! `cctelegram doctor`, on set-ups that are whole and on broken ones. The broken ones stand in docs/DOCTOR.md.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::ffi::OsStr;
use std::fs;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::bot_token;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../docs/DOCTOR.md");

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram")).config("[messages]\ntime_zone = \"UTC\"")
}

async fn examined(bridge: &TestBridge) -> (Option<i32>, Value) {
    let finished = bridge.command(&["doctor", "--json"]).await;
    let report = serde_json::from_str(&finished.stdout);
    (
        finished.code,
        report.unwrap_or_else(|_| panic!("no JSON: {finished:?}")),
    )
}

/// The findings of one check.
fn found<'a>(report: &'a Value, check: &str) -> Vec<&'a Value> {
    let all = report["checks"].as_array().unwrap().iter();
    let found: Vec<&Value> = all.filter(|one| one["check"] == check).collect();
    assert!(!found.is_empty(), "there is no check {check}: {report:#}");
    found
}

fn grade(report: &Value, check: &str) -> String {
    match found(report, check).as_slice() {
        [one] => one["grade"].as_str().unwrap().to_owned(),
        found => panic!("not one finding: {found:#?}"),
    }
}

/// The one finding of a check has this grade and says this.
fn says(report: &Value, check: &str, grade: &str, part: &str) {
    let found = found(report, check);
    let said = found
        .iter()
        .any(|one| one["grade"] == grade && one["found"].as_str().unwrap().contains(part));
    assert!(said, "{check} is not {grade} with `{part}`: {found:#?}");
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bridge_is_healthy_and_not_disturbed() {
    let bridge = TestBridge::start(setup()).await;
    bridge.command(&["send", "Hello"]).await;
    bridge.message_with(USER, "Hello").await;
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        (&report["failed"], &report["skipped"]),
        (&0.into(), &0.into()),
        "{report:#}"
    );
    for check in [
        "settings",
        "token",
        "people",
        "permissions",
        "token copies",
        "bot",
        "webhook",
        "clock",
        "bridge",
        "last heard",
        "port",
        "database",
        "write-ahead log",
        "queue",
        "spool",
        "rejected files",
        "file watches",
        "time zone",
    ] {
        assert_eq!(grade(&report, check), "ok", "{check}: {report:#}");
    }
    // Whoever polled beside the bridge would have met a conflict.
    assert_eq!(bridge.status().await["healthy"], true);
    let calls = bridge.emulator.calls();
    assert!(calls.iter().all(|call| call.status != 409), "{calls:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_asks_nobody_and_says_what_was_left_out() {
    let bridge = TestBridge::prepare(setup()).await;
    let finished = bridge.command(&["doctor", "--offline"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished
            .stdout
            .contains("skipped  bot             --offline was given"),
        "{finished:?}"
    );
    assert_eq!(bridge.emulator.calls().len(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_the_settings_is_told() {
    let bridge = TestBridge::prepare(
        setup()
            .variable("HEALTH_PORT", "many")
            .variable("MAX_QUEUE_SIZE", "-1"),
    )
    .await;
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(1));
    assert_eq!(found(&report, "settings").len(), 2, "{report:#}");
    assert_eq!(grade(&report, "bot"), "skipped");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_queue_and_the_spool_is_told() {
    let mut bridge = TestBridge::start(setup()).await;
    let kind = FaultKind::Status {
        code: 400,
        description: "Bad Request: no".to_owned(),
        retry_after: None,
    };
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: u32::MAX,
        kind,
    });
    bridge.command(&["send", "Lost"]).await;
    bridge
        .status_when("it is given up", |status| status["dead"] != 0)
        .await;
    fs::write(bridge.events().join("bad.json"), "{").unwrap();
    bridge.records_when("event_rejected", 1).await;
    assert!(bridge.terminate().await.success());
    fs::write(bridge.events().join("waits.json"), "{}").unwrap();
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(0), "{report:#}");
    says(&report, "queue", "warning", "could not be delivered");
    says(
        &report,
        "rejected files",
        "warning",
        "1 event files were refused",
    );
    says(&report, "spool", "warning", "1 event files wait");
    says(&report, "bridge", "warning", "no bridge is running");
    assert_eq!(grade(&report, "last heard"), "skipped");
    fs::remove_file(bridge.events().join("waits.json")).unwrap();
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_and_a_port_in_use_are_told() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let bridge = TestBridge::prepare(setup().variable("HEALTH_PORT", &port)).await;
    let database = bridge.root().join("cctelegram.db");
    fs::write(
        &database,
        "this is no database, and long enough to be looked at",
    )
    .unwrap();
    open_to_all(&database, 0o600);
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(1));
    says(&report, "database", "failed", "cannot be read");
    says(&report, "queue", "skipped", "cannot be read");
    says(&report, "port", "failed", "in use by another program");
    fs::remove_file(database).unwrap();
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_copies_of_the_token_are_found_and_the_token_is_never_shown() {
    let bridge = TestBridge::prepare(setup()).await;
    let root = bridge.root();
    let held = format!("TELEGRAM_BOT_TOKEN={}\n", bridge.token());
    let holders = [".env.backup", ".env~", "notes.txt"].map(|name| root.join(name));
    let beside = root.parent().unwrap().join(".env.save");
    for path in holders.iter().chain([&beside]) {
        fs::write(path, &held).unwrap();
    }
    fs::write(root.join(".env.old"), "EMPTY=1\n").unwrap();
    let git = |words: &[&str]| {
        let root = root.to_str().unwrap();
        let words: Vec<&OsStr> = ["git", "-C", root]
            .into_iter()
            .chain(words.iter().copied())
            .map(OsStr::new)
            .collect();
        Process::start(&words, &[]).finish()
    };
    fs::write(root.join(".env"), &held).unwrap();
    for words in [&["init", "--quiet"][..], &["add", ".env"]] {
        assert_eq!(git(words).await.code, Some(0));
    }
    let finished = bridge.command(&["doctor"]).await;
    assert_eq!(finished.code, Some(1));
    for path in holders.iter().chain([&beside]) {
        let line = format!("{} holds the bot token", path.display());
        assert!(finished.stdout.contains(&line), "{line}: {finished:?}");
    }
    assert!(
        finished
            .stdout
            .contains(".env.old looks like a copy of .env"),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains(".env is tracked by Git"),
        "{finished:?}"
    );
    let secret = bridge.token().split_once(':').unwrap().1;
    assert!(
        !format!("{finished:?}").contains(secret),
        "the token is shown"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_others_can_read_is_found_with_the_command_that_closes_it() {
    let bridge = TestBridge::prepare(setup()).await;
    let config = bridge.root().join("config.toml");
    open_to_all(&config, 0o640);
    open_to_all(&bridge.root(), 0o750);
    let finished = bridge.command(&["doctor", "--offline"]).await;
    assert_eq!(finished.code, Some(1));
    for remedy in [
        format!("-> chmod 700 {}\n", bridge.root().display()),
        format!("-> chmod 600 {}\n", config.display()),
    ] {
        assert!(finished.stdout.contains(&remedy), "{remedy}: {finished:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_key_file_that_the_settings_name_is_looked_at_and_missed() {
    let mut bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_KEY_FILE", "")).await;
    let key = bridge.root().parent().unwrap().join("apart/key");
    let env_file = bridge.root().join(".env");
    fs::write(
        &env_file,
        format!("CC_TELEGRAM_KEY_FILE={}\n", key.display()),
    )
    .unwrap();
    open_to_all(&env_file, 0o600);
    bridge.launch().await;
    assert!(bridge.terminate().await.success());
    assert_eq!(grade(&examined(&bridge).await.1, "permissions"), "ok");
    open_to_all(&key, 0o644);
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(1));
    says(
        &report,
        "permissions",
        "failed",
        "is open to others (mode 0644)",
    );
    open_to_all(&key, 0o600);
    let kept = key.with_extension("kept");
    fs::rename(&key, &kept).unwrap();
    let (code, report) = examined(&bridge).await;
    assert_eq!(code, Some(1));
    says(
        &report,
        "permissions",
        "failed",
        "is missing, and the database was sealed",
    );
    assert!(!key.exists(), "looking makes none");
    fs::rename(&kept, &key).unwrap();
    fs::create_dir(bridge.root().join("attachments/x")).unwrap();
    open_to_all(&bridge.root().join("attachments"), 0o755);
    says(
        &examined(&bridge).await.1,
        "permissions",
        "failed",
        "/attachments is open to others",
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_mistakes_in_the_settings_what_needs_them_is_skipped() {
    let mut bridge = TestBridge::start(setup()).await;
    assert!(bridge.terminate().await.success());
    let mut variables = bridge.variables();
    variables.push(("MAX_QUEUE_SIZE".to_owned(), "-1".to_owned()));
    let words = [env!("CARGO_BIN_EXE_cctelegram"), "doctor", "--json"].map(OsStr::new);
    let finished = Process::start(&words, &variables).finish().await;
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    says(&report, "queue", "skipped", "how many may wait is unknown");
    says(
        &report,
        "permissions",
        "skipped",
        "the settings have mistakes",
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_shows_a_token_that_telegram_refuses() {
    let wrong = bot_token(7_000_002);
    let bridge = TestBridge::prepare(setup().variable("TELEGRAM_BOT_TOKEN", &wrong)).await;
    let finished = bridge.command(&["doctor"]).await;
    documented("A token that Telegram refuses", &bridge, &finished);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_shows_an_open_home_with_a_copy_of_the_token() {
    let bridge = TestBridge::prepare(setup()).await;
    let root = bridge.root();
    for name in [".env", ".env.backup"] {
        fs::write(
            root.join(name),
            format!("TELEGRAM_BOT_TOKEN={}\n", bridge.token()),
        )
        .unwrap();
        open_to_all(&root.join(name), 0o644);
    }
    open_to_all(&root, 0o755);
    let finished = bridge.command(&["doctor"]).await;
    documented("An open home with a copy of the token", &bridge, &finished);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_shows_a_webhook_a_wrong_clock_and_nobody_to_ask() {
    let bridge = TestBridge::prepare(setup().variable("TELEGRAM_ALLOWED_USERS", "")).await;
    bridge
        .emulator
        .set_webhook_url("https://bots.example/hook/secret");
    bridge.emulator.advance(Duration::from_secs(400));
    let finished = bridge.command(&["doctor"]).await;
    documented(
        "A webhook, a wrong clock, and nobody to ask",
        &bridge,
        &finished,
    );
    bridge.finish().await;
}

/// The document's block under this heading is what the command printed, numbers and places apart.
fn documented(heading: &str, bridge: &TestBridge, finished: &Finished) {
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let home = bridge.root().parent().unwrap().display().to_string();
    let real = finished.stdout.replace(&home, "/home/anna");
    let section = DOCUMENT.split_once(&format!("## {heading}\n"));
    let block = section.and_then(|(_, rest)| rest.split("```").nth(1)?.split_once('\n'));
    let block = block.map(|(_, block)| block).unwrap_or_default();
    assert!(
        without_numbers(block) == without_numbers(&real),
        "put this under `{heading}` in docs/DOCTOR.md:\n\n```text\n{real}```\n\ninstead of:\n{block}"
    );
}

fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() {
            plain.push(c);
        } else if !plain.ends_with('#') {
            plain.push('#');
        }
    }
    plain
}

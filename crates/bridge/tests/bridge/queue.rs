//! When no more may be taken in, producers wait and nothing is lost.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::User;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::steps::info;
use crate::steps::setup;

const ALERT: &str = "The queue is full";

fn small_queue() -> Setup {
    setup().variable("MAX_QUEUE_SIZE", "3")
}

fn outage(bridge: &TestBridge) {
    sending_answers(bridge, 500, None);
}

/// Telegram answers every message with this status until the faults are cleared.
fn sending_answers(bridge: &TestBridge, code: u16, retry_after: Option<u64>) {
    for method in [
        "sendMessage",
        "sendDocument",
        "sendPhoto",
        "editMessageText",
    ] {
        let kind = FaultKind::Status {
            code,
            description: "not now".to_owned(),
            retry_after,
        };
        bridge.emulator.fault(Fault {
            method: Some(method.to_owned()),
            times: u32::MAX,
            kind,
        });
    }
}

/// Drops files one after the other; gives their titles.
fn drop_many(bridge: &TestBridge, round: &str, count: usize) -> Vec<String> {
    let titles: Vec<String> = (1..=count)
        .map(|number| format!("{round}, file {number}."))
        .collect();
    for (number, title) in titles.iter().enumerate() {
        bridge.drop_event(&format!("{round}-{number}"), &info(title));
    }
    titles
}

/// The files that wait in the spool, under the names that their producers gave them.
fn waiting_files(bridge: &TestBridge) -> Vec<String> {
    let entries = fs::read_dir(bridge.events()).expect("the spool can be listed");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let events = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let name = |path: PathBuf| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let mut names: Vec<String> = events
        .map(name)
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

async fn waiting_files_are(bridge: &TestBridge, wanted: &[&str]) {
    until(&format!("{wanted:?} wait"), async || {
        (waiting_files(bridge) == wanted).then_some(())
    })
    .await;
}

async fn alerts_in_the_queue(bridge: &TestBridge) -> usize {
    let queue = bridge.socket.get("/v1/queue").await.body;
    let entries = queue.as_array().expect("a list");
    entries
        .iter()
        .filter(|entry| entry["title"] == ALERT)
        .count()
}

fn texts(bridge: &TestBridge) -> Vec<String> {
    let messages = bridge
        .emulator
        .messages(USER)
        .into_iter()
        .filter(|message| message.from_bot);
    messages.filter_map(|message| message.text).collect()
}

/// How often each of these is in what the user was sent.
fn times(bridge: &TestBridge, titles: &[String]) -> Vec<usize> {
    let texts = texts(bridge);
    titles
        .iter()
        .map(|title| texts.iter().filter(|text| text.contains(title)).count())
        .collect()
}

async fn everything_arrives(bridge: &TestBridge, titles: &[String]) {
    for title in titles {
        bridge.message_with(USER, title).await;
    }
    waiting_files_are(bridge, &[]).await;
    bridge.idle().await;
    assert_eq!(times(bridge, titles), vec![1; titles.len()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_makes_producers_wait_and_drops_nothing() {
    let bridge = TestBridge::start(small_queue()).await;
    outage(&bridge);
    let first = drop_many(&bridge, "one", 3);
    bridge
        .status_when("three events wait", |status| status["waiting"] == 3)
        .await;
    let more = drop_many(&bridge, "two", 3);
    bridge
        .status_when("the alert waits beside them", |status| {
            status["waiting"] == 4
        })
        .await;
    for _ in 0..10 {
        let answer = bridge.socket.post("/v1/events", &info("Refused")).await;
        assert_eq!(
            (answer.status, answer.retry_after.as_deref()),
            (429, Some("2"))
        );
        assert_eq!(answer.body["code"], "queue_full");
        let request = json!({ "event": { "type": "approval_request", "title": "Refused" } });
        let answer = bridge.socket.post("/v1/approvals", &request).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (429, &json!("queue_full"))
        );
    }
    waiting_files_are(&bridge, &["two-0.json", "two-1.json", "two-2.json"]).await;
    assert_eq!(alerts_in_the_queue(&bridge).await, 1);
    bridge.emulator.clear_faults();
    everything_arrives(&bridge, &[first, more, vec![ALERT.to_owned()]].concat()).await;
    assert_eq!(texts(&bridge).len(), 7);
    assert_eq!(
        bridge
            .socket
            .post("/v1/events", &info("Taken again"))
            .await
            .status,
        202
    );
    bridge.message_with(USER, "Taken again").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_episode_of_a_full_queue_is_told_once() {
    let bridge = TestBridge::start(small_queue()).await;
    for episode in 1..=2 {
        outage(&bridge);
        let titles = drop_many(&bridge, &format!("episode {episode}"), 5);
        until("the queue is full", async || {
            (alerts_in_the_queue(&bridge).await == 1).then_some(())
        })
        .await;
        bridge.emulator.clear_faults();
        everything_arrives(&bridge, &titles).await;
        assert_eq!(times(&bridge, &[ALERT.to_owned()]), [episode]);
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_stays_at_its_limit_is_told_once() {
    let bridge = TestBridge::start(setup().variable("MAX_QUEUE_SIZE", "20")).await;
    outage(&bridge);
    let titles = drop_many(&bridge, "long", 25);
    until("the queue is full", async || {
        (alerts_in_the_queue(&bridge).await == 1).then_some(())
    })
    .await;
    // One message gets through at a time, and a file takes its place.
    for left in (0..5).rev() {
        bridge.emulator.clear_faults();
        let known = texts(&bridge).len();
        bridge
            .emulator
            .wait_until(|_| (texts(&bridge).len() > known).then_some(()), WAIT)
            .await
            .expect("one gets through");
        outage(&bridge);
        until("another file is taken", async || {
            (waiting_files(&bridge).len() <= left).then_some(())
        })
        .await;
    }
    bridge.emulator.clear_faults();
    everything_arrives(&bridge, &titles).await;
    assert_eq!(times(&bridge, &[ALERT.to_owned()]), [1]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_to_wait_arrives_in_its_order() {
    let bridge = TestBridge::start(small_queue()).await;
    sending_answers(&bridge, 429, Some(1));
    let first = drop_many(&bridge, "one", 3);
    bridge
        .status_when("three events wait", |status| status["waiting"] == 3)
        .await;
    let more = drop_many(&bridge, "two", 3);
    bridge
        .status_when("the alert waits beside them", |status| {
            status["waiting"] == 4
        })
        .await;
    waiting_files_are(&bridge, &["two-0.json", "two-1.json", "two-2.json"]).await;
    bridge.emulator.clear_faults();
    let titles = [first, more].concat();
    everything_arrives(&bridge, &titles).await;
    let without_alert = texts(&bridge)
        .into_iter()
        .filter(|text| !text.contains(ALERT));
    let order: Vec<String> = without_alert
        .filter_map(|text| titles.iter().find(|title| text.contains(*title)).cloned())
        .collect();
    assert_eq!(order, titles);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_wait_are_not_tried_all_the_time() {
    let bridge = TestBridge::start(small_queue().variable("RUST_LOG", "debug")).await;
    outage(&bridge);
    let titles = drop_many(&bridge, "busy", 4);
    until("the queue is full", async || {
        (alerts_in_the_queue(&bridge).await == 1).then_some(())
    })
    .await;
    let count = || bridge.log().matches("an event file has to wait").count();
    let before = count();
    let calls = bridge.emulator.calls().len();
    // With four rows that wait twice as long after each failure, this takes some seconds.
    bridge
        .emulator
        .wait_until(
            |phone| (phone.calls().len() > calls + 10).then_some(()),
            WAIT,
        )
        .await
        .expect("it goes on trying");
    let tried = count() - before;
    assert!(
        tried <= 10,
        "the waiting file was tried {tried} times while Telegram was tried 10 times"
    );
    bridge.emulator.clear_faults();
    everything_arrives(&bridge, &titles).await;
    bridge.finish().await;
}

async fn health(bridge: &TestBridge) -> (u16, Value) {
    let status = bridge.status().await;
    let address = status.get("health_address").and_then(Value::as_str);
    let address = address.expect("the status tells it");
    let client = reqwest::Client::builder().build().expect("a client");
    let answer = client
        .get(format!("http://{address}/health"))
        .send()
        .await
        .expect("the page answers");
    let code = answer.status().as_u16();
    (
        code,
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_is_allowed_producers_wait_and_health_says_why() {
    let mut bridge = TestBridge::start(setup().users(&[])).await;
    bridge.emulator.add_user(User {
        id: USER,
        first_name: "Ada".to_owned(),
        username: None,
    });
    bridge.emulator.open_chat(USER);
    let titles = drop_many(&bridge, "nobody", 2);
    let answer = bridge.socket.post("/v1/events", &info("Refused")).await;
    assert_eq!(
        (answer.status, answer.retry_after.as_deref()),
        (503, Some("2"))
    );
    assert_eq!(answer.body["code"], "nobody");
    let (code, page) = health(&bridge).await;
    assert_eq!((code, &page["status"]), (503, &json!("unhealthy")));
    let problems = page["problems"].to_string();
    assert!(
        problems.contains("Nobody is allowed to receive messages"),
        "{problems}"
    );
    until("the files were tried", async || {
        bridge
            .log()
            .contains("event files have to wait")
            .then_some(())
    })
    .await;
    waiting_files_are(&bridge, &["nobody-0.json", "nobody-1.json"]).await;
    assert!(bridge.terminate().await.success());
    allow(&bridge, USER);
    bridge.launch().await;
    everything_arrives(&bridge, &titles).await;
    bridge.finish().await;
}

fn allow(bridge: &TestBridge, user: i64) {
    let file = fs::File::options()
        .append(true)
        .open(bridge.root().join("config.toml"));
    write!(file.expect("the settings"), "\n[[users]]\nid = {user}\n").expect("room on the disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_memory_is_short_producers_wait_and_nothing_is_lost() {
    let mut bridge = TestBridge::prepare(setup().variable("CC_TELEGRAM_MODE", "mute")).await;
    limit_memory(&bridge, 32);
    bridge.launch().await;
    let mut stored = 0;
    let refused = loop {
        let mut large = info("Large");
        large["data"] = json!({ "log": "line\n".repeat(100_000) });
        let answer = bridge.socket.post("/v1/events", &large).await;
        if answer.status != 202 {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "100 large events fit into 32 MB");
    };
    assert_eq!(
        (refused.status, refused.retry_after.as_deref()),
        (429, Some("2"))
    );
    assert_eq!(refused.body["code"], "memory_short");
    drop_many(&bridge, "waits", 1);
    until("the file was tried", async || {
        bridge
            .log()
            .contains("event files have to wait")
            .then_some(())
    })
    .await;
    waiting_files_are(&bridge, &["waits-0.json"]).await;
    assert!(bridge.terminate().await.success());
    limit_memory(&bridge, 1_024);
    bridge.launch().await;
    waiting_files_are(&bridge, &[]).await;
    let stored_and_file = stored + 1;
    bridge
        .status_when("all are held", |status| status["held"] == stored_and_file)
        .await;
    bridge.finish().await;
}

fn limit_memory(bridge: &TestBridge, megabytes: u32) {
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(bridge.root().join(".env"));
    writeln!(file.expect("the settings"), "MEMORY_LIMIT_MB={megabytes}").expect("room on the disk");
}

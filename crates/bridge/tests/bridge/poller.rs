//! The poller: updates are taken once, and whoever else polls with our token is noticed.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_cctelegram");
/// No process that refuses to start takes this long.
const REFUSES_WITHIN: Duration = Duration::from_secs(20);

fn setup() -> Setup {
    Setup::of(BINARY)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_mins(1))
        .no_proxy()
        .build()
        .expect("a client")
}

/// The health page: its status and what it says.
async fn health(bridge: &TestBridge) -> (u16, Value) {
    let status = bridge.status().await;
    let address = status["health_address"]
        .as_str()
        .expect("the status tells the address");
    let page = client()
        .get(format!("http://{address}/health"))
        .send()
        .await
        .expect("the page answers");
    let code = page.status().as_u16();
    (code, page.json().await.expect("the page is JSON"))
}

/// Waits until the health page names the problem.
async fn unhealthy(bridge: &TestBridge, problem: &str) -> String {
    until(&format!("the health page says {problem}"), async || {
        let (code, page) = health(bridge).await;
        let problems = page["problems"].to_string();
        (code == 503 && problems.contains(problem)).then_some(problems)
    })
    .await
}

async fn healthy(bridge: &TestBridge) {
    until("the health page is content", async || {
        (health(bridge).await.0 == 200).then_some(())
    })
    .await;
}

/// What the answer files say, sorted.
fn answers(bridge: &TestBridge) -> Vec<String> {
    let read = |name: String| {
        let bytes = fs::read(bridge.responses().join(name)).expect("it was listed");
        let answer: Value = serde_json::from_slice(&bytes).expect("an answer file is JSON");
        answer["response"]
            .as_str()
            .expect("an answer says something")
            .to_owned()
    };
    let mut said: Vec<String> = bridge.answer_files().into_iter().map(read).collect();
    said.sort();
    said
}

/// How often Telegram told the bridge that somebody else polls.
fn conflicts(bridge: &TestBridge) -> usize {
    let calls = bridge.emulator.calls();
    calls
        .iter()
        .filter(|call| call.status == 409 && call.params.get("allowed_updates").is_some())
        .count()
}

/// Waits for the end of a bridge that should not start.
async fn refusal(process: Process) -> Finished {
    let finished = tokio::time::timeout(REFUSES_WITHIN, process.finish())
        .await
        .expect("it refuses to start");
    assert_ne!(finished.code, Some(0), "{finished:?}");
    finished
}

#[tokio::test(flavor = "multi_thread")]
async fn every_update_is_handled_once_whenever_the_process_dies() {
    let mut bridge = TestBridge::start(setup()).await;
    let (rounds, each) = (5, 20);
    for round in 0..rounds {
        for number in 0..each {
            bridge
                .emulator
                .send_text(USER, &format!("answer {round:02}-{number:02}"));
        }
        // Another point of the work in each round: before anything is handled, after a few, after many.
        let enough = round * each + [0, 1, 5, 12, 19][round];
        until("some are handled", async || {
            (bridge.answer_files().len() >= enough).then_some(())
        })
        .await;
        bridge.kill().await;
        bridge.launch().await;
    }
    let all = rounds * each;
    until("every answer is written", async || {
        (bridge.answer_files().len() >= all).then_some(())
    })
    .await;
    let expected: Vec<String> = (0..rounds)
        .flat_map(|round| (0..each).map(move |number| format!("answer {round:02}-{number:02}")))
        .collect();
    until("Telegram has no more", async || {
        (bridge.emulator.pending_updates() == 0).then_some(())
    })
    .await;
    assert_eq!(answers(&bridge), expected);
    assert_eq!(bridge.records("user_response").await.len(), all);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_confirmed_only_after_they_are_stored() {
    let mut bridge = TestBridge::start(setup()).await;
    bridge.emulator.send_text(USER, "before");
    until("it is confirmed", async || {
        (bridge.emulator.pending_updates() == 0).then_some(())
    })
    .await;
    let lock = bridge.lock_database().await;
    bridge
        .emulator
        .send_text(USER, "while nothing can be stored");
    bridge
        .status_when("the bridge notices", |status| status["healthy"] == false)
        .await;
    assert_eq!(bridge.emulator.pending_updates(), 1);
    bridge.kill().await;
    lock.release().await;
    bridge.launch().await;
    until("it is handled", async || {
        (bridge.answer_files().len() == 2).then_some(())
    })
    .await;
    assert_eq!(answers(&bridge), ["before", "while nothing can be stored"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_somebody_else_who_polls_is_noticed_once_and_forgotten_when_gone() {
    let bridge = TestBridge::start(setup()).await;
    healthy(&bridge).await;
    let stop = Arc::new(AtomicBool::new(false));
    let url = format!(
        "{}/bot{}/getUpdates?timeout=20",
        bridge.emulator.url(),
        bridge.token()
    );
    let (stopped, client) = (stop.clone(), client());
    let mut thief = tokio::task::JoinSet::new();
    thief.spawn(async move {
        while !stopped.load(Ordering::SeqCst) {
            client.get(&url).send().await.expect("the emulator answers");
        }
    });

    let problems = unhealthy(&bridge, "someone else").await;
    assert!(
        problems.contains("terminated by other getUpdates request"),
        "{problems}"
    );
    let alert = bridge
        .message_with(USER, "Someone else polls with this bot's token")
        .await;
    assert!(alert.text.unwrap().contains("Use one bot per machine."));
    until("it goes on", async || {
        (conflicts(&bridge) >= 2).then_some(())
    })
    .await;
    assert_eq!(
        bridge.records("poll_conflict").await.len(),
        1,
        "one episode is one record"
    );

    stop.store(true, Ordering::SeqCst);
    healthy(&bridge).await;
    let alerts = bridge.emulator.messages(USER);
    assert_eq!(alerts.len(), 1, "one episode is one alert: {alerts:?}");
    bridge.emulator.send_text(USER, "heard again");
    until("it is handled", async || {
        (answers(&bridge) == ["heard again"]).then_some(())
    })
    .await;
    thief.join_all().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_named_as_the_reason_for_hearing_nothing() {
    let mut bridge = TestBridge::prepare(setup()).await;
    bridge.emulator.set_webhook_url("https://example.org/hook");
    bridge.launch().await;
    let problems = unhealthy(&bridge, "webhook").await;
    assert!(problems.contains("deleteWebhook"), "{problems}");
    bridge.drop_event(
        "sent",
        &json!({ "type": "build_completed", "title": "Sending works all the same" }),
    );
    bridge
        .message_with(USER, "Sending works all the same")
        .await;
    bridge.emulator.set_webhook_url("");
    healthy(&bridge).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_polled_by_one_bridge_of_a_machine() {
    let bridge = TestBridge::start(setup()).await;
    let elsewhere = bridge.root().with_file_name("elsewhere");
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&elsewhere)
        .unwrap();
    let mut variables = bridge.variables();
    variables.push((
        "CC_TELEGRAM_HOME".to_owned(),
        elsewhere.display().to_string(),
    ));
    let second = Process::start(&[OsStr::new(BINARY), OsStr::new("start")], &variables);
    let finished = refusal(second).await;
    assert!(
        finished
            .stderr
            .contains("this bot token is in use by another bridge"),
        "{finished:?}"
    );
    assert!(
        finished
            .stderr
            .contains(&format!("`kill {}`", bridge.process().id())),
        "{finished:?}"
    );
    assert!(!finished.stderr.contains(bridge.token()));
    assert_eq!(conflicts(&bridge), 0, "the first one was not disturbed");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_belongs_to_one_bridge() {
    let bridge = TestBridge::start(setup()).await;
    let finished = refusal(bridge.spawn(&["start"])).await;
    let what = format!(
        "the home {} is in use by another bridge",
        bridge.root().display()
    );
    assert!(finished.stderr.contains(&what), "{finished:?}");
    assert!(
        finished.stderr.contains("Stop that one first"),
        "{finished:?}"
    );
    bridge.drop_event(
        "still",
        &json!({ "type": "build_completed", "title": "The first one works on" }),
    );
    bridge.message_with(USER, "The first one works on").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_killed_leaves_no_lock() {
    let mut bridge = TestBridge::start(setup()).await;
    bridge.kill().await;
    bridge.launch().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_instead_of_updates_is_survived() {
    let bridge = TestBridge::start(setup()).await;
    let raw = |code, body: &str| FaultKind::Raw {
        code,
        body: body.to_owned(),
    };
    let kinds = [
        raw(502, "<html>Bad Gateway</html>"),
        raw(200, "no json at all"),
        raw(200, r#"{"ok":true,"result":{"not":"a list"}}"#),
        FaultKind::DropAfter,
    ];
    let faults = kinds.len();
    for kind in kinds {
        bridge.emulator.fault(Fault {
            method: Some("getUpdates".to_owned()),
            times: 1,
            kind,
        });
    }
    // The poll that waits now ends well, and the faults meet those after it.
    bridge.emulator.send_text(USER, "before");
    until("the faults are met", async || {
        let log = bridge.log();
        (log.matches("polling failed").count() >= faults).then_some(())
    })
    .await;
    bridge.emulator.send_text(USER, "behind");
    until("both are handled", async || {
        (answers(&bridge) == ["before", "behind"]).then_some(())
    })
    .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_unknown_kinds_block_nothing() {
    let bridge = TestBridge::start(setup()).await;
    let odd = [
        json!({ "brand_new_2031": { "id": 1 } }),
        json!({ "message": 5 }),
        json!({ "message": { "message_id": "x", "chat": [] } }),
        json!({ "callback_query": {} }),
        json!({ "my_chat_member": null }),
        json!({ "poll": { "id": "5" } }),
        json!({}),
        json!({ "edited_message": { "deep": [[[[[[[[]]]]]]]] } }),
    ];
    for update in odd {
        bridge.emulator.push_update(update);
    }
    bridge.emulator.send_text(USER, "behind them");
    until("it is handled", async || {
        (answers(&bridge) == ["behind them"]).then_some(())
    })
    .await;
    let unhandled = "SELECT count(*) FROM update_inbox WHERE handled = 0";
    assert_eq!(bridge.database().await.number(unhandled).await, 0);
    bridge.finish().await;
}

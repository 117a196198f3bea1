//! The end of a process that is asked to stop: soon, clean, nothing lost and nothing twice.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::until;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use crate::steps::setup;

const USERS: [i64; 3] = [USER, 1_002, 1_003];
/// A service manager may be told to kill after this.
const SOON: Duration = Duration::from_secs(10);

fn drop_events(bridge: &TestBridge, count: usize) {
    for number in 0..count {
        let title = format!("load-{number:04}");
        bridge.drop_event(
            &title,
            &json!({ "type": "build_completed", "title": title, "event_id": title }),
        );
    }
}

/// How often each event stands in a chat.
fn delivered(bridge: &TestBridge, chat: i64) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in bridge
        .emulator
        .messages(chat)
        .into_iter()
        .filter_map(|message| message.text)
    {
        if let Some(title) = text
            .find("load-")
            .and_then(|start| text.get(start..start + 9))
        {
            *counts.entry(title.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Waits until the bridge has sent so many messages.
async fn sent(bridge: &TestBridge, count: usize) {
    let enough = bridge
        .emulator
        .wait_until(
            |phone| (phone.count("sendMessage") >= count).then_some(()),
            WAIT,
        )
        .await;
    enough.expect("messages are sent");
}

/// Sends a signal and waits for the end, which has to come soon.
async fn ends_after(process: Process, signal: Signal) -> Finished {
    process.signal(signal);
    tokio::time::timeout(SOON, process.finish())
        .await
        .expect("the process ends soon")
}

async fn answers(bridge: &TestBridge) {
    let asked = async || {
        bridge
            .socket
            .request(Method::GET, "/v1/status", None)
            .await
            .ok()
            .map(drop)
    };
    until("the bridge answers", asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_is_soon_and_clean_and_nothing_is_lost_or_doubled() {
    let mut bridge = TestBridge::start(setup().users(&USERS)).await;
    let count = 200;
    drop_events(&bridge, count);
    for enough in [10, 150, 350] {
        sent(&bridge, enough).await;
        let asked = Instant::now();
        let status = bridge.terminate().await;
        assert!(asked.elapsed() < SOON, "it took {:?}", asked.elapsed());
        assert!(status.success(), "{status}");
        bridge.launch().await;
    }
    let all = count * USERS.len();
    sent(&bridge, all).await;
    bridge.idle().await;
    let left = std::fs::read_dir(bridge.events())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(left.count(), 0, "every file was taken in");
    for chat in USERS {
        let delivered = delivered(&bridge, chat);
        assert_eq!(delivered.len(), count, "something is lost in chat {chat}");
        let doubled: Vec<_> = delivered
            .into_iter()
            .filter(|(_, times)| *times > 1)
            .collect();
        assert!(doubled.is_empty(), "doubled in chat {chat}: {doubled:?}");
    }
    assert_eq!(bridge.records("bridge_stopped").await.len(), 3);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_flight_at_the_stop_is_finished_and_marked() {
    use cctelegram_testkit::emulator::Fault;
    use cctelegram_testkit::emulator::FaultKind;
    let mut bridge = TestBridge::start(setup()).await;
    let kind = FaultKind::Delay(Duration::from_secs(2));
    bridge.emulator.fault(Fault {
        method: Some("sendMessage".to_owned()),
        times: 1,
        kind,
    });
    drop_events(&bridge, 1);
    let arrived = |phone: &cctelegram_testkit::emulator::Emulator| {
        phone
            .calls()
            .iter()
            .any(|call| call.method == "sendMessage")
            .then_some(())
    };
    bridge
        .emulator
        .wait_until(arrived, WAIT)
        .await
        .expect("the message is sent");
    assert!(bridge.terminate().await.success());
    assert_eq!(
        delivered(&bridge, USER).get("load-0000"),
        Some(&1),
        "the stop waited for the answer"
    );
    bridge.launch().await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["delivered"], 1);
    assert_eq!(delivered(&bridge, USER).get("load-0000"), Some(&1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_ends_the_bridge_like_sigterm() {
    let bridge = TestBridge::prepare(setup()).await;
    for signal in [Signal::INT, Signal::TERM] {
        let process = bridge.spawn(&["start"]);
        answers(&bridge).await;
        let finished = ends_after(process, signal).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_decision_is_let_go_and_can_come_back() {
    let mut bridge = TestBridge::start(setup()).await;
    let event = json!({ "type": "approval_request", "title": "May I go?", "event_id": "go" });
    let asked = bridge
        .socket
        .post("/v1/approvals", &json!({ "event": event }))
        .await;
    let path = format!(
        "/v1/approvals/{}?wait_s=50",
        asked.body["approval_id"].as_str().unwrap()
    );
    let copy = bridge.message_with(USER, "May I go?").await;
    bridge.idle().await;
    let (socket, waits_at) = (bridge.socket.clone(), path.clone());
    let mut waiter = tokio::task::JoinSet::new();
    waiter.spawn(async move { socket.request(Method::GET, &waits_at, None).await });
    let started = Instant::now();
    let status = bridge.terminate().await;
    assert!(
        status.success() && started.elapsed() < SOON,
        "{status} after {:?}",
        started.elapsed()
    );
    // Either it was answered that the request still waits, or it was cut before its question was read.
    for answer in waiter.join_all().await.into_iter().flatten() {
        assert_eq!(
            (answer.status, &answer.body["state"]),
            (200, &json!("pending"))
        );
    }
    bridge.launch().await;
    let pressed = async {
        let has_buttons = |phone: &cctelegram_testkit::emulator::Emulator| {
            phone.press(USER, copy.message_id, "Approve").ok()
        };
        bridge
            .emulator
            .wait_until(has_buttons, WAIT)
            .await
            .expect("the copy has its buttons");
    };
    let (answer, ()) = tokio::join!(bridge.socket.get(&path), pressed);
    assert_eq!(answer.body["response"], "approve");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_telegram_is_silent_is_soon_too() {
    use cctelegram_testkit::emulator::Fault;
    use cctelegram_testkit::emulator::FaultKind;
    let mut bridge = TestBridge::start(setup()).await;
    bridge.idle().await;
    bridge.emulator.fault(Fault {
        method: None,
        times: u32::MAX,
        kind: FaultKind::DropBefore,
    });
    drop_events(&bridge, 5);
    bridge
        .status_when("they are stored", |status| status["waiting"] == 5)
        .await;
    let asked = Instant::now();
    assert!(bridge.terminate().await.success());
    assert!(asked.elapsed() < SOON);
    bridge.emulator.clear_faults();
    bridge.launch().await;
    sent(&bridge, 5).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_of_the_start_and_of_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(WAIT)).unwrap();
    let mut bridge =
        TestBridge::start(setup().variable("NOTIFY_SOCKET", path.to_str().unwrap())).await;
    assert_eq!(heard(&systemd), "READY=1");
    assert!(bridge.terminate().await.success());
    assert_eq!(heard(&systemd), "STOPPING=1");
    bridge.finish().await;
}

fn heard(systemd: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let length = systemd.recv(&mut buffer).expect("systemd is told");
    let said = buffer.get(..length).expect("it fits");
    String::from_utf8_lossy(said).trim().to_owned()
}

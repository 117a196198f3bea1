//! What rings and when, what becomes a list, what is counted: as the phone shows it.
#![expect(
    clippy::expect_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::collections::BTreeSet;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use futures_util::future::join_all;
use serde_json::Value;
use serde_json::json;

use crate::steps::SECOND;
use crate::steps::event;
use crate::steps::post;
use crate::steps::setup;

/// Our own limit, faster than Telegram's so that no test waits for long. The emulator's is off.
const BRISK: &str = "[telegram]\nper_chat_per_second = 5.0\nper_chat_burst = 3\n";

/// A bridge that keeps to a limit.
async fn brisk(setup: Setup) -> TestBridge {
    let mut bridge = TestBridge::prepare(setup.limits().config(BRISK)).await;
    bridge.emulator.set_limits(false);
    bridge.launch().await;
    bridge
}

async fn post_many(bridge: &TestBridge, kind: &str, titles: &[String]) {
    let events: Vec<Value> = titles.iter().map(|title| event(kind, title)).collect();
    join_all(events.iter().map(|event| post(bridge, event))).await;
}

fn titles(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("event-{number:03}"))
        .collect()
}

fn received(emulator: &Emulator, user: i64) -> Vec<Message> {
    let mut messages = emulator.messages(user);
    messages.retain(|message| message.from_bot);
    messages
}

/// Text, caption and file of a message.
fn shown(message: &Message) -> String {
    let file = message.document.as_ref();
    let content = file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
    let texts = [message.text.clone(), message.caption.clone(), content];
    texts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// How many messages name this title.
fn times(bridge: &TestBridge, user: i64, title: &str) -> usize {
    let messages = received(&bridge.emulator, user);
    messages
        .iter()
        .filter(|message| shown(message).contains(title))
        .count()
}

fn is_list(message: &Message) -> bool {
    shown(message).contains("messages that had to wait:")
}

/// Posts one event after the other; answers which of them rang.
async fn rang(bridge: &TestBridge, kinds: &[&str]) -> Vec<String> {
    let mut rang = Vec::new();
    for kind in kinds {
        post(bridge, &event(kind, &format!("about {kind}"))).await;
        let message = bridge.message_with(USER, &format!("about {kind}")).await;
        if !message.silent {
            rang.push((*kind).to_owned());
        }
    }
    rang
}

const KINDS: [&str; 6] = [
    "approval_request",
    "build_failed",
    "security_alert",
    "build_completed",
    "performance_alert",
    "task_progress",
];

#[tokio::test(flavor = "multi_thread")]
async fn only_requests_failures_and_security_alerts_ring() {
    let bridge = TestBridge::start(setup()).await;
    let expected = ["approval_request", "build_failed", "security_alert"];
    assert_eq!(rang(&bridge, &KINDS).await, expected);
    bridge.emulator.send_text(USER, "/status");
    let answer = bridge.message_with(USER, "Up for").await;
    assert!(!answer.silent, "somebody waits for an answer");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn within_quiet_hours_only_critical_events_ring_and_nothing_is_held_back() {
    let hours = "[quiet]\nhours = [\"00:00-12:00\", \"12:00-24:00\"]\n";
    let bridge = TestBridge::start(setup().config(hours)).await;
    assert_eq!(rang(&bridge, &KINDS).await, ["security_alert"]);
    bridge.emulator.send_text(USER, "/status");
    assert!(bridge.message_with(USER, "Up for").await.silent);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rings_within_quiet_hours_can_be_chosen() {
    for (word, expected) in [
        ("nothing", vec![]),
        ("errors", vec!["build_failed", "security_alert"]),
        ("approvals", vec!["approval_request", "security_alert"]),
    ] {
        let quiet = format!("[quiet]\nhours = \"00:00-24:00\"\nring_for = \"{word}\"\n");
        let bridge = TestBridge::start(setup().config(&quiet)).await;
        assert_eq!(rang(&bridge, &KINDS).await, expected, "{word}");
        bridge.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_quiet_settings_stop_the_start_with_the_remedy() {
    let wrong = "[quiet]\nhours = \"22-7\"\nring_for = \"all\"\nfold_above = -1\nrepeats_s = 61\n";
    let bridge = TestBridge::prepare(setup().config(wrong)).await;
    let finished = bridge.command(&["start"]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    for told in [
        "quiet.hours: `22-7` is not a span of the day",
        "Write a span like 22:00-07:00",
        "quiet.ring_for: `all` is not one of",
        "quiet.fold_above: `-1` is not a whole number",
        "quiet.repeats_s: `61` is not a whole number from 0 to 60",
    ] {
        assert!(
            finished.stderr.contains(told),
            "{told} in {}",
            finished.stderr
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_messages_only_the_first_rings() {
    let bridge = TestBridge::start(setup()).await;
    let long = json!({
        "type": "build_failed", "title": "A long story", "description": "many words in a line\n".repeat(400)
    });
    post(&bridge, &long).await;
    bridge.message_with(USER, "A long story").await;
    bridge.idle().await;
    let silent: Vec<bool> = received(&bridge.emulator, USER)
        .iter()
        .map(|message| message.silent)
        .collect();
    assert!(silent.len() > 1);
    assert!(
        !silent[0] && silent[1..].iter().all(|silent| *silent),
        "{silent:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_limit_becomes_one_silent_list_whose_details_are_one_file() {
    let bridge = brisk(setup()).await;
    let titles = titles(60);
    post_many(&bridge, "build_completed", &titles).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert!(messages.len() < 20, "{} messages", messages.len());
    for title in &titles {
        assert_eq!(times(&bridge, USER, title), 1, "{title}");
    }
    let list = bridge.message(USER, "a list", is_list).await;
    assert!(list.silent);
    assert!(shown(&list).contains("✅ event-0"), "{}", shown(&list));
    let listed: Vec<&String> = titles
        .iter()
        .filter(|title| shown(&list).contains(*title))
        .collect();
    let press = bridge
        .emulator
        .press(USER, list.message_id, "Details")
        .expect("a button");
    assert_eq!(
        bridge.told(&press).await.text.as_deref(),
        Some("Details follow.")
    );
    let details = bridge.message_with(USER, "messages, whole").await;
    for title in listed {
        assert!(
            shown(&details).contains(&format!("\"title\": \"{title}\"")),
            "{title}"
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_and_requests_are_never_listed() {
    let bridge = brisk(setup()).await;
    let titles = titles(14);
    post_many(&bridge, "error_occurred", &titles).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert_eq!(messages.len(), 14);
    assert!(!messages.iter().any(is_list));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_limits_or_with_folding_off_nothing_is_listed() {
    let off = TestBridge::start(setup()).await;
    post_many(&off, "build_completed", &titles(40)).await;
    off.idle().await;
    assert_eq!(received(&off.emulator, USER).len(), 40);
    off.finish().await;
    let never = brisk(setup().config("[quiet]\nfold_above = 0\n")).await;
    post_many(&never, "build_completed", &titles(16)).await;
    never.idle().await;
    assert_eq!(received(&never.emulator, USER).len(), 16);
    never.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_the_details_of_a_list_go_only_to_its_own_chat_for_a_press_on_its_own_message() {
    let routes = "[[route]]\nmatch = { project = \"private\" }\nchats = [1001]\n";
    let bridge = brisk(setup().users(&[USER, SECOND]).config(routes)).await;
    let events: Vec<Value> = titles(40)
        .iter()
        .map(|title| json!({ "type": "build_completed", "title": title, "project": "private" }))
        .collect();
    join_all(events.iter().map(|event| post(&bridge, event))).await;
    let list = bridge
        .message(USER, "a list", |m| is_list(m) && !m.keyboard.is_empty())
        .await;
    bridge.idle().await;
    post(&bridge, &event("build_failed", "for both")).await;
    let others = bridge.message_with(SECOND, "for both").await;
    let data = list.keyboard[0][0].callback_data.clone().expect("a button");
    let forged = [
        bridge
            .emulator
            .press_forged(SECOND, SECOND, others.message_id, &data),
        bridge
            .emulator
            .press_forged(USER, USER, list.message_id + 1_000, &data),
        bridge
            .emulator
            .press_forged(USER, USER, list.message_id, "x"),
    ];
    for press in &forged {
        let told = bridge.told(press).await.text.expect("a refusal");
        assert!(told.contains("Nothing was decided"), "{told}");
    }
    assert_eq!(
        bridge.records_when("approval_press_refused", 3).await.len(),
        3
    );
    bridge.idle().await;
    assert_eq!(times(&bridge, USER, "messages, whole"), 0);
    assert_eq!(times(&bridge, SECOND, "event-0"), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_is_one_message_with_a_count_and_one_silent_edit() {
    let bridge = TestBridge::start(setup().config("[quiet]\nrepeats_s = 2\n")).await;
    let failure = event("build_failed", "The build is red");
    for _ in 0..4 {
        post(&bridge, &failure).await;
    }
    let counted = bridge.message_with(USER, "The build is red ×4").await;
    assert_eq!(counted.edits, 1);
    bridge.idle().await;
    assert_eq!(received(&bridge.emulator, USER).len(), 1);
    let records = bridge.records("event_accepted").await;
    let first = records[0]["target"].as_str().unwrap();
    for repeat in &records[1..] {
        assert_eq!(repeat["details"]["repeat_of"], first);
        assert_eq!(repeat["action_taken"], format!("repeat of {first}"));
    }
    assert_eq!(records.len(), 4);
    // The window is counted from the first, and it is over: its edit has come.
    post(&bridge, &failure).await;
    bridge
        .message(USER, "one of its own", |m| {
            m.message_id > counted.message_id
        })
        .await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_never_counted_together_and_nothing_is_when_that_is_off() {
    let bridge = TestBridge::start(setup().config("[quiet]\nrepeats_s = 0\n")).await;
    for _ in 0..2 {
        post(&bridge, &event("build_failed", "red")).await;
    }
    bridge.idle().await;
    assert_eq!(times(&bridge, USER, "red"), 2);
    bridge.finish().await;
    let bridge = TestBridge::start(setup()).await;
    for _ in 0..2 {
        post(&bridge, &event("approval_request", "May I?")).await;
    }
    bridge.idle().await;
    assert_eq!(times(&bridge, USER, "May I?"), 2);
    bridge.finish().await;
}

fn files_left(bridge: &TestBridge) -> usize {
    let entries = std::fs::read_dir(bridge.events()).expect("the spool can be read");
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    files.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_while_lists_are_made_and_sent_lose_nothing() {
    let mut bridge = brisk(setup()).await;
    let rounds = 6;
    let titles = titles(rounds * 25);
    for (round, batch) in titles.chunks(25).enumerate() {
        for title in batch {
            bridge.drop_event(title, &event("build_completed", title));
        }
        let sent = bridge.emulator.count("sendMessage");
        // In turn with a message on its way and in the middle of taking files in.
        if round % 2 == 0 {
            let further = |phone: &Emulator| (phone.count("sendMessage") > sent).then_some(());
            bridge
                .emulator
                .wait_until(further, WAIT)
                .await
                .expect("it sends");
        } else {
            until("half of the files are taken", async || {
                (files_left(&bridge) < batch.len() / 2).then_some(())
            })
            .await;
        }
        bridge.kill().await;
        bridge.launch().await;
    }
    until("every file is taken", async || {
        (files_left(&bridge) == 0).then_some(())
    })
    .await;
    bridge.idle().await;
    let mut seen = BTreeSet::new();
    let mut doubled = 0;
    for message in received(&bridge.emulator, USER) {
        let text = shown(&message);
        let named: Vec<&String> = titles
            .iter()
            .filter(|title| text.contains(*title))
            .collect();
        doubled += usize::from(named.iter().any(|title| seen.contains(*title)));
        seen.extend(named);
    }
    assert_eq!(seen.len(), titles.len(), "every event is delivered");
    assert!(
        doubled <= rounds,
        "{doubled} messages doubled by {rounds} kills"
    );
    assert!(received(&bridge.emulator, USER).iter().any(is_list));
    bridge.finish().await;
}

//! Who gets which event, in which order and form, and at which pace.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use cctelegram_crypto::Digest;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::Fault;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

const OTHERS: [i64; 4] = [1_002, 1_003, 1_004, 1_005];

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

fn everybody() -> Vec<i64> {
    [USER].into_iter().chain(OTHERS).collect()
}

fn event(kind: &str, title: &str) -> Value {
    json!({ "type": kind, "title": title })
}

fn progress(task: &str, title: &str) -> Value {
    json!({ "type": "task_progress", "task_id": task, "title": title })
}

async fn post(bridge: &TestBridge, event: &Value) {
    let answer = bridge.socket.post("/v1/events", event).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

fn fault(bridge: &TestBridge, method: &str, times: u32, kind: FaultKind) {
    bridge.emulator.fault(Fault {
        method: Some(method.to_owned()),
        times,
        kind,
    });
}

/// The bot's messages in a chat, the oldest first.
fn received(emulator: &Emulator, user: i64) -> Vec<Message> {
    emulator
        .messages(user)
        .into_iter()
        .filter(|message| message.from_bot)
        .collect()
}

fn shown(message: &Message) -> &str {
    message
        .text
        .as_deref()
        .or(message.caption.as_deref())
        .unwrap_or_default()
}

/// Where each of the words stands among the messages that a chat received.
fn places<const N: usize>(bridge: &TestBridge, user: i64, words: [&str; N]) -> [usize; N] {
    let messages = received(&bridge.emulator, user);
    words.map(|word| {
        messages
            .iter()
            .position(|message| shown(message).contains(word))
            .expect(word)
    })
}

/// Calls that send or change something, those of one chat or all.
fn writing_calls(emulator: &Emulator, chat: Option<i64>) -> Vec<Call> {
    let writes = |call: &Call| {
        matches!(
            call.method.as_str(),
            "sendMessage" | "editMessageText" | "sendDocument"
        )
    };
    let to_chat = |call: &Call| chat.is_none() || call.params["chat_id"].as_i64() == chat;
    emulator
        .calls()
        .into_iter()
        .filter(|call| writes(call) && to_chat(call))
        .collect()
}

/// The user blocks the bot, so that everything queues up until `come_back`.
async fn go_away(bridge: &TestBridge, user: i64) {
    bridge.emulator.block(user);
    until("the chat is parked", async || {
        let parked = bridge
            .audited()
            .await
            .iter()
            .any(|name| name.contains("park"));
        parked.then_some(())
    })
    .await;
}

/// Waits until no event file is left.
async fn taken_in(bridge: &TestBridge) {
    until("every file is taken", async || {
        let mut left = std::fs::read_dir(bridge.events()).unwrap().flatten();
        (!left.any(|entry| entry.path().is_file())).then_some(())
    })
    .await;
}

/// Titles by chat, of everything that was received.
fn titles(
    bridge: &TestBridge,
    users: &[i64],
    titles: &[&'static str],
) -> BTreeMap<&'static str, BTreeSet<i64>> {
    let mut found: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for user in users {
        let messages = received(&bridge.emulator, *user);
        for title in titles.iter().filter(|title| {
            messages
                .iter()
                .any(|message| shown(message).contains(**title))
        }) {
            found.entry(title).or_default().insert(*user);
        }
    }
    found
}

/// A text of numbered lines, so that a lost, doubled or moved one shows.
fn numbered(lines: usize) -> String {
    let lines: Vec<String> = (0..lines)
        .map(|line| format!("line {line:05} of the 😀 log"))
        .collect();
    lines.join("\n")
}

/// The numbers of all lines that a text shows, in the order in which they stand there.
fn numbers(text: &str) -> Vec<usize> {
    text.split("line ")
        .skip(1)
        .filter_map(|tail| tail.get(..5)?.parse().ok())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_goes_once_to_the_private_chat_of_every_allowed_user() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().users(&users)).await;
    bridge.emulator.open_chat(OTHERS[2]);
    post(&bridge, &event("build_completed", "Build 7 finished")).await;
    for user in users {
        bridge.message_with(user, "Build 7 finished").await;
    }
    bridge.idle().await;
    assert_eq!(bridge.emulator.count("sendMessage"), users.len());
    assert!(
        received(&bridge.emulator, OTHERS[2]).is_empty(),
        "who is not allowed gets nothing"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_narrow_by_type_severity_and_project() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let routes = r#"
[[route]]
match = { type = "lint_check" }
chats = [1001]
[[route]]
match = { severity = "critical" }
chats = [1002]
[[route]]
match = { project = "shop" }
chats = [1003]
[[route]]
match = { type = "build_failed", project = "shop" }
chats = [1001]
"#;
    let bridge = TestBridge::start(setup().users(&users).config(routes)).await;
    let with = |kind: &str, title: &str, more: Value| {
        let mut event = event(kind, title);
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    for event in [
        with("lint_check", "by type", json!({})),
        with(
            "info_notification",
            "by severity",
            json!({ "data": { "severity": "critical" } }),
        ),
        with(
            "info_notification",
            "by project",
            json!({ "project": "shop" }),
        ),
        with(
            "build_failed",
            "by two routes",
            json!({ "project": "shop" }),
        ),
        with("build_failed", "half a match", json!({ "project": "bank" })),
        with(
            "info_notification",
            "no match",
            json!({ "data": { "severity": "error" } }),
        ),
    ] {
        post(&bridge, &event).await;
    }
    bridge.idle().await;
    let all = [
        "by type",
        "by severity",
        "by project",
        "by two routes",
        "half a match",
        "no match",
    ];
    let expected = BTreeMap::from([
        ("by type", BTreeSet::from([1_001])),
        ("by severity", BTreeSet::from([1_002])),
        ("by project", BTreeSet::from([1_003])),
        ("by two routes", BTreeSet::from([1_001, 1_003])),
        ("half a match", BTreeSet::from(users)),
        ("no match", BTreeSet::from(users)),
    ]);
    assert_eq!(titles(&bridge, &users, &all), expected);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_meets_no_limit_and_loses_nothing() {
    let routes = "[[route]]\nmatch = { project = \"alone\" }\nchats = [1001]\n";
    let bridge = TestBridge::start(setup().limits().users(&everybody()).config(routes)).await;
    for number in 0..8 {
        let mut event = event("info_notification", &format!("alone {number} of 8"));
        event["project"] = "alone".into();
        post(&bridge, &event).await;
    }
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("all {number} of 5")),
        )
        .await;
    }
    bridge.idle().await;
    for user in everybody() {
        let messages = received(&bridge.emulator, user);
        assert_eq!(messages.len(), if user == USER { 13 } else { 5 }, "{user}");
        for number in 0..5 {
            let title = format!("all {number} of 5");
            assert_eq!(
                messages
                    .iter()
                    .filter(|message| shown(message).contains(&title))
                    .count(),
                1,
                "{user} {title}"
            );
        }
    }
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_files_arrive_in_the_order_in_which_they_were_dropped() {
    let bridge = TestBridge::start(setup()).await;
    for number in 0..40 {
        bridge.drop_event(
            &format!("{number:02}"),
            &event("info_notification", &format!("file {number:02}")),
        );
    }
    bridge.message_with(USER, "file 39").await;
    taken_in(&bridge).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    let order: Vec<usize> = (0..40)
        .map(|number| {
            messages
                .iter()
                .position(|m| shown(m).contains(&format!("file {number:02}")))
                .expect("it arrived")
        })
        .collect();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_overtake_alerts_and_those_results_and_those_progress() {
    let bridge = TestBridge::start(setup().limits()).await;
    go_away(&bridge, USER).await;
    post(&bridge, &progress("task-1", "the progress")).await;
    post(&bridge, &event("build_completed", "the first result")).await;
    post(&bridge, &event("info_notification", "the second result")).await;
    post(&bridge, &event("build_failed", "the alert")).await;
    post(&bridge, &event("approval_request", "the request")).await;
    bridge.emulator.unblock(USER);
    bridge.idle().await;
    let order = [
        "the request",
        "the alert",
        "the first result",
        "the second result",
        "the progress",
    ];
    assert_eq!(places(&bridge, USER, order), [0, 1, 2, 3, 4]);
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_latency_makes_telegram_count_more_than_it_allows() {
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().limits().users(&users)).await;
    for millis in [900, 10, 600, 0, 0, 1_200, 300, 0, 50, 700, 0, 0, 1_500] {
        fault(
            &bridge,
            "sendMessage",
            1,
            FaultKind::Delay(Duration::from_millis(millis)),
        );
    }
    for number in 0..6 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    for user in users {
        let texts: Vec<String> = received(&bridge.emulator, user)
            .iter()
            .map(|m| shown(m).to_owned())
            .collect();
        assert_eq!(texts.len(), 6, "{user}");
        let in_order = texts
            .iter()
            .enumerate()
            .all(|(number, text)| text.contains(&format!("event {number}")));
        assert!(in_order, "{user}: {texts:?}");
    }
    assert_eq!(bridge.emulator.refused_429(), 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_per_chat_is_in_flight_and_chats_do_not_wait_for_each_other() {
    const EACH: Duration = Duration::from_millis(150);
    let users = [USER, OTHERS[0], OTHERS[1]];
    let bridge = TestBridge::start(setup().users(&users)).await;
    fault(&bridge, "sendMessage", u32::MAX, FaultKind::Delay(EACH));
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    let starts = |user| -> Vec<u64> {
        writing_calls(&bridge.emulator, Some(user))
            .iter()
            .map(|c| c.at_ms)
            .collect()
    };
    let each = u64::try_from(EACH.as_millis()).unwrap();
    for user in users {
        let starts = starts(user);
        assert_eq!(starts.len(), 5, "{user}");
        assert!(
            starts.windows(2).all(|pair| pair[1] - pair[0] >= each),
            "{user}: {starts:?}"
        );
        let messages = received(&bridge.emulator, user);
        let order = |(number, message): (usize, &Message)| {
            shown(message).contains(&format!("event {number}"))
        };
        assert!(
            messages.iter().enumerate().all(order),
            "{user}: out of order"
        );
    }
    // Whoever waited for the others would take three times as long.
    let first = users.map(|user| starts(user)[0]);
    let last = users.map(|user| starts(user)[4]);
    let overlap = last
        .iter()
        .all(|last| first.iter().all(|first| last > first));
    assert!(
        overlap,
        "the chats were served one after the other: {first:?} {last:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_doubles_one_message_at_most_and_never_two_calls_at_once() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 1, FaultKind::DropAfter);
    for number in 0..6 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    let times = |number: usize| {
        messages
            .iter()
            .filter(|m| shown(m).contains(&format!("event {number}")))
            .count()
    };
    let counts: Vec<usize> = (0..6).map(times).collect();
    assert!(
        counts.iter().all(|count| (1..=2).contains(count)),
        "{counts:?}"
    );
    assert!(
        counts.iter().filter(|count| **count == 2).count() <= 1,
        "{counts:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_of_a_task_edits_one_message_in_each_chat() {
    let users = [USER, OTHERS[0]];
    let bridge = TestBridge::start(setup().users(&users)).await;
    for step in ["step one", "step two", "step three"] {
        post(&bridge, &progress("task-1", step)).await;
        for user in users {
            bridge.message_with(user, step).await;
        }
    }
    post(&bridge, &progress("task-2", "another task")).await;
    bridge.idle().await;
    for user in users {
        let messages = received(&bridge.emulator, user);
        assert_eq!(messages.len(), 2, "{user}");
        assert!(
            shown(&messages[0]).contains("step three") && messages[0].edits == 2,
            "{user}: {:?}",
            messages[0]
        );
        assert!(messages[0].silent, "progress rings no phone");
        assert!(
            shown(&messages[1]).contains("another task"),
            "{user}: {:?}",
            messages[1]
        );
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_progress_replaces_what_waits() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "sendMessage",
        1,
        FaultKind::Delay(Duration::from_secs(2)),
    );
    post(&bridge, &progress("task-1", "step 0 of 30")).await;
    let first = |phone: &Emulator| (!writing_calls(phone, None).is_empty()).then_some(());
    bridge
        .emulator
        .wait_until(first, WAIT)
        .await
        .expect("the first call");
    for step in 1..=30 {
        bridge.drop_event(
            &format!("step-{step:02}"),
            &progress("task-1", &format!("step {step} of 30")),
        );
    }
    bridge.message_with(USER, "step 30 of 30").await;
    taken_in(&bridge).await;
    bridge.idle().await;
    bridge.message_with(USER, "step 30 of 30").await;
    let messages = received(&bridge.emulator, USER);
    assert_eq!(messages.len(), 1);
    let calls = writing_calls(&bridge.emulator, Some(USER)).len();
    assert!((2..=15).contains(&calls), "{calls} calls for 31 events");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_that_waits_for_somebody_who_is_away_becomes_one_call() {
    let bridge = TestBridge::start(setup()).await;
    go_away(&bridge, USER).await;
    for step in 1..=30 {
        post(&bridge, &progress("task-1", &format!("step {step} of 30"))).await;
    }
    bridge.emulator.unblock(USER);
    bridge.message_with(USER, "step 30 of 30").await;
    bridge.idle().await;
    assert_eq!(writing_calls(&bridge.emulator, Some(USER)).len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_result_is_a_message_of_its_own_and_later_progress_begins_another() {
    let bridge = TestBridge::start(setup()).await;
    let task =
        |kind: &str, title: &str| json!({ "type": kind, "title": title, "task_id": "task-1" });
    for (kind, title) in [
        ("task_progress", "halfway there"),
        ("task_completion", "it is done"),
        ("task_progress", "once more from the start"),
        ("task_progress", "and on it goes"),
        ("task_failed", "this time it failed"),
    ] {
        post(&bridge, &task(kind, title)).await;
        bridge.message_with(USER, title).await;
    }
    bridge.idle().await;
    let order = [
        "halfway there",
        "it is done",
        "and on it goes",
        "this time it failed",
    ];
    assert_eq!(places(&bridge, USER, order), [0, 1, 2, 3]);
    let messages = received(&bridge.emulator, USER);
    assert_eq!(messages.len(), 4);
    assert!(messages[1].silent && !messages[3].silent, "a failure rings");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_split_into_three_messages_at_most_with_nothing_missing() {
    let bridge = TestBridge::start(setup()).await;
    let lines = 400;
    let event = json!({ "type": "info_notification", "title": "A long story", "description": numbered(lines) });
    post(&bridge, &event).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert!(
        (2..=3).contains(&messages.len()),
        "{} messages",
        messages.len()
    );
    for message in &messages {
        let length = shown(message).encode_utf16().count();
        assert!(length <= 4_096 && message.document.is_none(), "{length}");
    }
    assert!(shown(&messages[0]).contains("A long story"));
    let joined: String = messages.iter().map(shown).collect();
    assert_eq!(numbers(&joined), (0..lines).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_text_is_attached_with_nothing_missing() {
    let bridge = TestBridge::start(setup()).await;
    let lines = 4_000;
    let event = json!({ "type": "build_failed", "title": "An endless story", "description": numbered(lines) });
    post(&bridge, &event).await;
    bridge.message_with(USER, "An endless story").await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert!(messages.len() <= 3, "{} messages", messages.len());
    let document = messages
        .iter()
        .find_map(|message| message.document.as_ref())
        .expect("a document");
    let content = String::from_utf8(document.bytes.clone()).unwrap();
    assert_eq!(numbers(&content), (0..lines).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_that_does_not_fit_is_attached_whole_with_its_digest_in_the_message() {
    let bridge = TestBridge::start(setup()).await;
    let command = numbered(2_000);
    let event =
        json!({ "type": "approval_request", "title": "Run it?", "data": { "command": command } });
    let asked = bridge
        .socket
        .post("/v1/approvals", &json!({ "event": event }))
        .await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let asks = |message: &Message| {
        message
            .keyboard
            .iter()
            .flatten()
            .any(|button| button.text == "Approve")
    };
    let request = bridge.message(USER, "a request with buttons", asks).await;
    let messages = received(&bridge.emulator, USER);
    let document = messages
        .iter()
        .find_map(|message| message.document.as_ref())
        .expect("a document");
    let content = String::from_utf8(document.bytes.clone()).unwrap();
    assert_eq!(numbers(&content), (0..2_000).collect::<Vec<_>>());
    let digest = Digest::of(&document.bytes).hex();
    assert!(
        shown(&request).contains(&digest),
        "no {digest} in {}",
        shown(&request)
    );
    assert_eq!(
        messages.last().map(|last| last.message_id),
        Some(request.message_id),
        "the buttons come last"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_no_call_uses_a_parse_mode_or_lets_telegram_fetch_links() {
    let bridge = TestBridge::start(setup()).await;
    let description = "See https://evil.example/collect?x=1 and [here](https://evil.example) <a href='x'>y</a> *z*";
    let with_link = |kind: &str, title: &str| json!({ "type": kind, "title": title, "description": description, "task_id": "t" });
    post(&bridge, &with_link("task_progress", "progress one")).await;
    bridge.message_with(USER, "progress one").await;
    post(&bridge, &with_link("task_progress", "progress two")).await;
    post(&bridge, &with_link("build_failed", "a failure")).await;
    post(&bridge, &with_link("approval_request", "a request")).await;
    bridge.emulator.send_text(USER, "/status");
    bridge.message_with(USER, "Up for").await;
    bridge.idle().await;
    assert!(bridge.emulator.count("editMessageText") > 0);
    for call in writing_calls(&bridge.emulator, None) {
        assert!(call.params.get("parse_mode").is_none(), "{call:?}");
        assert_eq!(
            call.params["link_preview_options"]["is_disabled"], true,
            "{call:?}"
        );
        assert_eq!(call.status, 200, "{call:?}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_outage_and_a_restart_in_it_lose_nothing() {
    let users = [USER, OTHERS[0]];
    let mut bridge = TestBridge::start(setup().users(&users)).await;
    let down = FaultKind::Status {
        code: 500,
        description: "Internal Server Error".to_owned(),
        retry_after: None,
    };
    fault(&bridge, "sendMessage", u32::MAX, down);
    for number in 0..5 {
        post(
            &bridge,
            &event("info_notification", &format!("event {number}")),
        )
        .await;
    }
    let tried = |times: usize| {
        move |phone: &Emulator| (writing_calls(phone, None).len() >= times).then_some(())
    };
    bridge
        .emulator
        .wait_until(tried(20), WAIT)
        .await
        .expect("it is tried again and again");
    bridge.kill().await;
    bridge.launch().await;
    let before = writing_calls(&bridge.emulator, None).len();
    bridge
        .emulator
        .wait_until(tried(before + 5), WAIT)
        .await
        .expect("the next process goes on trying");
    assert_eq!(bridge.status().await["waiting"], 10);
    bridge.emulator.clear_faults();
    bridge.idle().await;
    for user in users {
        let messages = received(&bridge.emulator, user);
        for number in 0..5 {
            let count = messages
                .iter()
                .filter(|m| shown(m).contains(&format!("event {number}")))
                .count();
            assert_eq!(count, 1, "event {number} to {user}");
        }
    }
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

/// The processor time that the bridge has used so far, in hundredths of a second.
fn processor_time(bridge: &TestBridge) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", bridge.process().id())).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_only_waits_uses_no_processor() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &event("info_notification", "wake up"));
    bridge.message_with(USER, "wake up").await;
    let muted = json!({ "mode": "mute", "for_s": 3 });
    let answer = bridge
        .socket
        .request(reqwest::Method::PUT, "/v1/mode", Some(&muted))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    post(
        &bridge,
        &event("info_notification", "after three quiet seconds"),
    )
    .await;
    let before = processor_time(&bridge);
    bridge.message_with(USER, "after three quiet seconds").await;
    let used = processor_time(&bridge) - before;
    assert!(used < 40, "{used} hundredths of a second for nothing");
    bridge.finish().await;
}

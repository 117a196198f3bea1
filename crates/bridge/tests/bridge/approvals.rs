//! Requests for a decision: what people see, what a press does, what programs read.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::User;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use tokio::task::JoinSet;

const SECOND: i64 = 1_002;
const THIRD: i64 = 1_003;
const STRANGER: i64 = 6_666;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

/// A request as a producer writes it; its title is `May I <id>?`.
fn request(id: &str) -> Value {
    json!({ "type": "approval_request", "event_id": id, "title": format!("May I {id}?"), "task_id": "release" })
}

/// Waits for a user's copy of the request with buttons.
async fn copy(bridge: &TestBridge, user: i64, id: &str) -> Message {
    let title = format!("May I {id}?");
    let asks = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|text| text.contains(&title))
    };
    bridge
        .message(user, &format!("the request {id}"), asks)
        .await
}

/// Asks by an event file and waits for the copy of the first user.
async fn ask(bridge: &TestBridge, id: &str) -> Message {
    bridge.drop_event(id, &request(id));
    copy(bridge, USER, id).await
}

/// Asks over the socket; returns the request's path there.
async fn ask_over_socket(bridge: &TestBridge, body: &Value) -> String {
    let answer = bridge.socket.post("/v1/approvals", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    format!(
        "/v1/approvals/{}",
        answer.body["approval_id"]
            .as_str()
            .expect("the request has an id")
    )
}

fn labels(message: &Message) -> Vec<String> {
    message
        .keyboard
        .iter()
        .flatten()
        .map(|button| button.text.clone())
        .collect()
}

/// What a button would send back.
fn data(message: &Message, label: &str) -> String {
    let button = message
        .keyboard
        .iter()
        .flatten()
        .find(|button| button.text == label);
    button
        .and_then(|button| button.callback_data.clone())
        .expect("there is such a button")
}

/// Waits until the message says this and has lost its buttons.
async fn ended(bridge: &TestBridge, copy: &Message, text: &str) -> Message {
    let is_it = |m: &Message| {
        m.message_id == copy.message_id
            && m.keyboard.is_empty()
            && m.text.as_deref().is_some_and(|shown| shown.contains(text))
    };
    bridge
        .message(copy.chat_id, &format!("the request ended: {text}"), is_it)
        .await
}

/// Waits until the message was edited to say that the request still waits.
async fn still_waiting(bridge: &TestBridge, copy: &Message) -> Message {
    let is_it = |m: &Message| {
        m.message_id == copy.message_id
            && !m.keyboard.is_empty()
            && m.text
                .as_deref()
                .is_some_and(|shown| shown.contains("Still waiting at "))
    };
    bridge.message(copy.chat_id, "it still waits", is_it).await
}

/// Presses and returns what the presser is told.
async fn press(bridge: &TestBridge, copy: &Message, label: &str) -> String {
    let press = bridge
        .emulator
        .press(copy.chat_id, copy.message_id, label)
        .expect("there is such a button");
    bridge.told(&press).await.text.unwrap_or_default()
}

/// Presses with any data, as a modified app can; returns what the presser is told.
async fn forge(bridge: &TestBridge, user: i64, copy: &Message, data: &str) -> String {
    let press = bridge
        .emulator
        .press_forged(user, copy.chat_id, copy.message_id, data);
    bridge.told(&press).await.text.unwrap_or_default()
}

/// A request that is open, and that nobody's answer has been written to.
async fn assert_open(bridge: &TestBridge) {
    assert!(bridge.records("approval_decided").await.is_empty());
    assert!(
        bridge.answer_files().is_empty(),
        "{:?}",
        bridge.answer_files()
    );
    assert_eq!(
        bridge
            .database()
            .await
            .number("SELECT count(*) FROM approval WHERE pending = 1")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_decides_and_everybody_is_told() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "deploy").await;
    assert_eq!(labels(&copy), ["Approve", "Deny", "Details"]);

    let press = bridge
        .emulator
        .press(USER, copy.message_id, "Approve")
        .unwrap();
    let told = bridge.told(&press).await;
    assert!(
        told.text
            .as_deref()
            .unwrap()
            .starts_with("Approved by @user1001 at "),
        "{told:?}"
    );
    assert!(!told.show_alert);
    ended(&bridge, &copy, "Approved by @user1001 at ").await;

    let response = bridge.response("deploy.json").await;
    let keys: BTreeSet<&str> = response
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "event_id",
        "metadata",
        "option",
        "options",
        "response",
        "response_type",
        "task_id",
        "timestamp",
        "user_id",
        "username",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    assert_eq!(response["event_id"], "deploy");
    assert_eq!(response["task_id"], "release");
    assert_eq!(response["user_id"], USER);
    assert_eq!(response["username"], "user1001");
    assert_eq!(response["response"], "approve");
    assert_eq!(response["option"], "Approve");
    assert_eq!(response["response_type"], "option");
    assert_eq!(response["options"], json!(["Approve", "Deny"]));
    assert!(response["timestamp"].as_str().unwrap().starts_with("20"));
    let mode = fs::metadata(bridge.responses().join("deploy.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let audited = bridge.audited().await;
    let place = |name: &str| audited.iter().position(|record| record == name);
    assert!(
        place("approval_requested").unwrap() < place("approval_decided").unwrap(),
        "{audited:?}"
    );
    let decided = &bridge.records("approval_decided").await[0];
    assert_eq!(
        decided["actor"],
        json!({ "kind": "telegram", "user": USER })
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_not_an_approval() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "wipe").await;
    assert!(
        press(&bridge, &copy, "Deny")
            .await
            .starts_with("Denied by @user1001 at ")
    );
    ended(&bridge, &copy, "Denied by @user1001 at ").await;
    let response = bridge.response("wipe.json").await;
    assert_eq!(
        (&response["response"], &response["option"]),
        (&json!("deny"), &json!("Deny"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_to_eight_choices_of_ones_own_become_buttons() {
    let bridge = TestBridge::start(setup()).await;
    let eight: Vec<String> = (1..=8)
        .map(|number| format!("Choice number {number}"))
        .collect();
    let cases = [
        ("one", vec!["Seen".to_owned()], 0),
        ("three", vec!["A".into(), "B".into(), "Not today".into()], 2),
        ("eight", eight, 6),
    ];
    for (id, options, choice) in cases {
        let mut event = request(id);
        event["data"] = json!({ "options": options });
        bridge.drop_event(id, &event);
        let copy = copy(&bridge, USER, id).await;
        let shown = labels(&copy);
        assert_eq!(
            shown.split_last(),
            Some((&"Details".to_owned(), options.as_slice()))
        );
        let told = press(&bridge, &copy, &options[choice]).await;
        assert!(
            told.starts_with(&format!("Answered “{}” by @user1001 at ", options[choice])),
            "{told}"
        );
        let response = bridge.response(&format!("{id}.json")).await;
        assert_eq!(response["response"], json!(options[choice]));
        assert_eq!(response["option"], json!(options[choice]));
        assert_eq!(response["options"], json!(options));
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_sent_whole_and_decide_nothing() {
    let bridge = TestBridge::start(setup()).await;
    let mut event = request("inspect");
    event["data"] = json!({ "command": "rm -rf build/", "region": "eu-central-4711" });
    event["correlation_id"] = json!("run-0815");
    bridge.drop_event("inspect", &event);
    let copy = copy(&bridge, USER, "inspect").await;
    assert_eq!(press(&bridge, &copy, "Details").await, "Details follow.");
    let whole = |m: &Message| {
        let file = m
            .document
            .as_ref()
            .map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        let said = format!(
            "{}{}",
            m.text.as_deref().unwrap_or_default(),
            file.unwrap_or_default()
        );
        m.message_id > copy.message_id
            && ["rm -rf build/", "eu-central-4711", "run-0815"]
                .iter()
                .all(|fact| said.contains(fact))
    };
    bridge.message(USER, "the details", whole).await;
    assert_open(&bridge).await;
    assert!(
        press(&bridge, &copy, "Approve")
            .await
            .starts_with("Approved by ")
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_at_the_socket_hears_of_the_press_at_once() {
    let bridge = TestBridge::start(setup()).await;
    let path = ask_over_socket(&bridge, &json!({ "event": request("wait") })).await;
    let copy = copy(&bridge, USER, "wait").await;
    let waiting = bridge.socket.get(&path).await;
    assert_eq!(
        (waiting.status, &waiting.body["state"]),
        (200, &json!("pending"))
    );

    let started = Instant::now();
    let waiting = format!("{path}?wait_s=50");
    let (answer, told) = tokio::join!(
        bridge.socket.get(&waiting),
        press(&bridge, &copy, "Approve")
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "the waiter slept through the press"
    );
    assert!(told.starts_with("Approved by "));
    assert_eq!(answer.body["state"], "decided");
    assert_eq!(
        (&answer.body["response"], &answer.body["option"]),
        (&json!("approve"), &json!("Approve"))
    );
    assert_eq!(answer.body["by"]["id"], USER);
    assert_eq!(answer.body["digest"].as_str().map(str::len), Some(64));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_request_loses_its_buttons_and_cannot_be_decided() {
    let bridge = TestBridge::start(setup()).await;
    let path = ask_over_socket(&bridge, &json!({ "event": request("withdraw") })).await;
    let copy = copy(&bridge, USER, "withdraw").await;
    let approve = data(&copy, "Approve");
    let answer = bridge
        .socket
        .request(Method::DELETE, &path, None)
        .await
        .unwrap();
    assert_eq!(
        (answer.status, &answer.body["state"]),
        (200, &json!("withdrawn"))
    );
    ended(&bridge, &copy, "Withdrawn by the one who asked at ").await;

    let told = forge(&bridge, USER, &copy, &approve).await;
    assert!(
        told.starts_with("Withdrawn by the one who asked at ")
            && told.ends_with("Nothing was changed."),
        "{told}"
    );
    let response = bridge.response("withdraw.json").await;
    assert_eq!(response["response_type"], "withdrawn");
    assert_eq!(
        (&response["user_id"], &response["option"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(bridge.answer_files(), ["withdraw.json"]);
    assert!(bridge.records("approval_decided").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decided_request_cannot_be_withdrawn() {
    let bridge = TestBridge::start(setup()).await;
    let path = ask_over_socket(&bridge, &json!({ "event": request("late") })).await;
    let copy = copy(&bridge, USER, "late").await;
    press(&bridge, &copy, "Deny").await;
    let answer = bridge
        .socket
        .request(Method::DELETE, &path, None)
        .await
        .unwrap();
    assert_eq!(
        (&answer.body["state"], &answer.body["response"]),
        (&json!("decided"), &json!("deny"))
    );
    assert!(bridge.records("approval_withdrawn").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_request_says_so_and_cannot_be_decided() {
    let bridge = TestBridge::start(setup()).await;
    let path = ask_over_socket(
        &bridge,
        &json!({ "event": request("expire"), "lifetime_s": 3 }),
    )
    .await;
    let copy = copy(&bridge, USER, "expire").await;
    let approve = data(&copy, "Approve");
    ended(&bridge, &copy, "Expired at ").await;
    let told = forge(&bridge, USER, &copy, &approve).await;
    assert!(
        told.starts_with("Expired at ") && told.ends_with("Nothing was changed."),
        "{told}"
    );
    assert_eq!(
        bridge.response("expire.json").await["response_type"],
        "expired"
    );
    assert_eq!(bridge.answer_files(), ["expire.json"]);
    assert_eq!(bridge.socket.get(&path).await.body["state"], "expired");
    assert!(bridge.records("approval_decided").await.is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_several_people_decides_and_every_copy_says_so() {
    let users = [USER, SECOND, THIRD];
    let bridge = TestBridge::start(setup().users(&users)).await;
    let first = ask(&bridge, "together").await;
    let second = copy(&bridge, SECOND, "together").await;
    let third = copy(&bridge, THIRD, "together").await;
    let late = data(&third, "Deny");

    assert!(
        press(&bridge, &second, "Approve")
            .await
            .starts_with("Approved by @user1002 at ")
    );
    for copy in [&first, &second, &third] {
        ended(&bridge, copy, "Approved by @user1002 at ").await;
    }
    let told = forge(&bridge, THIRD, &third, &late).await;
    assert!(
        told.starts_with("Approved by @user1002 at ") && told.ends_with("Nothing was changed."),
        "{told}"
    );
    assert_eq!(bridge.response("together.json").await["user_id"], SECOND);
    assert_eq!(bridge.answer_files(), ["together.json"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_fifty_presses_at_once_are_one_decision() {
    let users = [USER, SECOND, THIRD];
    let bridge = TestBridge::start(setup().users(&users)).await;
    bridge.drop_event("race", &request("race"));
    let mut presses = JoinSet::new();
    let mut copies = Vec::new();
    for user in users {
        copies.push(copy(&bridge, user, "race").await);
    }
    for number in 0..50 {
        let copy = &copies[number % copies.len()];
        let data = data(copy, if number % 2 == 0 { "Approve" } else { "Deny" });
        let (emulator, chat, message) = (bridge.emulator.clone(), copy.chat_id, copy.message_id);
        presses.spawn(async move { emulator.press_forged(chat, chat, message, &data) });
    }
    let (mut decided, mut refused) = (0, 0);
    for press in presses.join_all().await {
        let told = bridge.told(&press).await;
        let text = told.text.unwrap();
        assert_eq!(
            told.show_alert,
            text.ends_with("Nothing was changed."),
            "{text}"
        );
        *(if told.show_alert {
            &mut refused
        } else {
            &mut decided
        }) += 1;
    }
    assert_eq!((decided, refused), (1, 49));
    let response = bridge.response("race.json").await;
    for copy in &copies {
        ended(
            &bridge,
            copy,
            &format!(" by @user{} at ", response["user_id"]),
        )
        .await;
    }
    assert_eq!(bridge.records("approval_decided").await.len(), 1);
    assert_eq!(bridge.records("approval_press_refused").await.len(), 49);
    assert_eq!(
        bridge
            .database()
            .await
            .number("SELECT count(*) FROM response")
            .await,
        1
    );
    assert_eq!(bridge.answer_files(), ["race.json"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_forged_buttons_decide_nothing() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "forge").await;
    let real = data(&copy, "Approve");
    let mut forgeries: Vec<String> = [
        "",
        "approve",
        "0",
        "AAAAAAAAAAAAAAAAAAAAAA",
        "deploy:approve",
        "' OR 1=1 --",
        "\u{202e}",
        "{}",
    ]
    .map(str::to_owned)
    .to_vec();
    forgeries.push("x".repeat(64));
    forgeries.push(real.to_lowercase());
    forgeries.push(format!("{real} "));
    forgeries.push(real[1..].to_owned());
    for place in 0..real.len() {
        for bit in [1, 2, 4] {
            let mut bytes = real.clone().into_bytes();
            bytes[place] ^= bit;
            forgeries.push(String::from_utf8(bytes).unwrap());
        }
    }
    for forged in forgeries.iter().filter(|forged| **forged != real) {
        let told = forge(&bridge, USER, &copy, forged).await;
        assert!(
            told.starts_with("This button is not one of mine"),
            "{forged}: {told}"
        );
    }
    assert_open(&bridge).await;
    let refused = bridge.records("approval_press_refused").await;
    assert_eq!(
        refused.len(),
        forgeries.iter().filter(|forged| **forged != real).count()
    );
    assert!(refused.iter().all(|record| record["outcome"] == "refused"));
    assert!(
        press(&bridge, &copy, "Approve")
            .await
            .starts_with("Approved by ")
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_real_buttons_of_another_request_or_chat_decide_nothing() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    let mine = ask(&bridge, "mine").await;
    let theirs = copy(&bridge, SECOND, "mine").await;
    let other = ask(&bridge, "other").await;
    let elsewhere = "This button belongs to another message. Nothing was decided.";
    assert_eq!(
        forge(&bridge, USER, &mine, &data(&other, "Approve")).await,
        elsewhere
    );
    assert_eq!(
        forge(&bridge, USER, &mine, &data(&theirs, "Approve")).await,
        elsewhere
    );
    assert_eq!(
        forge(&bridge, SECOND, &theirs, &data(&mine, "Approve")).await,
        elsewhere
    );
    assert_eq!(
        forge(&bridge, SECOND, &theirs, &data(&other, "Details")).await,
        elsewhere
    );
    let gone = Message {
        message_id: 999_999,
        ..mine.clone()
    };
    assert_eq!(
        forge(&bridge, USER, &gone, &data(&mine, "Approve")).await,
        elsewhere
    );
    assert!(bridge.records("approval_decided").await.is_empty());
    assert_eq!(bridge.records("approval_press_refused").await.len(), 5);
    assert!(bridge.answer_files().is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_press_cannot_be_replayed() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "replay").await;
    let (approve, deny) = (data(&copy, "Approve"), data(&copy, "Deny"));
    press(&bridge, &copy, "Deny").await;
    for again in [&approve, &deny, &approve] {
        let told = forge(&bridge, USER, &copy, again).await;
        assert!(
            told.starts_with("Denied by @user1001 at ") && told.ends_with("Nothing was changed."),
            "{told}"
        );
    }
    assert_eq!(bridge.response("replay.json").await["response"], "deny");
    assert_eq!(bridge.answer_files(), ["replay.json"]);
    assert_eq!(bridge.records("approval_decided").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_an_old_decision_says_nothing_about_a_new_request() {
    let bridge = TestBridge::start(setup()).await;
    let first = ask(&bridge, "monday").await;
    let approve = data(&first, "Approve");
    press(&bridge, &first, "Approve").await;
    let second = ask(&bridge, "tuesday").await;
    forge(&bridge, USER, &first, &approve).await;
    forge(&bridge, USER, &second, &approve).await;
    assert_eq!(bridge.answer_files(), ["monday.json"]);
    assert_eq!(bridge.status().await["pending_approvals"], 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_stranger_with_a_real_button_decides_nothing() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "strange").await;
    let approve = data(&copy, "Approve");
    bridge.emulator.add_user(User {
        id: STRANGER,
        first_name: "Mallory".to_owned(),
        username: Some("user1001".to_owned()),
    });
    let presses: Vec<String> = (0..10)
        .map(|_| {
            bridge
                .emulator
                .press_forged(STRANGER, USER, copy.message_id, &approve)
        })
        .collect();
    let refused = bridge.records_when("access_refused", 10).await;
    assert!(
        refused
            .iter()
            .all(|record| record["actor"] == json!({ "kind": "telegram", "user": STRANGER }))
    );
    assert_eq!(
        bridge.told(&presses[0]).await.text.as_deref(),
        Some("This bot is private. Your press had no effect.")
    );
    let told = presses
        .iter()
        .filter(|press| bridge.emulator.answer(press).is_some())
        .count();
    assert_eq!(told, 1, "a stranger is told once an hour at most");
    assert_open(&bridge).await;
    assert!(
        press(&bridge, &copy, "Approve")
            .await
            .starts_with("Approved by @user1001 at ")
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_press_without_its_message_or_by_a_bot_decides_nothing() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "missing").await;
    let from = json!({ "id": USER, "is_bot": false, "first_name": "User 1001" });
    let bot = json!({ "id": USER, "is_bot": true, "first_name": "User 1001" });
    let here = json!({ "message_id": copy.message_id, "date": 0, "chat": { "id": USER, "type": "private" } });
    let approve = data(&copy, "Approve");
    let queries = [
        json!({ "id": "1", "from": from, "chat_instance": "x", "data": approve }),
        json!({ "id": "2", "from": from, "chat_instance": "x", "inline_message_id": "AAA", "data": approve }),
        json!({ "id": "3", "from": from, "chat_instance": "x", "message": { "date": 0, "chat": { "id": USER } }, "data": approve }),
        json!({ "id": "4", "from": from, "chat_instance": "x", "message": here, "game_short_name": "chess" }),
    ];
    for query in &queries {
        bridge
            .emulator
            .push_update(json!({ "callback_query": query }));
    }
    bridge
        .records_when("approval_press_refused", queries.len())
        .await;
    let by_bot =
        json!({ "id": "5", "from": bot, "chat_instance": "x", "message": here, "data": approve });
    bridge
        .emulator
        .push_update(json!({ "callback_query": by_bot }));
    bridge.records_when("access_refused", 1).await;
    bridge
        .emulator
        .push_update(json!({ "callback_query": { "id": "6", "message": here, "data": approve } }));
    assert_open(&bridge).await;
    assert!(
        press(&bridge, &copy, "Deny")
            .await
            .starts_with("Denied by ")
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_a_button_carries_stands_in_no_file() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "secret").await;
    let buttons = ["Approve", "Deny", "Details"].map(|label| data(&copy, label));
    press(&bridge, &copy, "Approve").await;
    ended(&bridge, &copy, "Approved by ").await;
    let mut looked_at = 0;
    for folder in [bridge.root(), bridge.responses()] {
        for file in files(&folder) {
            let bytes = fs::read(&file).unwrap();
            looked_at += 1;
            for data in &buttons {
                let found = bytes
                    .windows(data.len())
                    .any(|window| window == data.as_bytes());
                assert!(!found, "{} holds what a button carries", file.display());
            }
        }
    }
    assert!(
        looked_at >= 4,
        "the database, its log and the bridge's log were there"
    );
    // The press itself was stored, sealed, until it was handled.
    let updates = bridge
        .database()
        .await
        .texts("SELECT coalesce(hex(sealed), '') || body FROM update_inbox WHERE handled = 1")
        .await;
    assert_eq!(updates, [""]);
    bridge.finish().await;
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    entries
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_while_the_bridge_was_down_counts() {
    let mut bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "down").await;
    bridge.idle().await;
    bridge.kill().await;
    let press = bridge
        .emulator
        .press(USER, copy.message_id, "Approve")
        .unwrap();
    bridge.emulator.advance(Duration::from_secs(100));
    bridge.launch().await;
    assert!(
        bridge
            .told(&press)
            .await
            .text
            .unwrap()
            .starts_with("Approved by @user1001 at ")
    );
    assert_eq!(bridge.response("down.json").await["response"], "approve");
    ended(&bridge, &copy, "Approved by @user1001 at ").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_telegram_forgot_can_be_made_again() {
    let mut bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "forgotten").await;
    bridge.idle().await;
    bridge.terminate().await;
    bridge
        .emulator
        .press(USER, copy.message_id, "Approve")
        .unwrap();
    bridge.emulator.advance(Duration::from_secs(151));
    assert_eq!(bridge.emulator.pending_updates(), 0);
    bridge.launch().await;
    let edited = still_waiting(&bridge, &copy).await;
    assert_eq!(labels(&edited), ["Approve", "Deny", "Details"]);
    assert!(
        press(&bridge, &edited, "Approve")
            .await
            .starts_with("Approved by ")
    );
    assert_eq!(
        bridge.response("forgotten.json").await["response"],
        "approve"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_old_and_new_buttons_work() {
    let mut bridge = TestBridge::start(setup()).await;
    let old = [ask(&bridge, "old").await, ask(&bridge, "new").await];
    bridge.idle().await;
    bridge.kill().await;
    bridge.launch().await;
    let [by_old, by_new] = &old;
    let edited = still_waiting(&bridge, by_new).await;
    still_waiting(&bridge, by_old).await;
    assert_ne!(
        data(&edited, "Approve"),
        data(by_new, "Approve"),
        "the buttons are new"
    );
    let told = forge(&bridge, USER, by_old, &data(by_old, "Deny")).await;
    assert!(told.starts_with("Denied by @user1001 at "), "{told}");
    assert!(
        press(&bridge, &edited, "Approve")
            .await
            .starts_with("Approved by @user1001 at ")
    );
    assert_eq!(bridge.response("old.json").await["response"], "deny");
    assert_eq!(bridge.response("new.json").await["response"], "approve");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_survives_a_restart() {
    let mut bridge = TestBridge::start(setup()).await;
    let path = ask_over_socket(&bridge, &json!({ "event": request("keep") })).await;
    let copy = copy(&bridge, USER, "keep").await;
    let approve = data(&copy, "Approve");
    press(&bridge, &copy, "Deny").await;
    bridge.kill().await;
    bridge.launch().await;
    assert_eq!(bridge.socket.get(&path).await.body["response"], "deny");
    assert_eq!(bridge.response("keep.json").await["response"], "deny");
    ended(&bridge, &copy, "Denied by ").await;
    let told = forge(&bridge, USER, &copy, &approve).await;
    assert!(
        told.starts_with("Denied by ") && told.ends_with("Nothing was changed."),
        "{told}"
    );
    assert_eq!(bridge.answer_files(), ["keep.json"]);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_connects_again_after_a_crash() {
    let mut bridge = TestBridge::start(setup()).await;
    let path = format!(
        "{}?wait_s=50",
        ask_over_socket(&bridge, &json!({ "event": request("again") })).await
    );
    let copy = copy(&bridge, USER, "again").await;
    bridge.idle().await;
    let socket = bridge.socket.clone();
    let (broken, ()) = tokio::join!(socket.request(Method::GET, &path, None), bridge.kill());
    assert!(broken.is_err(), "{broken:?}");
    bridge.launch().await;
    let edited = still_waiting(&bridge, &copy).await;
    let (answer, told) = tokio::join!(bridge.socket.get(&path), press(&bridge, &edited, "Approve"));
    assert!(told.starts_with("Approved by "));
    assert_eq!(
        (&answer.body["state"], &answer.body["response"]),
        (&json!("decided"), &json!("approve"))
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_a_decision_that_is_not_stored() {
    let bridge = TestBridge::start(setup()).await;
    let copy = ask(&bridge, "commit").await;
    bridge.idle().await;
    let lock = bridge.lock_database().await;
    let press = bridge
        .emulator
        .press(USER, copy.message_id, "Approve")
        .unwrap();
    bridge
        .status_when("the bridge says that it cannot store", |status| {
            status["healthy"] == false
        })
        .await;
    assert_eq!(bridge.emulator.answer(&press), None);
    assert_eq!(copy_now(&bridge, &copy), copy);
    assert!(bridge.answer_files().is_empty());
    lock.release().await;
    let told = bridge
        .emulator
        .wait_until(|phone| phone.answer(&press), WAIT)
        .await;
    assert!(
        told.expect("the press is answered")
            .text
            .unwrap()
            .starts_with("Approved by ")
    );
    assert_eq!(bridge.response("commit.json").await["response"], "approve");
    until("the bridge is healthy", async || {
        (bridge.status().await["healthy"] == true).then_some(())
    })
    .await;
    bridge.finish().await;
}

fn copy_now(bridge: &TestBridge, copy: &Message) -> Message {
    let messages = bridge.emulator.messages(copy.chat_id);
    messages
        .into_iter()
        .find(|m| m.message_id == copy.message_id)
        .expect("it was there")
}

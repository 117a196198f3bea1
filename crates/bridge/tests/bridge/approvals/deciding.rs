//! What a press decides, and who hears of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use std::time::Instant;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use serde_json::json;
use tokio::task::JoinSet;

use super::ask;
use super::ask_over_socket;
use super::assert_open;
use super::copy;
use super::data;
use super::ended;
use super::forge;
use super::labels;
use super::press;
use super::request;
use crate::steps::SECOND;
use crate::steps::THIRD;
use crate::steps::setup;

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

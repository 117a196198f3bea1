//! Presses that decide nothing, whoever makes them and whatever they carry.

use std::fs;
use std::path::Path;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::User;
use serde_json::json;

use super::ask;
use super::assert_open;
use super::copy;
use super::data;
use super::ended;
use super::forge;
use super::press;
use crate::steps::SECOND;
use crate::steps::STRANGER;
use crate::steps::setup;

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    entries
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .collect()
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

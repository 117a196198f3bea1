//! Requests and decisions across restarts, crashes and gaps.

use std::time::Duration;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use reqwest::Method;
use serde_json::json;

use super::ask;
use super::ask_over_socket;
use super::copy;
use super::data;
use super::ended;
use super::forge;
use super::labels;
use super::press;
use super::request;
use crate::steps::setup;

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

fn copy_now(bridge: &TestBridge, copy: &Message) -> Message {
    let messages = bridge.emulator.messages(copy.chat_id);
    messages
        .into_iter()
        .find(|m| m.message_id == copy.message_id)
        .expect("it was there")
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

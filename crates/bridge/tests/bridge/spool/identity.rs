//! Which events are the same.

use std::fs;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;
use serde_json::json;

use super::events;
use super::is_empty;
use super::refused;
use super::rejected;
use super::sent;
use crate::steps::info;
use crate::steps::setup;

/// An event that always has the same id.
fn named(title: &str) -> Value {
    json!({ "type": "info_notification", "title": title, "event_id": "deploy-2.4" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_says_its_id_counts_once() {
    let mut bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &named("Said again and again"));
    bridge.message_with(USER, "Said again and again").await;
    bridge.drop_event("second", &named("Said again and again"));
    is_empty(&bridge).await;
    assert!(bridge.terminate().await.success());
    bridge.drop_event("third", &named("Said again and again"));
    bridge.launch().await;
    is_empty(&bridge).await;
    let answer = bridge
        .socket
        .post("/v1/events", &named("Said again and again"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &json!("duplicate"))
    );
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_used_for_something_else_is_refused_and_nothing_is_lost() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("first", &named("The first of its id"));
    bridge.message_with(USER, "The first of its id").await;
    bridge.drop_event("second", &named("The second of its id"));
    let reason = refused(&bridge, "second.json").await;
    assert!(reason.contains("event id deploy-2.4 was used for something else"));
    let kept = fs::read_to_string(rejected(&bridge, "second.json")).expect("it is kept");
    assert!(kept.contains("The second of its id"));
    let records = bridge.records("event_rejected").await;
    let targets: Vec<&Value> = records.iter().map(|record| &record["target"]).collect();
    assert_eq!(targets, ["file second.json"]);
    let answer = bridge
        .socket
        .post("/v1/events", &named("The third of its id"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("id_in_use"))
    );
    is_empty(&bridge).await;
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (1, 1));
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_files_without_an_id_are_different_events() {
    let bridge = TestBridge::start(setup()).await;
    bridge.drop_event("one", &info("Twice the same"));
    bridge.drop_event("two", &info("Twice the same"));
    is_empty(&bridge).await;
    bridge.message_with(USER, "Twice the same ×2").await;
    bridge.idle().await;
    assert_eq!((events(&bridge).await, sent(&bridge)), (2, 1));
    bridge.finish().await;
}

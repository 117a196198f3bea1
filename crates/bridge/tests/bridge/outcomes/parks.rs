//! Recipients that cannot be reached are parked, not given up.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::Value;

use super::count;
use super::health_when;
use super::queued_as;
use super::refusal;
use super::sends;
use crate::steps::SECOND;
use crate::steps::fault;
use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn a_403_parks_its_recipient_until_they_write_and_nobody_else() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    for description in [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
    ] {
        fault(&bridge, "sendMessage", 1, refusal(403, description));
        let (refused, meanwhile) = (
            format!("refused: {description}"),
            format!("meanwhile: {description}"),
        );
        post(&bridge, &info(&refused)).await;
        let entry = queued_as(&bridge, &refused, "parked").await;
        assert!(
            entry["reason"].as_str().unwrap().contains(description),
            "{entry}"
        );
        let parked = entry["chat"].as_i64().unwrap();
        let other = if parked == USER { SECOND } else { USER };
        post(&bridge, &info(&meanwhile)).await;
        bridge.message_with(other, &meanwhile).await;
        assert_eq!(count(&bridge.emulator, parked, &meanwhile), 0);
        let told = health_when(&bridge, 200).await["parked"].to_string();
        assert!(told.contains(&parked.to_string()), "{told}");
        bridge.emulator.send_text(parked, "I am back");
        bridge.message_with(parked, &meanwhile).await;
        bridge.idle().await;
        health_when(&bridge, 200).await;
        for user in [USER, SECOND] {
            assert_eq!(count(&bridge.emulator, user, &refused), 1);
            assert_eq!(count(&bridge.emulator, user, &meanwhile), 1);
        }
    }
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocking_and_unblocking_is_enough_to_park_and_to_go_on() {
    let mut bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    bridge.emulator.block(USER);
    let told = |status: &Value| status["parked"].to_string().contains(&USER.to_string());
    bridge.status_when("the chat is parked", told).await;
    post(&bridge, &info("one")).await;
    bridge.message_with(SECOND, "one").await;
    bridge.kill().await;
    bridge.launch().await;
    post(&bridge, &info("two")).await;
    bridge.message_with(SECOND, "two").await;
    assert!(
        sends(&bridge.emulator, Some(USER)).is_empty(),
        "nothing is tried in vain"
    );
    bridge.emulator.unblock(USER);
    bridge.message_with(USER, "one").await;
    bridge.message_with(USER, "two").await;
    health_when(&bridge, 200).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_can_reach_nobody_is_not_healthy() {
    let bridge = TestBridge::start(setup()).await;
    bridge.emulator.block(USER);
    let problems = health_when(&bridge, 503).await["problems"].to_string();
    assert!(problems.contains("No recipient"), "{problems}");
    bridge.emulator.unblock(USER);
    health_when(&bridge, 200).await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_not_found_is_parked_and_not_given_up() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: chat not found"),
    );
    post(&bridge, &info("event one")).await;
    let entry = queued_as(&bridge, "event one", "parked").await;
    assert!(
        entry["reason"].as_str().unwrap().contains("chat not found"),
        "{entry}"
    );
    bridge.emulator.send_text(USER, "/status");
    bridge.message_with(USER, "event one").await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

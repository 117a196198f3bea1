//! Progress edits its message; a result is a new one.

use std::time::Duration;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::WAIT;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::FaultKind;
use serde_json::json;

use super::OTHERS;
use super::go_away;
use super::places;
use super::progress;
use super::received;
use super::taken_in;
use super::writing_calls;
use crate::steps::fault;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

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

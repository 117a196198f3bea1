//! What Telegram refuses for good, and edits that need no second try.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use super::ask;
use super::count;
use super::progress;
use super::queued_as;
use super::refusal;
use super::sends;
use crate::steps::SECOND;
use crate::steps::fault;
use crate::steps::info;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_kept_told_and_shown_with_its_reason() {
    let bridge = TestBridge::start(setup()).await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: something nobody has seen before"),
    );
    post(&bridge, &info("the unlucky one")).await;
    let alert = bridge
        .message_with(USER, "A message could not be delivered")
        .await;
    assert!(shown(&alert).contains("the unlucky one"), "{alert:?}");
    let dead = queued_as(&bridge, "the unlucky one", "dead").await;
    assert!(
        dead["reason"]
            .as_str()
            .unwrap()
            .contains("something nobody has seen before"),
        "{dead}"
    );
    assert!(dead["due"].is_null(), "{dead}");
    post(&bridge, &info("the next one")).await;
    bridge.message_with(USER, "the next one").await;
    fault(
        &bridge,
        "sendMessage",
        1,
        refusal(400, "Bad Request: and again"),
    );
    post(&bridge, &info("another unlucky one")).await;
    bridge
        .message(USER, "a second alert", |message| {
            shown(message).contains("another unlucky one")
        })
        .await;
    assert_eq!(bridge.status().await["dead"], 2);
    assert!(
        bridge
            .audited()
            .await
            .contains(&"message_undeliverable".to_owned())
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_refused_raises_no_alert() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 2, refusal(400, "Bad Request: no"));
    post(&bridge, &info("the unlucky one")).await;
    bridge
        .status_when("both are given up", |status| status["dead"] == 2)
        .await;
    bridge.idle().await;
    post(&bridge, &info("the next one")).await;
    bridge.message_with(USER, "the next one").await;
    bridge.idle().await;
    assert_eq!(sends(&bridge.emulator, None).len(), 3);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reaches_nobody_ends_its_waiter_without_a_decision() {
    let bridge = TestBridge::start(setup()).await;
    fault(&bridge, "sendMessage", 1, refusal(400, "Bad Request: no"));
    let id = ask(&bridge, "deploy").await;
    let answer = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=30"))
        .await;
    assert_eq!(answer.body["state"], "undeliverable", "{answer:?}");
    assert!(answer.body.get("response").is_none(), "{answer:?}");
    bridge
        .message_with(USER, "A message could not be delivered")
        .await;
    bridge.idle().await;
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    assert!(
        bridge
            .audited()
            .await
            .contains(&"approval_undeliverable".to_owned())
    );
    assert!(
        !bridge
            .audited()
            .await
            .contains(&"approval_decided".to_owned())
    );
    let answers = std::fs::read_dir(bridge.responses()).unwrap().count();
    assert_eq!(answers, 0, "nobody answered, so there is no answer file");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reaches_one_of_two_can_still_be_decided() {
    let bridge = TestBridge::start(setup().users(&[USER, SECOND])).await;
    fault(&bridge, "sendMessage", 1, refusal(400, "Bad Request: no"));
    let id = ask(&bridge, "deploy").await;
    let unlucky = queued_as(&bridge, "Deploy?", "dead").await["chat"]
        .as_i64()
        .unwrap();
    let lucky = if unlucky == USER { SECOND } else { USER };
    let request = bridge.message_with(lucky, "Deploy?").await;
    bridge.idle().await;
    assert_eq!(
        bridge.socket.get(&format!("/v1/approvals/{id}")).await.body["state"],
        "pending"
    );
    bridge
        .emulator
        .press(lucky, request.message_id, "Deny")
        .unwrap();
    let answer = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=30"))
        .await;
    assert_eq!(answer.body["response"], "deny", "{answer:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_changes_nothing_is_a_success() {
    let bridge = TestBridge::start(setup()).await;
    for _ in 0..2 {
        post(&bridge, &progress("still step one")).await;
        bridge.message_with(USER, "still step one").await;
        bridge.idle().await;
    }
    let refused = bridge
        .emulator
        .calls()
        .into_iter()
        .find(|call| call.status == 400)
        .expect("a refused edit");
    assert!(
        refused
            .description
            .unwrap()
            .contains("message is not modified")
    );
    let status = bridge.status().await;
    assert_eq!(
        (&status["dead"], &status["waiting"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(count(&bridge.emulator, USER, "still step one"), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_whose_message_is_gone_is_sent_anew_and_edited_there() {
    let bridge = TestBridge::start(setup()).await;
    post(&bridge, &progress("step one")).await;
    bridge.message_with(USER, "step one").await;
    for (gone, step) in [
        ("Bad Request: message to edit not found", "step two"),
        ("Bad Request: message can't be edited", "step three"),
    ] {
        fault(&bridge, "editMessageText", 1, refusal(400, gone));
        post(&bridge, &progress(step)).await;
        let anew = bridge.message_with(USER, step).await;
        assert_eq!(anew.edits, 0);
    }
    post(&bridge, &progress("step four")).await;
    let edited = bridge.message_with(USER, "step four").await;
    assert_eq!(edited.edits, 1);
    let texts: Vec<i64> = bridge
        .emulator
        .messages(USER)
        .iter()
        .map(|message| message.message_id)
        .collect();
    assert_eq!((texts.len(), texts.last()), (3, Some(&edited.message_id)));
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_whose_formatting_is_refused_is_sent_without_it() {
    let bridge = TestBridge::start(setup()).await;
    let description = "Bad Request: can't parse entities: unsupported entity type";
    fault(&bridge, "sendMessage", 1, refusal(400, description));
    post(&bridge, &info("plain it is")).await;
    let message = bridge.message_with(USER, "plain it is").await;
    assert!(message.entities.is_empty(), "{message:?}");
    bridge.idle().await;
    assert_eq!(bridge.status().await["dead"], 0);
    bridge.finish().await;
}

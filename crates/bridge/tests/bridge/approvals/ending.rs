//! Requests that end without a decision.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use super::ask_over_socket;
use super::copy;
use super::data;
use super::ended;
use super::forge;
use super::press;
use super::request;
use crate::steps::setup;

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

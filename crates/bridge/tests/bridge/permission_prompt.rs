//! `permission_prompt`: what Claude Code's `--permission-prompt-tool` asks, and what it is answered.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::line_client::LineClient;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

async fn in_mode(mode: &str) -> (TestBridge, LineClient) {
    let bridge = TestBridge::start(setup()).await;
    let request = json!({ "mode": mode });
    let switched = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&request))
        .await;
    assert_eq!(switched.unwrap().status, 200);
    let client = LineClient::ready(&bridge).await;
    (bridge, client)
}

/// What Claude Code hands over.
fn asks(command: &str) -> Value {
    json!({
        "tool_name": "Bash", "tool_use_id": "toolu_1", "some_new_field": 1,
        "input": { "command": command, "description": "Try it" },
    })
}

async fn press(bridge: &TestBridge, text: &str, label: &str) -> Message {
    let asks = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|shown| shown.contains(text))
    };
    let message = bridge.message(USER, text, asks).await;
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("there is such a button");
    message
}

/// The one block of JSON.
async fn verdict(client: &mut LineClient, call: i64) -> Value {
    let answer = client.answer(call).await;
    let result = &answer["result"];
    assert_eq!(result["isError"], false, "{answer}");
    assert_eq!(result["structuredContent"], Value::Null);
    assert_eq!(result["content"].as_array().unwrap().len(), 1);
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_press_allows_or_denies_and_nothing_else_does() {
    let (bridge, mut client) = in_mode("nomad").await;
    let call = client
        .begin_call("permission_prompt", asks("make one"))
        .await;
    let shown = press(&bridge, "make one", "Allow once").await;
    let text = shown.text.unwrap();
    for part in ["wants to use Bash", "make one", "Try it", "session: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let allowed = verdict(&mut client, call).await;
    assert_eq!(allowed, json!({ "behavior": "allow" }));
    let call = client
        .begin_call("permission_prompt", asks("make two"))
        .await;
    press(&bridge, "make two", "Deny").await;
    let denied = verdict(&mut client, call).await;
    let message = "Denied by @user1001 on the phone.";
    assert_eq!(denied, json!({ "behavior": "deny", "message": message }));
    let request = json!({ "mode": "mute" });
    let muted = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&request));
    assert_eq!(muted.await.unwrap().status, 200);
    let call = client
        .begin_call("permission_prompt", asks("make three"))
        .await;
    assert_eq!(verdict(&mut client, call).await["behavior"], "deny");
    let call = client
        .begin_call("permission_prompt", json!({ "tool_name": "Bash" }))
        .await;
    let wrong = verdict(&mut client, call).await;
    let message = "missing field `input`";
    assert_eq!(wrong, json!({ "behavior": "deny", "message": message }));
    client.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_a_bridge_or_against_a_rule_it_is_denied() {
    let bridge = TestBridge::prepare(setup()).await;
    let mut client = LineClient::ready(&bridge).await;
    let call = client
        .begin_call("permission_prompt", asks("make one"))
        .await;
    let denied = verdict(&mut client, call).await;
    assert_eq!(denied["behavior"], "deny");
    let why = denied["message"].as_str().unwrap();
    assert!(why.contains("no bridge is running"), "{why}");
    let rule = "[[rule]]\nname = \"home\"\noutcome = \"deny\"\nmatch = { command = \"rm *\" }\n";
    fs::write(bridge.root().join("policy.toml"), rule).unwrap();
    let call = client
        .begin_call("permission_prompt", asks("echo; rm -rf ~"))
        .await;
    let denied = verdict(&mut client, call).await;
    assert_eq!(denied["behavior"], "deny");
    let why = denied["message"].as_str().unwrap();
    assert!(why.contains("“home” forbids this"), "{why}");
    client.leave().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_taken_back_loses_its_buttons() {
    let (bridge, mut client) = in_mode("nomad").await;
    let call = client
        .begin_call("permission_prompt", asks("make late"))
        .await;
    let asks = |m: &Message| !m.keyboard.is_empty();
    let message = bridge.message(USER, "the question", asks).await;
    let params = json!({ "requestId": call, "reason": "answered elsewhere" });
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
    client.write(&cancel).await;
    let over = |m: &Message| {
        m.message_id == message.message_id
            && m.keyboard.is_empty()
            && m.text
                .as_deref()
                .is_some_and(|text| text.contains("Already answered"))
    };
    bridge.message(USER, "the question is over", over).await;
    client.leave().await;
    bridge.finish().await;
}

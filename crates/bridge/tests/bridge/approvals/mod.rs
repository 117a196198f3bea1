//! Requests for a decision: what people see, what a press does, what programs read.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

mod deciding;
mod ending;
mod forged;
mod restarts;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use serde_json::Value;
use serde_json::json;

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

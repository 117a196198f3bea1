//! What the bridge makes of every answer that Telegram can give, and of none.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod limits;
mod parks;
mod refusals;
mod retries;
mod tokens;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::FaultKind;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::steps::shown;

fn progress(title: &str) -> Value {
    json!({ "type": "task_progress", "task_id": "task-1", "title": title })
}

/// Asks for a decision; answers the request's id.
async fn ask(bridge: &TestBridge, event_id: &str) -> String {
    let event = json!({ "type": "approval_request", "event_id": event_id, "title": "Deploy?" });
    let answer = bridge
        .socket
        .post("/v1/approvals", &json!({ "event": event }))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["approval_id"].as_str().unwrap().to_owned()
}

fn refusal(code: u16, description: &str) -> FaultKind {
    FaultKind::Status {
        code,
        description: description.to_owned(),
        retry_after: None,
    }
}

/// How many messages of the bot in this chat contain the text.
fn count(emulator: &Emulator, user: i64, text: &str) -> usize {
    let messages = emulator.messages(user);
    messages
        .iter()
        .filter(|message| message.from_bot && shown(message).contains(text))
        .count()
}

/// Calls that send a message, those of one chat or all.
fn sends(emulator: &Emulator, chat: Option<i64>) -> Vec<Call> {
    let to_chat = |call: &Call| chat.is_none() || call.params["chat_id"].as_i64() == chat;
    emulator
        .calls()
        .into_iter()
        .filter(|call| call.method == "sendMessage" && to_chat(call))
        .collect()
}

/// The status code and the body of the health page.
async fn health(bridge: &TestBridge) -> (u16, Value) {
    let address = bridge.status().await["health_address"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client
        .get(format!("http://{address}/health"))
        .send()
        .await
        .expect("the health page answers");
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    )
}

/// Waits until the health page answers with this code; answers its body.
async fn health_when(bridge: &TestBridge, code: u16) -> Value {
    until(&format!("health says {code}"), async || {
        let (status, body) = health(bridge).await;
        (status == code).then_some(body)
    })
    .await
}

/// The entry of the queue whose title contains the text.
async fn queued(bridge: &TestBridge, title: &str) -> Option<Value> {
    let queue = bridge.socket.get("/v1/queue").await.body;
    let entries = queue.as_array().unwrap().iter();
    entries
        .into_iter()
        .find(|entry| entry["title"].as_str().unwrap().contains(title))
        .cloned()
}

async fn queued_as(bridge: &TestBridge, title: &str, state: &str) -> Value {
    until(&format!("{title} is {state}"), async || {
        queued(bridge, title)
            .await
            .filter(|entry| entry["state"] == state)
    })
    .await
}

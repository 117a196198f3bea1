//! Groups: enrolling them, who counts there, topics, the move to a supergroup, being thrown out.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says why"
)]

mod enrolment;
mod leaving;
mod strangers;
mod topics;

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::User;
use serde_json::Value;
use serde_json::json;

use crate::steps::STRANGER;

pub(crate) const GROUP: i64 = -1_000_000_000_007;

const MOVED: i64 = -1_000_000_000_008;

/// A bridge whose bot is in a group with everybody and a stranger.
pub(crate) async fn in_group(setup: Setup, kind: GroupKind) -> TestBridge {
    let bridge = TestBridge::start(setup).await;
    let phone = &bridge.emulator;
    phone.add_user(User {
        id: STRANGER,
        first_name: "Mallory".to_owned(),
        username: None,
    });
    phone
        .add_group(GROUP, "Team", kind, &[USER, STRANGER])
        .expect("they are known");
    phone.add_bot(GROUP, USER).expect("the user is a member");
    bridge
}

/// A code, as it is written in the group.
async fn code(bridge: &TestBridge, projects: &[&str]) -> (i64, String) {
    let body = json!({ "projects": projects });
    let answer = bridge.socket.post("/v1/enrolments", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let text = answer.body["command"].as_str().expect("there is a command");
    let id = answer.body["enrolment_id"].as_i64().expect("it has an id");
    (id, text.to_owned())
}

async fn state(bridge: &TestBridge, id: i64) -> String {
    let answer = bridge.socket.get(&format!("/v1/enrolments/{id}")).await;
    answer.body["state"].as_str().expect("a state").to_owned()
}

/// The question whether to enrol the group, in a private chat.
async fn question(bridge: &TestBridge, user: i64) -> Message {
    let asks = |m: &Message| {
        !m.keyboard.is_empty()
            && m.text
                .as_deref()
                .is_some_and(|text| text.starts_with("Enrol the group -"))
    };
    bridge.message(user, "the question", asks).await
}

/// Enrols the group by the stranger's message and the user's press.
pub(crate) async fn enrol(bridge: &TestBridge, projects: &[&str]) {
    let (id, text) = code(bridge, projects).await;
    say(bridge, STRANGER, &text);
    let question = question(bridge, USER).await;
    press_private(bridge, &question, "Enrol").await;
    assert_eq!(state(bridge, id).await, "enrolled");
    bridge.message_with(GROUP, "This group is enrolled").await;
    bridge.idle().await;
}

async fn press_private(bridge: &TestBridge, question: &Message, label: &str) -> String {
    let press = bridge
        .emulator
        .press(question.chat_id, question.message_id, label)
        .expect("there is such a button");
    bridge.told(&press).await.text.unwrap_or_default()
}

async fn press_in_group(bridge: &TestBridge, user: i64, copy: &Message, label: &str) -> String {
    let press = bridge
        .emulator
        .press_in_group(copy.chat_id, user, copy.message_id, label)
        .expect("there is such a button");
    bridge.told(&press).await.text.unwrap_or_default()
}

fn say(bridge: &TestBridge, user: i64, text: &str) -> i64 {
    let said = bridge.emulator.say_in_group(GROUP, user, text);
    said.expect("the user is a member")
}

fn event(id: &str, project: &str) -> Value {
    json!({ "type": "build_failed", "event_id": id, "title": format!("Event {id}"), "project": project })
}

fn request(id: &str) -> Value {
    json!({ "type": "approval_request", "event_id": id, "title": format!("May I {id}?"), "project": "shop" })
}

async fn copy(bridge: &TestBridge, chat: i64, id: &str) -> Message {
    let title = format!("May I {id}?");
    let asks = |m: &Message| {
        !m.keyboard.is_empty() && m.text.as_deref().is_some_and(|text| text.contains(&title))
    };
    bridge
        .message(chat, &format!("the request {id}"), asks)
        .await
}

fn from_bot(bridge: &TestBridge, chat: i64) -> usize {
    let messages = bridge.emulator.messages(chat);
    messages.iter().filter(|m| m.from_bot).count()
}

/// How many messages of the bot in this chat say this.
fn count(bridge: &TestBridge, chat: i64, text: &str) -> usize {
    let says = |m: &Message| m.from_bot && m.text.as_deref().is_some_and(|t| t.contains(text));
    let messages = bridge.emulator.messages(chat);
    messages.iter().filter(|m| says(m)).count()
}

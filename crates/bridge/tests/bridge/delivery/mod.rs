//! Who gets which event, in which order and form, and at which pace.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

mod form;
mod pace;
mod progress;
mod recipients;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::emulator::Call;
use cctelegram_testkit::emulator::Emulator;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::steps::shown;

const OTHERS: [i64; 4] = [1_002, 1_003, 1_004, 1_005];

fn progress(task: &str, title: &str) -> Value {
    json!({ "type": "task_progress", "task_id": task, "title": title })
}

/// The bot's messages in a chat, the oldest first.
fn received(emulator: &Emulator, user: i64) -> Vec<Message> {
    emulator
        .messages(user)
        .into_iter()
        .filter(|message| message.from_bot)
        .collect()
}

/// Where each of the words stands among the messages that a chat received.
fn places<const N: usize>(bridge: &TestBridge, user: i64, words: [&str; N]) -> [usize; N] {
    let messages = received(&bridge.emulator, user);
    words.map(|word| {
        messages
            .iter()
            .position(|message| shown(message).contains(word))
            .expect(word)
    })
}

/// Calls that send or change something, those of one chat or all.
fn writing_calls(emulator: &Emulator, chat: Option<i64>) -> Vec<Call> {
    let writes = |call: &Call| {
        matches!(
            call.method.as_str(),
            "sendMessage" | "editMessageText" | "sendDocument"
        )
    };
    let to_chat = |call: &Call| chat.is_none() || call.params["chat_id"].as_i64() == chat;
    emulator
        .calls()
        .into_iter()
        .filter(|call| writes(call) && to_chat(call))
        .collect()
}

/// The user blocks the bot, so that everything queues up until `come_back`.
async fn go_away(bridge: &TestBridge, user: i64) {
    bridge.emulator.block(user);
    until("the chat is parked", async || {
        let parked = bridge
            .audited()
            .await
            .iter()
            .any(|name| name.contains("park"));
        parked.then_some(())
    })
    .await;
}

/// Waits until no event file is left.
async fn taken_in(bridge: &TestBridge) {
    until("every file is taken", async || {
        let mut left = std::fs::read_dir(bridge.events()).unwrap().flatten();
        (!left.any(|entry| entry.path().is_file())).then_some(())
    })
    .await;
}

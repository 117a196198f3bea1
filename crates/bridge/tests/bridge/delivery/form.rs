//! Long texts, and what no call ever does.

use cctelegram_crypto::Digest;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use serde_json::json;

use super::received;
use super::writing_calls;
use crate::steps::post;
use crate::steps::setup;
use crate::steps::shown;

/// A text of numbered lines, so that a lost, doubled or moved one shows.
fn numbered(lines: usize) -> String {
    let lines: Vec<String> = (0..lines)
        .map(|line| format!("line {line:05} of the 😀 log"))
        .collect();
    lines.join("\n")
}

/// The numbers of all lines that a text shows, in the order in which they stand there.
fn numbers(text: &str) -> Vec<usize> {
    text.split("line ")
        .skip(1)
        .filter_map(|tail| tail.get(..5)?.parse().ok())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_split_into_three_messages_at_most_with_nothing_missing() {
    let bridge = TestBridge::start(setup()).await;
    let lines = 400;
    let event = json!({ "type": "info_notification", "title": "A long story", "description": numbered(lines) });
    post(&bridge, &event).await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert!(
        (2..=3).contains(&messages.len()),
        "{} messages",
        messages.len()
    );
    for message in &messages {
        let length = shown(message).encode_utf16().count();
        assert!(length <= 4_096 && message.document.is_none(), "{length}");
    }
    assert!(shown(&messages[0]).contains("A long story"));
    let joined: String = messages.iter().map(shown).collect();
    assert_eq!(numbers(&joined), (0..lines).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_text_is_attached_with_nothing_missing() {
    let bridge = TestBridge::start(setup()).await;
    let lines = 4_000;
    let event = json!({ "type": "build_failed", "title": "An endless story", "description": numbered(lines) });
    post(&bridge, &event).await;
    bridge.message_with(USER, "An endless story").await;
    bridge.idle().await;
    let messages = received(&bridge.emulator, USER);
    assert!(messages.len() <= 3, "{} messages", messages.len());
    let document = messages
        .iter()
        .find_map(|message| message.document.as_ref())
        .expect("a document");
    let content = String::from_utf8(document.bytes.clone()).unwrap();
    assert_eq!(numbers(&content), (0..lines).collect::<Vec<_>>());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_request_that_does_not_fit_is_attached_whole_with_its_digest_in_the_message() {
    let bridge = TestBridge::start(setup()).await;
    let command = numbered(2_000);
    let event =
        json!({ "type": "approval_request", "title": "Run it?", "data": { "command": command } });
    let asked = bridge
        .socket
        .post("/v1/approvals", &json!({ "event": event }))
        .await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let asks = |message: &Message| {
        message
            .keyboard
            .iter()
            .flatten()
            .any(|button| button.text == "Approve")
    };
    let request = bridge.message(USER, "a request with buttons", asks).await;
    let messages = received(&bridge.emulator, USER);
    let document = messages
        .iter()
        .find_map(|message| message.document.as_ref())
        .expect("a document");
    let content = String::from_utf8(document.bytes.clone()).unwrap();
    assert_eq!(numbers(&content), (0..2_000).collect::<Vec<_>>());
    let digest = Digest::of(&document.bytes).hex();
    assert!(
        shown(&request).contains(&digest),
        "no {digest} in {}",
        shown(&request)
    );
    assert_eq!(
        messages.last().map(|last| last.message_id),
        Some(request.message_id),
        "the buttons come last"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_no_call_uses_a_parse_mode_or_lets_telegram_fetch_links() {
    let bridge = TestBridge::start(setup()).await;
    let description = "See https://evil.example/collect?x=1 and [here](https://evil.example) <a href='x'>y</a> *z*";
    let with_link = |kind: &str, title: &str| json!({ "type": kind, "title": title, "description": description, "task_id": "t" });
    post(&bridge, &with_link("task_progress", "progress one")).await;
    bridge.message_with(USER, "progress one").await;
    post(&bridge, &with_link("task_progress", "progress two")).await;
    post(&bridge, &with_link("build_failed", "a failure")).await;
    post(&bridge, &with_link("approval_request", "a request")).await;
    bridge.emulator.send_text(USER, "/status");
    bridge.message_with(USER, "Up for").await;
    bridge.idle().await;
    assert!(bridge.emulator.count("editMessageText") > 0);
    for call in writing_calls(&bridge.emulator, None) {
        assert!(call.params.get("parse_mode").is_none(), "{call:?}");
        assert_eq!(
            call.params["link_preview_options"]["is_disabled"], true,
            "{call:?}"
        );
        assert_eq!(call.status, 200, "{call:?}");
    }
    bridge.finish().await;
}

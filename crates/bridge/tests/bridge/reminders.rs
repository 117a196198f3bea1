//! Requests that wait are told once more; and who may answer one in words.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::GroupKind;
use cctelegram_testkit::emulator::Message;
use cctelegram_testkit::emulator::Post;
use cctelegram_testkit::until;
use serde_json::Value;
use serde_json::json;

use crate::groups::GROUP;
use crate::groups::enrol;
use crate::groups::in_group;
use crate::steps::STRANGER;

fn setup() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram"))
}

async fn ask(bridge: &TestBridge, title: &str, more: Value) -> String {
    let mut body =
        json!({ "event": { "type": "approval_request", "title": title }, "lifetime_s": 600 });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let asked = bridge.socket.post("/v1/approvals", &body).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    asked.body["approval_id"].as_str().unwrap().to_owned()
}

fn reminders(bridge: &TestBridge, title: &str) -> Vec<Message> {
    let text = format!("Still waiting for an answer: “{title}”.");
    let is_it = |m: &Message| {
        m.text
            .as_deref()
            .is_some_and(|shown| shown.starts_with(&text))
    };
    let messages = bridge.emulator.messages(USER).into_iter();
    messages.filter(is_it).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_is_told_once_more() {
    let mut bridge = TestBridge::start(setup()).await;
    ask(&bridge, "Deploy?", json!({ "remind_s": 1 })).await;
    let asked = bridge.message_with(USER, "Deploy?").await;
    let reminder = bridge
        .message_with(
            USER,
            "Still waiting for an answer: “Deploy?”. It expires at ",
        )
        .await;
    assert_eq!(reminder.reply_to, Some(asked.message_id));
    assert!(!reminder.silent && reminder.keyboard.is_empty());

    // Its time comes while no bridge runs.
    ask(&bridge, "Restart?", json!({ "remind_s": 8 })).await;
    bridge.message_with(USER, "Restart?").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.launch().await;
    bridge
        .message_with(USER, "Still waiting for an answer: “Restart?”")
        .await;
    bridge.records_when("approval_reminded", 2).await;
    bridge.idle().await;
    assert_eq!(reminders(&bridge, "Deploy?").len(), 1);
    assert_eq!(reminders(&bridge, "Restart?").len(), 1);

    // Who answers the reminder means the request.
    let words = json!({ "remind_s": 1, "form": { "words": true } });
    let id = ask(&bridge, "How?", words).await;
    let reminder = bridge
        .message_with(USER, "Still waiting for an answer: “How?”")
        .await;
    bridge.emulator.reply(USER, reminder.message_id, "Slowly");
    let status = bridge
        .socket
        .get(&format!("/v1/approvals/{id}?wait_s=20"))
        .await
        .body;
    assert_eq!(status["option"], "Slowly", "{status}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_of_what_is_over_or_in_a_mute() {
    let bridge = TestBridge::start(setup()).await;
    ask(&bridge, "Over?", json!({ "remind_s": 8 })).await;
    let asked = bridge.message_with(USER, "Over?").await;
    bridge
        .emulator
        .press(USER, asked.message_id, "Approve")
        .unwrap();
    bridge.records_when("approval_decided", 1).await;
    ask(&bridge, "Muted?", json!({ "remind_s": 8 })).await;
    bridge.message_with(USER, "Muted?").await;
    bridge.idle().await;
    let mute = async |body: Value| {
        let path = "/v1/mode";
        let switched = bridge
            .socket
            .request(reqwest::Method::PUT, path, Some(&body))
            .await;
        assert_eq!(switched.unwrap().status, 200);
    };
    mute(json!({ "mode": "mute" })).await;
    // A third request, held back, expires after the reminder would have come.
    let id = ask(
        &bridge,
        "Later?",
        json!({ "lifetime_s": 12, "remind_s": 1 }),
    )
    .await;
    until("the third has expired", async || {
        let status = bridge
            .socket
            .get(&format!("/v1/approvals/{id}?wait_s=15"))
            .await;
        (status.body["state"] == "expired").then_some(())
    })
    .await;
    assert_eq!(bridge.records("approval_reminded").await.len(), 0);
    mute(json!({ "mode": "local" })).await;
    bridge
        .message_with(USER, "Still waiting for an answer: “Muted?”")
        .await;
    bridge.idle().await;
    assert_eq!(bridge.records("approval_reminded").await.len(), 1);
    assert!(reminders(&bridge, "Over?").is_empty() && reminders(&bridge, "Later?").is_empty());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_begin_with_a_slash_answer_too_unless_they_are_a_command_of_ours() {
    let bridge = TestBridge::start(setup()).await;
    let words = json!({ "form": { "words": true } });
    let id = ask(&bridge, "Which page?", words).await;
    let asked = bridge.message_with(USER, "Which page?").await;
    bridge.idle().await;
    bridge.emulator.reply(USER, asked.message_id, "/whoami");
    bridge.message_with(USER, "Your Telegram user id is").await;
    let path = format!("/v1/approvals/{id}");
    assert_eq!(bridge.socket.get(&path).await.body["state"], "pending");
    let page = "/products/shoes";
    bridge.emulator.reply(USER, asked.message_id, page);
    let status = bridge.socket.get(&format!("{path}?wait_s=20")).await.body;
    assert_eq!(status["option"], page, "{status}");
    bridge.message_with(USER, "That is the answer now.").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_only_an_allowed_persons_own_words_answer() {
    let bridge = in_group(setup(), GroupKind::Supergroup).await;
    enrol(&bridge, &[]).await;
    let id = ask(&bridge, "Which way?", json!({ "form": { "words": true } })).await;
    let asked = bridge.message_with(GROUP, "Which way?").await;
    bridge.idle().await;
    let reply = |text: &str, forwarded| Post {
        text: text.to_owned(),
        reply_to: Some(asked.message_id),
        forwarded,
        ..Post::default()
    };
    let phone = &bridge.emulator;
    phone
        .post_in_group(GROUP, STRANGER, &reply("Left", false))
        .expect("a member");
    phone
        .post_in_group(GROUP, USER, &reply("Backwards", true))
        .expect("a member");
    // What is about no request at all decides none either.
    phone
        .say_in_group(GROUP, USER, "Straight on")
        .expect("a member");
    bridge.records_when("access_refused", 1).await;
    bridge.records_when("update_ignored", 1).await;
    let path = format!("/v1/approvals/{id}");
    assert_eq!(bridge.socket.get(&path).await.body["state"], "pending");
    phone
        .post_in_group(GROUP, USER, &reply("Right", false))
        .expect("a member");
    let status = bridge.socket.get(&format!("{path}?wait_s=20")).await.body;
    assert_eq!(
        (&status["state"], &status["option"]),
        (&json!("decided"), &json!("Right"))
    );
    assert_eq!(status["by"]["id"], USER);

    // Where words are no answer, they decide nothing.
    let id = ask(&bridge, "Press!", json!({})).await;
    let asked = bridge.message_with(USER, "Press!").await;
    bridge.idle().await;
    bridge.emulator.reply(USER, asked.message_id, "Approve");
    bridge
        .message_with(USER, "Noted as an answer to “Press!”")
        .await;
    let status = bridge.socket.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!(status.body["state"], "pending");
    bridge.finish().await;
}

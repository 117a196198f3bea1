//! The end of a turn that waits for a reply on the phone (`[nomad] wait_for_reply`), and goes on with it.

use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use reqwest::Method;
use serde_json::json;

use crate::agent::away;
use crate::claude::Claude;
use crate::codex::Codex;
use crate::figures;
use crate::model::Model;
use crate::model::Turn;

const REPLY: &str = "Now paint the door as well.";

fn patient() -> Setup {
    away().config("[nomad]\nwait_for_reply = \"5m\"")
}

fn script() -> [Turn; 2] {
    [
        Turn::Say("The wall is painted."),
        Turn::Say("The door is painted."),
    ]
}

/// Waits for the end of a turn that waits for a reply.
async fn waits(bridge: &TestBridge, said: &str) -> Message {
    let is_it = |m: &Message| {
        let text = m.text.as_deref().unwrap_or_default();
        text.contains(said) && text.contains("Reply to this message within")
    };
    bridge.message(USER, said, is_it).await
}

/// Replies once, and sees that the model is told of it; `agent` is for the figure.
async fn reply(bridge: &TestBridge, model: &Model, agent: &str) {
    let message = waits(bridge, "The wall is painted.").await;
    let replied = std::time::Instant::now();
    bridge.emulator.reply(USER, message.message_id, REPLY);
    let told = model.asked(1).await;
    figures::print(agent, "reply to agent goes on", told.at - replied);
    // Codex hands the text over as XML.
    let told = told.news().replace("&gt;", ">");
    assert!(told.contains(&format!("> {REPLY}")), "{told}");
    assert!(told.contains("@user1001"), "{told}");
    waits(bridge, "The door is painted.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_goes_on_with_a_reply() {
    let bridge = TestBridge::start(patient()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    reply(&bridge, &model, "Claude Code").await;
    // Whoever is back at the desk ends the wait.
    let local = json!({ "mode": "local" });
    let switched = bridge
        .socket
        .request(Method::PUT, "/v1/mode", Some(&local))
        .await;
    assert_eq!(switched.unwrap().status, 200);
    assert_eq!(run.finish().await.said(), "The door is painted.");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_at_a_terminal_goes_on_with_a_reply_until_somebody_is_back() {
    let bridge = TestBridge::start(patient()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let terminal = claude.interactive("default");
    reply(&bridge, &model, "Claude Code at a terminal").await;
    terminal.shows("The door is painted.").await;
    terminal.shows("running Stop hook").await;
    terminal.press_until("Escape", "Interrupted").await;
    terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_goes_on_with_a_reply() {
    let bridge = TestBridge::start(patient()).await;
    let model = Model::start(&script()).await;
    let codex = Codex::beside(&bridge, &model).await;
    reply(&bridge, &model, "Codex").await;
    codex.terminal.shows("The door is painted.").await;
    codex.terminal.close().await;
    bridge.finish().await;
}

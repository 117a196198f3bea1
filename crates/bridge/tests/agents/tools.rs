//! The tools of `cctelegram mcp` in the hands of the real agents.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use crate::agent::ONCE;
use crate::agent::away;
use crate::agent::press;
use crate::agent::request;
use crate::claude::Claude;
use crate::codex::Codex;
use crate::model::Model;
use crate::model::Turn;

fn script() -> [Turn; 3] {
    let question = json!({ "question": "Which colour?", "options": ["Red", "Blue"] });
    let message = json!({ "message": "Blue it is." });
    [
        Turn::Call("mcp__cctelegram__ask_human", question),
        Turn::Call("mcp__cctelegram__send_telegram_message", message),
        Turn::Say("All is told."),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_asks_and_tells() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    press(&bridge, "Which colour?\nApproval request", "Blue").await;
    let told = model.asked(1).await.news();
    assert!(told.contains(r#"\"answer\":\"Blue\""#), "{told}");
    bridge.message_with(USER, "Blue it is.").await;
    assert_eq!(run.finish().await.said(), "All is told.");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_asks_in_words_and_tells() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script()).await;
    let codex = Codex::beside(&bridge, &model).await;
    press(&bridge, "wants to use mcp__cctelegram__ask_human", ONCE).await;
    let question = request(&bridge, "Which colour?\nApproval request").await;
    bridge.emulator.reply(USER, question.message_id, "Green.");
    let told = model.asked(1).await.news();
    assert!(told.contains("Green."), "{told}");
    let tell = "wants to use mcp__cctelegram__send_telegram_message";
    press(&bridge, tell, ONCE).await;
    bridge.message_with(USER, "Blue it is.").await;
    codex.terminal.shows("All is told.").await;
    codex.terminal.close().await;
    bridge.finish().await;
}

//! `claude -p --permission-prompt-tool mcp__cctelegram__permission_prompt`: the tool asks in place of the hooks.

use cctelegram_testkit::TestBridge;
use serde_json::json;

use crate::agent::DENY;
use crate::agent::ONCE;
use crate::agent::away;
use crate::agent::ended;
use crate::agent::press;
use crate::agent::request;
use crate::claude::Claude;
use crate::claude::Run;
use crate::figures;
use crate::model::Model;
use crate::model::Turn;

/// Without hooks, which would ask the same at the same time.
fn start(claude: &Claude) -> Run {
    let settings = json!({ "disableAllHooks": true }).to_string();
    claude.headless(&[
        "--settings",
        &settings,
        "--permission-prompt-tool",
        "mcp__cctelegram__permission_prompt",
    ])
}

fn script(last: &'static str) -> [Turn; 2] {
    let input = json!({ "command": "mkdir made", "description": "Try" });
    [Turn::Call("Bash", input), Turn::Say(last)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_lets_the_tool_run() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script("It is made.")).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = start(&claude);
    let (message, pressed) = press(&bridge, "mkdir made", ONCE).await;
    let went_on = model.asked(1).await.at;
    figures::print(
        "Claude Code with the prompt tool",
        "press to agent goes on",
        went_on - pressed,
    );
    assert_eq!(run.finish().await.said(), "It is made.");
    assert!(claude.home.project.join("made").is_dir());
    ended(&bridge, &message, "Allowed once by @user1001").await;
    assert_eq!(bridge.records("approval_decided").await.len(), 1);
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_press_keeps_the_tool_from_running() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script("Then not.")).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = start(&claude);
    press(&bridge, "mkdir made", DENY).await;
    let told = model.asked(1).await.news();
    assert!(told.contains("Denied by @user1001 on the phone."), "{told}");
    assert_eq!(run.finish().await.said(), "Then not.");
    assert!(!claude.home.project.join("made").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_a_killed_agent_asked_for_cannot_be_allowed() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script("It is made.")).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = start(&claude);
    let message = request(&bridge, "mkdir made").await;
    run.kill().await;
    ended(&bridge, &message, "mkdir made").await;
    assert_eq!(bridge.records("approval_decided").await.len(), 0);
    assert!(!claude.home.project.join("made").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_on_the_phone() {
    let bridge = TestBridge::start(away()).await;
    let option = |label: &str| json!({ "label": label, "description": "A colour" });
    let question = json!({ "questions": [{
        "question": "Which colour shall it have?", "header": "Colour", "multiSelect": false,
        "options": [option("Red"), option("Blue")],
    }]});
    let script = [
        Turn::Call("AskUserQuestion", question),
        Turn::Say("It is painted."),
    ];
    let model = Model::start(&script).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = start(&claude);
    press(&bridge, "Which colour shall it have?", "Blue").await;
    let told = model.asked(1).await.news();
    assert!(told.contains("Blue"), "{told}");
    assert_eq!(run.finish().await.said(), "It is painted.");
    bridge.finish().await;
}

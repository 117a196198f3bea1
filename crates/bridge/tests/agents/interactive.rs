//! Claude Code at a terminal: the phone and the terminal ask at the same time, and the first answer counts.

use std::time::Instant;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use crate::agent::ONCE;
use crate::agent::away;
use crate::agent::ended;
use crate::agent::press;
use crate::agent::request;
use crate::claude::Claude;
use crate::figures;
use crate::model::Model;
use crate::model::Turn;

const DIALOG: &str = "Do you want to proceed?";

fn script() -> [Turn; 2] {
    let input = json!({ "command": "mkdir made", "description": "Try" });
    [Turn::Call("Bash", input), Turn::Say("It is made.")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_closes_the_dialog_at_the_terminal() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let terminal = claude.interactive("default");
    let asked = model.asked(0).await.at;
    request(&bridge, "mkdir made").await;
    figures::print(
        "Claude Code at a terminal",
        "request to phone",
        asked.elapsed(),
    );
    terminal.shows(DIALOG).await;
    let (message, pressed) = press(&bridge, "mkdir made", ONCE).await;
    let went_on = model.asked(1).await.at;
    figures::print(
        "Claude Code at a terminal",
        "press to agent goes on",
        went_on - pressed,
    );
    terminal.shows("It is made.").await;
    terminal.loses(DIALOG).await;
    assert!(claude.home.project.join("made").is_dir());
    ended(&bridge, &message, "Allowed once by @user1001").await;
    terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_at_the_terminal_ends_the_request_on_the_phone() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let terminal = claude.interactive("default");
    let message = request(&bridge, "mkdir made").await;
    terminal.shows(DIALOG).await;
    let answered = Instant::now();
    terminal.press_until("Enter", "It is made.").await;
    ended(&bridge, &message, "Already answered in the terminal").await;
    figures::print(
        "Claude Code at a terminal",
        "answer there to phone",
        answered.elapsed(),
    );
    assert!(claude.home.project.join("made").is_dir());
    assert_eq!(bridge.records("approval_settled_locally").await.len(), 1);
    terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_interrupted_at_the_terminal_cannot_be_allowed_on_the_phone() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&script()).await;
    let claude = Claude::beside(&bridge, &model).await;
    let terminal = claude.interactive("default");
    let message = request(&bridge, "mkdir made").await;
    terminal.shows(DIALOG).await;
    let interrupted = Instant::now();
    terminal.press_until("Escape", "Interrupted").await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    figures::print(
        "Claude Code at a terminal",
        "interrupt there to phone",
        interrupted.elapsed(),
    );
    assert!(!claude.home.project.join("made").exists());
    terminal.close().await;
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
    let terminal = claude.interactive("default");
    let (_, pressed) = press(&bridge, "Which colour shall it have?", "Blue").await;
    let told = model.asked(1).await;
    figures::print(
        "Claude Code at a terminal",
        "press to answer of a question",
        told.at - pressed,
    );
    assert!(told.news().contains("Blue"), "{}", told.news());
    terminal.shows("It is painted.").await;
    terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_sent_back_and_approved_on_the_phone() {
    let bridge = TestBridge::start(away()).await;
    let leave = || Turn::Call("ExitPlanMode", json!({}));
    let script = [
        Turn::Plan("# Plan: paint it red"),
        leave(),
        Turn::Plan("# Plan: paint it blue"),
        leave(),
        Turn::Say("It is painted."),
    ];
    let model = Model::start(&script).await;
    let claude = Claude::beside(&bridge, &model).await;
    let terminal = claude.interactive("plan");
    let (first, _) = press(&bridge, "paint it red", "Keep planning and say why").await;
    ended(&bridge, &first, "Reply to this message within a minute").await;
    let reply = "Not red, please.";
    bridge.emulator.reply(USER, first.message_id, reply);
    let told = model.asked(2).await.news();
    assert!(told.contains(reply), "{told}");
    press(&bridge, "paint it blue", "Approve").await;
    let told = model.asked(4).await.news();
    assert!(told.contains("User has approved your plan"), "{told}");
    terminal.shows("It is painted.").await;
    terminal.close().await;
    bridge.finish().await;
}

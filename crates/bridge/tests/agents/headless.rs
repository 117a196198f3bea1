//! Claude Code without a terminal (`claude -p`): what is answered on the phone, and what nobody can answer.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use crate::agent::ONCE;
use crate::agent::SESSION;
use crate::agent::WHY;
use crate::agent::away;
use crate::agent::ended;
use crate::agent::press;
use crate::agent::request;
use crate::claude::Claude;
use crate::figures;
use crate::model::Model;
use crate::model::Turn;

fn bash(command: &str) -> Turn {
    Turn::Call("Bash", json!({ "command": command, "description": "Try" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_lets_the_tool_run() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[bash("mkdir made"), Turn::Say("It is made.")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    let asked = model.asked(0).await.at;
    request(&bridge, "mkdir made").await;
    figures::print("Claude Code", "request to phone", asked.elapsed());
    let (message, pressed) = press(&bridge, "mkdir made", ONCE).await;
    let went_on = model.asked(1).await.at;
    figures::print("Claude Code", "press to agent goes on", went_on - pressed);
    assert_eq!(run.finish().await.said(), "It is made.");
    assert!(claude.home.project.join("made").is_dir());
    ended(&bridge, &message, "Allowed once by @user1001").await;
    bridge.message_with(USER, "It is made.").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_keeps_the_tool_from_running_and_the_reason_reaches_the_model() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[bash("mkdir made"), Turn::Say("Then not.")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    let (message, _) = press(&bridge, "mkdir made", WHY).await;
    ended(&bridge, &message, "Reply to this message within a minute").await;
    bridge
        .emulator
        .reply(USER, message.message_id, "Use the folder that is there.");
    let told = model.asked(1).await.news();
    assert!(
        told.contains("Denied by @user1001 on the phone, who wrote: Use the folder that is there."),
        "{told}"
    );
    assert_eq!(run.finish().await.said(), "Then not.");
    assert!(!claude.home.project.join("made").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_for_the_session_is_not_asked_again() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[
        bash("git init one"),
        bash("git init two"),
        Turn::Say("Both are there."),
    ])
    .await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    press(&bridge, "git init one", SESSION).await;
    assert_eq!(run.finish().await.said(), "Both are there.");
    assert!(claude.home.project.join("two/.git").is_dir());
    assert_eq!(bridge.records("approval_decided").await.len(), 1);
    let written = fs::read_dir(claude.home.project.join(".claude"));
    assert!(written.is_err(), "the rule is kept for the session only");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_without_a_bridge_the_agent_decides_at_once_and_runs_nothing() {
    let bridge = TestBridge::prepare(away()).await;
    let model = Model::start(&[bash("mkdir made"), Turn::Say("It was refused.")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    let asked = model.asked(0).await.at;
    let told = model.asked(1).await;
    figures::print(
        "Claude Code",
        "without a bridge, request to refusal",
        told.at - asked,
    );
    assert!(told.news().contains("needs approval"), "{}", told.news());
    assert_eq!(run.finish().await.said(), "It was refused.");
    assert!(!claude.home.project.join("made").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_bridge_loses_no_request() {
    let mut bridge = TestBridge::start(away()).await;
    let model = Model::start(&[bash("mkdir made"), Turn::Say("It is made.")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    request(&bridge, "mkdir made").await;
    bridge.idle().await;
    bridge.kill().await;
    bridge.launch().await;
    request(&bridge, "Still waiting at ").await;
    let (_, pressed) = press(&bridge, "mkdir made", ONCE).await;
    let went_on = model.asked(1).await.at;
    figures::print(
        "Claude Code",
        "press to agent goes on, after a restart",
        went_on - pressed,
    );
    assert_eq!(run.finish().await.said(), "It is made.");
    assert!(claude.home.project.join("made").is_dir());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_a_killed_agent_asked_for_cannot_be_allowed() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[bash("mkdir made")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    let run = claude.headless(&[]);
    let message = request(&bridge, "mkdir made").await;
    run.kill().await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_a_rule_denies_what_the_settings_of_the_agent_allow() {
    let bridge = TestBridge::start(away()).await;
    let rule = "[[rule]]\nname = \"keep the folders\"\noutcome = \"deny\"\nmatch = { command = \"rmdir *\" }\n";
    let policy = bridge.root().join("policy.toml");
    fs::write(&policy, rule).unwrap();
    fs::set_permissions(&policy, Permissions::from_mode(0o600)).unwrap();
    let model = Model::start(&[bash("true; rmdir made"), Turn::Say("It is kept.")]).await;
    let claude = Claude::beside(&bridge, &model).await;
    fs::create_dir(claude.home.project.join("made")).unwrap();
    let run = claude.headless(&["--allowedTools", "Bash"]);
    let told = model.asked(1).await.news();
    assert!(told.contains("keep the folders"), "{told}");
    assert_eq!(run.finish().await.said(), "It is kept.");
    assert!(claude.home.project.join("made").is_dir());
    assert_eq!(bridge.status().await["pending_approvals"], 0);
    bridge.finish().await;
}

//! Codex at its terminal, which asks only when the hook has given no answer.

use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use serde_json::json;

use crate::agent;
use crate::agent::DENY;
use crate::agent::Home;
use crate::agent::ONCE;
use crate::agent::away;
use crate::agent::ended;
use crate::agent::press;
use crate::agent::request;
use crate::figures;
use crate::model::Model;
use crate::model::Turn;
use crate::terminal::Terminal;

pub(crate) struct Codex {
    // Ends before the home with its socket goes.
    pub(crate) terminal: Terminal,
    pub(crate) home: Home,
}

impl Codex {
    /// Sets it up, starts it and trusts the hooks, as people do once.
    pub(crate) async fn beside(bridge: &TestBridge, model: &Model) -> Self {
        let home = Home::new();
        let project = home.project.display();
        let url = model.url();
        let config = format!(
            "model = \"gpt-5\"\nmodel_provider = \"script\"\napproval_policy = \"on-request\"\nsandbox_mode = \"read-only\"\n\
             [model_providers.script]\nname = \"script\"\nbase_url = \"{url}/v1\"\nwire_api = \"responses\"\n\
             [projects.\"{project}\"]\ntrust_level = \"trusted\"\n"
        );
        home.write(".codex/config.toml", &config);
        let variables = home.variables(bridge);
        home.set_up("codex", &variables).await;
        let program = agent::installed(&["@openai", "codex-*", "vendor", "*", "bin", "codex"]);
        let command = [program.as_str(), "--no-daemon", "go"];
        let terminal = Terminal::start(home.folder.path(), &home.project, &command, &variables);
        terminal.shows("Hooks need review").await;
        terminal
            .press_until("Down", "› 2. Trust all and continue")
            .await;
        terminal.press(&["Enter"]);
        Self { terminal, home }
    }
}

/// A command that Codex has to ask for.
pub(crate) fn command() -> Turn {
    let arguments = json!({
        "cmd": "mkdir made", "sandbox_permissions": "require_escalated", "justification": "Try",
    });
    Turn::Call("exec_command", arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_lets_the_tool_run() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[command(), Turn::Say("It is made.")]).await;
    let codex = Codex::beside(&bridge, &model).await;
    let asked = model.asked(0).await.at;
    request(&bridge, "Codex wants to use Bash").await;
    figures::print("Codex", "request to phone", asked.elapsed());
    let (message, pressed) = press(&bridge, "mkdir made", ONCE).await;
    let went_on = model.asked(1).await.at;
    figures::print("Codex", "press to agent goes on", went_on - pressed);
    codex.terminal.shows("It is made.").await;
    assert!(codex.home.project.join("made").is_dir());
    ended(&bridge, &message, "Allowed once by @user1001").await;
    bridge.message_with(USER, "It is made.").await;
    codex.terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_keeps_the_tool_from_running() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[command(), Turn::Say("Then not.")]).await;
    let codex = Codex::beside(&bridge, &model).await;
    press(&bridge, "mkdir made", DENY).await;
    let told = model.asked(1).await.news();
    assert!(told.contains("Denied by @user1001 on the phone."), "{told}");
    codex.terminal.shows("Then not.").await;
    assert!(!codex.home.project.join("made").exists());
    codex.terminal.close().await;
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_what_is_interrupted_at_the_terminal_cannot_be_allowed_on_the_phone() {
    let bridge = TestBridge::start(away()).await;
    let model = Model::start(&[command(), Turn::Say("It is made.")]).await;
    let codex = Codex::beside(&bridge, &model).await;
    let message = request(&bridge, "mkdir made").await;
    codex
        .terminal
        .press_until("Escape", "Conversation interrupted")
        .await;
    ended(&bridge, &message, "Withdrawn by the one who asked").await;
    assert!(!codex.home.project.join("made").exists());
    codex.terminal.close().await;
    bridge.finish().await;
}

//! The plugin for Claude Code, as far as it goes without Claude Code: `scripts/check-plugin.sh` has the rest.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use serde_json::Value;
use serde_json::json;

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file(path)).unwrap()).unwrap()
}

/// What the plugin's script comes to when Claude Code starts it so.
async fn started(bridge: &TestBridge, variables: &[(&str, &str)], event: &str) -> Finished {
    let script = file("plugin/scripts/cctelegram.sh");
    let words = [script.as_os_str(), OsStr::new("hook")];
    let mut all = bridge.variables();
    all.retain(|(name, _)| name != "CC_TELEGRAM_HOME");
    all.push(("PATH".to_owned(), "/usr/bin:/bin".to_owned()));
    let more = variables.iter();
    all.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut process = Process::start(&words, &all);
    let input = json!({
        "session_id": "a", "prompt_id": "b", "cwd": "/", "hook_event_name": event,
        "tool_name": "Read", "tool_input": { "file_path": bridge.root().join(".env") },
    });
    process.type_in(&input.to_string()).await;
    process.close_input();
    process.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_program_the_plugin_says_so() {
    let bridge = TestBridge::prepare(Setup::of(env!("CARGO_BIN_EXE_cctelegram"))).await;
    let begun = started(&bridge, &[], "SessionStart").await;
    assert_eq!(begun.code, Some(0), "{begun:?}");
    let said: Value = serde_json::from_str(&begun.stdout).unwrap();
    let message = said["systemMessage"].to_string();
    assert!(message.contains("cctelegram is not there"), "{message}");
    let wrong = [("CLAUDE_PLUGIN_OPTION_PROGRAM", "/none/\"cctelegram")];
    for event in ["PreToolUse", "PermissionRequest", "Stop"] {
        let called = started(&bridge, &wrong, event).await;
        assert_eq!(
            (called.code, called.stdout.as_str()),
            (Some(1), ""),
            "{called:?}"
        );
        assert!(called.stderr.contains("is not there"), "{called:?}");
    }
    let begun = started(&bridge, &wrong, "SessionStart").await;
    assert!(
        serde_json::from_str::<Value>(&begun.stdout).is_ok(),
        "{begun:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_options_say_which_program_and_which_home() {
    let bridge = TestBridge::prepare(Setup::of(env!("CARGO_BIN_EXE_cctelegram"))).await;
    let home = bridge.root().display().to_string();
    let options = [
        (
            "CLAUDE_PLUGIN_OPTION_PROGRAM",
            env!("CARGO_BIN_EXE_cctelegram"),
        ),
        ("CLAUDE_PLUGIN_OPTION_HOME", home.as_str()),
    ];
    // Only a hook that knows this home refuses to have it read.
    let called = started(&bridge, &options, "PreToolUse").await;
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("\"deny\""), "{called:?}");
    bridge.finish().await;
}

#[test]
fn the_plugin_has_the_version_of_the_program_and_the_marketplace_leads_to_it() {
    let plugin = read("plugin/.claude-plugin/plugin.json");
    assert_eq!(plugin["version"], env!("CARGO_PKG_VERSION"));
    let market = read(".claude-plugin/marketplace.json");
    assert_eq!(market["plugins"][0]["source"], "./plugin");
    assert_eq!(market["plugins"][0]["name"], plugin["name"]);
    let hooks = read("plugin/hooks/hooks.json");
    let command = &hooks["hooks"]["Stop"][0]["hooks"][0]["command"];
    assert_eq!(command, "${CLAUDE_PLUGIN_ROOT}/scripts/cctelegram.sh");
    assert_eq!(plugin["mcpServers"]["cctelegram"]["command"], *command);
}

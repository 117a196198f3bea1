//! What real agents handed to their hooks, captured from Claude Code 2.1.330 and Codex 0.169.0.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::fs;
use std::path::Path;

use cctelegram_mcp::hook::BadHookInput;
use cctelegram_mcp::hook::CodingAgent;
use cctelegram_mcp::hook::HookInput;
use cctelegram_mcp::hook::LARGEST_INPUT;
use cctelegram_mcp::hook::Moment;
use cctelegram_mcp::hook::SessionRule;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples"))
}

fn sample(name: &str) -> HookInput {
    let bytes = fs::read(folder().join(format!("{name}.json"))).expect("a sample");
    HookInput::read(&bytes).expect("what an agent says is understood")
}

#[test]
fn every_sample_is_understood_and_told_apart() {
    for entry in fs::read_dir(folder()).expect("samples") {
        let path = entry.expect("a sample").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name").to_owned();
        let input = sample(&name);
        let agent = if name.starts_with("codex-") {
            CodingAgent::Codex
        } else {
            CodingAgent::ClaudeCode
        };
        assert_eq!(input.agent, agent, "{name}");
        assert!(!input.session.is_empty(), "{name}");
        let means_nothing = name.contains("MessageDisplay") || name.contains("ElicitationResult");
        assert_eq!(input.moment == Moment::Other, means_nothing, "{name}");
    }
}

#[test]
fn a_request_for_permission_has_its_call_and_its_rules() {
    let Moment::PermissionRequest { call, rules } =
        sample("hook-PermissionRequest-interactive").moment
    else {
        panic!("it asks for permission")
    };
    assert_eq!(call.tool, "Bash");
    let command = call.command().expect("a command");
    assert!(command.starts_with("echo hi"), "{command}");
    let rule = |tool: &str, content: &str| SessionRule {
        tool: tool.to_owned(),
        content: Some(content.to_owned()),
    };
    assert_eq!(rules, [rule("Bash", "echo hi *"), rule("Read", "//tmp/**")]);
}

#[test]
fn security_a_suggestion_to_change_the_mode_is_no_rule() {
    let Moment::PermissionRequest { rules, .. } = sample("hook-PermissionRequest-Write").moment
    else {
        panic!("it asks for permission")
    };
    assert_eq!(rules, []);
}

#[test]
fn what_is_no_call_of_a_hook_is_refused() {
    let read = |text: &str| HookInput::read(text.as_bytes()).expect_err("it is none");
    assert!(matches!(read(""), BadHookInput::NotJson(_)));
    assert!(matches!(read("[]"), BadHookInput::NotJson(_)));
    assert!(matches!(
        read("{}"),
        BadHookInput::Missing("hook_event_name")
    ));
    let nameless = r#"{"hook_event_name":"PreToolUse","session_id":"s","cwd":"/"}"#;
    assert!(matches!(read(nameless), BadHookInput::Missing("tool_name")));
    let homeless = r#"{"hook_event_name":"Stop","session_id":"s"}"#;
    assert!(matches!(read(homeless), BadHookInput::Missing("cwd")));
    let large = vec![b' '; LARGEST_INPUT + 1];
    assert!(matches!(
        HookInput::read(&large),
        Err(BadHookInput::TooLarge)
    ));
}

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
use cctelegram_mcp::hook::ToolEvent;
use proptest::prelude::*;
use serde_json::Value;

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

/// A call of a tool whose input is written as it is.
fn call(event: &str, tool_input: &str) -> Vec<u8> {
    format!(
        r#"{{"session_id":"s","prompt_id":"p","cwd":"/","hook_event_name":"{event}","tool_name":"Bash","tool_input":{tool_input}}}"#
    )
    .into_bytes()
}

#[test]
fn security_half_a_character_does_not_hide_a_call() {
    let bytes = call(
        "PreToolUse",
        r#"{"command":"rm -rf x # \ud800 \ud83d\ude00"}"#,
    );
    let Moment::PreToolUse(call) = HookInput::read(&bytes).expect("a call").moment else {
        panic!("a tool is about to be used")
    };
    assert_eq!(call.command(), Some("rm -rf x # \u{fffd} \u{1f600}"));
}

#[test]
fn security_of_two_fields_of_one_name_the_last_counts_as_it_does_for_agents() {
    let bytes = call("PreToolUse", r#"{"command":"ls","command":"rm -rf x"}"#);
    let Moment::PreToolUse(call) = HookInput::read(&bytes).expect("a call").moment else {
        panic!("a tool is about to be used")
    };
    assert_eq!(call.command(), Some("rm -rf x"));
}

#[test]
fn security_what_is_too_deep_or_too_large_is_still_a_call_of_a_tool() {
    let deep = format!(
        r#"{{"command":"rm -rf x","x":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let large = format!(
        r#"{{"command":"rm -rf x","x":"{}"}}"#,
        "x".repeat(LARGEST_INPUT)
    );
    for tool_input in [deep.as_str(), large.as_str(), r#"{"command": 1e999}"#, "{"] {
        for (name, expected) in [
            ("PreToolUse", ToolEvent::PreToolUse),
            ("PermissionRequest", ToolEvent::PermissionRequest),
        ] {
            let mut bytes = call(name, tool_input);
            bytes.truncate(LARGEST_INPUT + 1);
            let input = HookInput::read(&bytes).expect("a part can be read");
            assert_eq!(input.session, "s");
            let Moment::Unreadable { event, tool, .. } = input.moment else {
                panic!("it cannot be read")
            };
            assert_eq!((event, tool.as_str()), (expected, "Bash"));
        }
        let bytes = call("PostToolUse", tool_input);
        assert!(HookInput::read(&bytes).is_err());
    }
}

/// Any JSON, not too deep.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_input_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(HookInput::read(&bytes));
    }

    #[test]
    fn a_sample_that_is_damaged_is_input_or_an_error(
        name in prop::sample::select(vec!["hook-PermissionRequest-interactive", "codex-PreToolUse", "hook-PostToolBatch-headless"]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = fs::read(folder().join(format!("{name}.json"))).expect("a sample");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(HookInput::read(&bytes));
        drop(HookInput::read(&bytes[..at]));
    }

    #[test]
    fn security_a_tool_about_to_be_used_is_never_taken_for_nothing(input in json(), tool in "[A-Za-z_]{1,12}") {
        let document = serde_json::json!({
            "session_id": "s", "cwd": "/", "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input,
        });
        let read = HookInput::read(document.to_string().as_bytes()).expect("a call");
        let Moment::PreToolUse(call) = read.moment else { panic!("a tool is about to be used") };
        prop_assert_eq!((call.tool, call.input), (tool, input));
    }
}

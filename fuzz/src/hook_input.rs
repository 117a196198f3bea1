//! What an agent hands to a hook: reading it does not fail, and no use of a tool is taken for anything else.

use std::path::Path;
use std::sync::LazyLock;

use cctelegram_core::policy;
use cctelegram_core::policy::Policy;
use cctelegram_core::policy::Ruling;
use cctelegram_mcp::hook::HookInput;
use cctelegram_mcp::hook::Moment;
use cctelegram_mcp::hook::ToolCall;
use cctelegram_mcp::hook::Workplace;
use serde_json::Value;

const RULES: &str = "[[rule]]\nmatch = { tool = \"*\" }\noutcome = \"allow\"\n\
                     [[rule]]\nmatch = { path = \"/**\" }\noutcome = \"allow\"\n\
                     [[rule]]\nmatch = { path = \"/denied/**\" }\noutcome = \"deny\"\n\
                     [[rule]]\nmatch = { command = \"rm -rf\" }\noutcome = \"deny\"\n";

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| policy::read(RULES).expect("the rules are in order"));

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let read = HookInput::read(data);
    let Ok(Value::Object(json)) = serde_json::from_slice::<Value>(data) else {
        // What is no JSON is an error, or a call of a tool that cannot be read.
        if let Ok(input) = read {
            let is_whole = String::from_utf8_lossy(data).contains("\\u");
            let is_unreadable = matches!(input.moment, Moment::Unreadable { .. });
            assert!(is_unreadable || is_whole || std::str::from_utf8(data).is_err());
        }
        return;
    };
    let text = |name: &str| {
        let text = json.get(name).and_then(Value::as_str);
        text.filter(|text| !text.trim().is_empty())
    };
    let is_whole = ["session_id", "cwd", "tool_name"]
        .iter()
        .all(|name| text(name).is_some());
    let event = text("hook_event_name");
    if !is_whole || event != Some("PreToolUse") {
        return;
    }
    let Ok(HookInput {
        moment: Moment::PreToolUse(call),
        folder,
        agent,
        ..
    }) = read
    else {
        panic!("{json:?} is no use of a tool")
    };
    let input = json.get("tool_input").cloned().unwrap_or(Value::Null);
    assert_eq!(Some(call.tool.as_str()), text("tool_name"));
    assert_eq!(call.input, input);
    let place = Workplace {
        folder,
        project: None,
        branch: None,
    };
    let on = |call: &ToolCall| {
        let person = Some(Path::new("/home/dev"));
        POLICY.rule_on(&call.as_use(agent.name(), &place, person))
    };
    assert!(!on(&call).to_string().is_empty());
    // Whatever else it says, a call with such a command or file is denied.
    let Value::Object(mut fields) = input else {
        return;
    };
    fields.insert("command".to_owned(), Value::from("rm -rf x"));
    fields.insert("file_path".to_owned(), Value::from("/denied/x"));
    if call.tool == "apply_patch" {
        return;
    }
    let worse = ToolCall {
        tool: call.tool,
        input: Value::Object(fields),
    };
    let ruling = on(&worse);
    assert!(
        matches!(ruling, Ruling::Denied { .. }),
        "{worse:?}: {ruling}"
    );
}

//! What a hook prints. Codex refuses whatever it does not know and then goes on as if nothing was said, so it gets the
//! least that says it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::input::SessionRule;

/// Before a tool is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gate {
    Allow,
    Deny,
    Ask,
}

pub(super) fn pre_tool_use(gate: Gate, reason: &str) -> String {
    let decision = match gate {
        Gate::Allow => "allow",
        Gate::Deny => "deny",
        Gate::Ask => "ask",
    };
    specific(json!({
        "hookEventName": "PreToolUse",
        "permissionDecision": decision,
        "permissionDecisionReason": short(reason),
    }))
}

pub(super) fn allow_once() -> String {
    decision(json!({ "behavior": "allow" }))
}

/// Allows a call that means nothing without its input: for Claude Code only.
pub(super) fn allow_with(input: &Value) -> String {
    decision(json!({ "behavior": "allow", "updatedInput": input }))
}

/// Tells the agent that it may try again what it was denied by itself.
pub(super) fn try_again() -> String {
    specific(json!({ "hookEventName": "PermissionDenied", "retry": true }))
}

/// Answers a server's form.
pub(super) fn accept(content: Map<String, Value>) -> String {
    specific(json!({ "hookEventName": "Elicitation", "action": "accept", "content": content }))
}

pub(super) fn decline() -> String {
    specific(json!({ "hookEventName": "Elicitation", "action": "decline" }))
}

/// Claude Code keeps the rules until the session ends; whatever place was suggested for them, it is this one.
pub(super) fn allow_for_session(rules: &[SessionRule]) -> String {
    let rules: Vec<Value> = rules.iter().map(rule).collect();
    decision(json!({
        "behavior": "allow",
        "updatedPermissions": [
            { "type": "addRules", "rules": rules, "behavior": "allow", "destination": "session" },
        ],
    }))
}

pub(super) fn deny(message: &str) -> String {
    decision(json!({ "behavior": "deny", "message": short(message) }))
}

fn rule(rule: &SessionRule) -> Value {
    match &rule.content {
        Some(content) => json!({ "toolName": rule.tool, "ruleContent": content }),
        None => json!({ "toolName": rule.tool }),
    }
}

fn decision(decision: Value) -> String {
    specific(json!({ "hookEventName": "PermissionRequest", "decision": decision }))
}

fn specific(output: Value) -> String {
    json!({ "hookSpecificOutput": output }).to_string()
}

/// Agents cut longer texts off.
fn short(text: &str) -> String {
    text.chars().take(4_000).collect()
}

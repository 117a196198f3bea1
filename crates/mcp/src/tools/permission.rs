//! `permission_prompt`, for Claude Code's `--permission-prompt-tool`: asks as the hook does, and answers in the one block of
//! JSON that Claude Code reads. Without a press nothing is allowed.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::JsonObject;
use rmcp::model::Tool;
use rmcp::model::ToolAnnotations;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use super::schema;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::arguments::read;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::hook;
use crate::hook::HookInput;
use crate::hook::HookResult;
use crate::hook::HookSetting;
use crate::socket::SocketLine;

pub(super) const NAME: &str = "permission_prompt";

/// The request lives so long, and nobody waits longer.
const WAIT: Duration = Duration::from_hours(1);
/// A request that was just being stored when the call was taken back is taken back in the next round.
const ROUNDS: u32 = 3;
const ROUND: Duration = Duration::from_millis(700);

/// Fields that later versions of Claude Code add are ignored.
#[derive(Deserialize, JsonSchema)]
struct PromptArguments {
    /// The tool that is to be used.
    tool_name: Words,
    /// Its input.
    input: JsonObject,
    /// The number of the call.
    #[serde(rename = "tool_use_id")]
    _tool_use_id: Option<String>,
}

pub(super) fn tool() -> Tool {
    let title = "Ask for permission";
    let annotations = ToolAnnotations::with_title(title)
        .read_only(false)
        .destructive(false)
        .idempotent(false)
        .open_world(true);
    Tool::new(
        NAME,
        "For Claude Code's --permission-prompt-tool: asks the people on Telegram whether a tool may be used with exactly this input, and answers {\"behavior\":\"allow\"} or {\"behavior\":\"deny\",\"message\":…}. Agents ask with send_approval_request instead.",
        schema::of_arguments::<PromptArguments>(),
    )
    .with_title(title)
    .with_annotations(annotations)
}

pub(super) async fn run(
    desk: &Arc<Desk>,
    caller: &Caller,
    arguments: JsonObject,
) -> CallToolResult {
    let verdict = match read::<PromptArguments>(arguments) {
        Ok(call) => ask(desk, caller, &call).await,
        Err(failed) => Err(failed),
    };
    match verdict {
        Ok(verdict) => told(&verdict),
        Err(Failed(why)) => denied(&why),
    }
}

/// A no, for this reason.
pub(super) fn denied(why: &str) -> CallToolResult {
    told(&deny(why))
}

fn told(verdict: &Value) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(verdict.to_string())])
}

async fn ask(desk: &Arc<Desk>, caller: &Caller, call: &PromptArguments) -> Result<Value, Failed> {
    let question = input(desk, call, "PermissionRequest")?;
    let mut asking = tokio::task::spawn_blocking({
        let desk = Arc::clone(desk);
        move || carry_out(&desk, &question)
    });
    let what = "Waiting for a decision on the phone.";
    match caller.while_waiting(WAIT, what, &mut asking).await {
        Some(Ok(result)) => Ok(verdict(&result)),
        Some(Err(error)) => Err(Failed(format!("the asking broke off: {error}"))),
        None => {
            // Answered elsewhere, or nobody is there any more: the phone is told that it is over.
            let over = input(desk, call, "PostToolUse")?;
            for _ in 0..ROUNDS {
                let (desk, over) = (Arc::clone(desk), over.clone());
                let settling = tokio::task::spawn_blocking(move || carry_out(&desk, &over));
                if let Err(error) = settling.await {
                    tracing::warn!(%error, "a request could not be taken back");
                }
                if tokio::time::timeout(ROUND, &mut asking).await.is_ok() {
                    break;
                }
            }
            Ok(deny("The question was taken back."))
        }
    }
}

/// The call as a hook of Claude Code would be told of it.
fn input(desk: &Desk, call: &PromptArguments, event: &str) -> Result<HookInput, Failed> {
    let told = json!({
        "hook_event_name": event,
        "session_id": desk.session_id,
        "cwd": desk.place.directory,
        "tool_name": call.tool_name.as_str(),
        "tool_input": call.input,
    });
    HookInput::read(told.to_string().as_bytes()).map_err(|error| Failed(error.to_string()))
}

fn carry_out(desk: &Desk, input: &HookInput) -> HookResult {
    let find = || desk.access.socket();
    let means = &desk.means;
    let setting = HookSetting {
        policy: &*means.policy,
        off_limits: &|| means.off_limits.clone(),
        line: SocketLine::new(&find),
        secrets: &*means.secrets,
        person: means.person.as_deref(),
        wait: WAIT,
        fail_closed: true,
    };
    hook::run(input, &setting)
}

/// What the hook would print, as this caller reads it. Anything but a decision is a no.
fn verdict(result: &HookResult) -> Value {
    let printed: Option<Value> = result
        .output
        .as_deref()
        .and_then(|output| serde_json::from_str(output).ok());
    let decision = printed
        .as_ref()
        .and_then(|printed| printed.pointer("/hookSpecificOutput/decision"));
    match decision {
        Some(decision) if decision["behavior"] == "allow" || decision["behavior"] == "deny" => {
            decision.clone()
        }
        Some(_) | None => deny(&match &result.note {
            Some(note) => format!("Nobody could be asked: {note}."),
            None => "Nobody decided on the phone, so it is not allowed.".to_owned(),
        }),
    }
}

fn deny(message: &str) -> Value {
    json!({ "behavior": "deny", "message": message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(output: Option<Value>) -> Value {
        verdict(&HookResult {
            output: output.map(|output| output.to_string()),
            ..HookResult::default()
        })
    }

    #[test]
    fn security_only_a_decision_of_the_hook_allows() {
        let decision = |decision: Value| json!({ "hookSpecificOutput": { "decision": decision } });
        let answers = json!({ "behavior": "allow", "updatedInput": { "answers": {} } });
        assert_eq!(of(Some(decision(answers.clone()))), answers);
        for nothing in [
            None,
            Some(json!({})),
            Some(json!({ "behavior": "allow" })),
            Some(decision(json!({ "behavior": "ask" }))),
            Some(json!({ "hookSpecificOutput": { "permissionDecision": "allow" } })),
        ] {
            assert_eq!(of(nothing.clone())["behavior"], "deny", "{nothing:?}");
        }
    }
}

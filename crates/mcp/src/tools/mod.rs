//! The tools: what each is called, what it takes and gives, and who carries it out.

mod approval;
mod bridge_process;
mod completion;
mod consent;
mod event;
mod file;
mod kinds;
mod message;
mod mode;
mod old_answers;
mod permission;
mod question;
mod replies;
mod responses;
mod schema;
mod sending;
mod status;
mod threshold;
mod todos;

use std::sync::Arc;

use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::JsonObject;
use rmcp::model::Tool;
use rmcp::model::ToolAnnotations;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::arguments::Failed;
use crate::arguments::read;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::server::ServerExtras;

pub(crate) use status::StatusReport;
pub(crate) use todos::Todo;

/// What a tool came to: a sentence, and the same for programs.
pub(crate) struct ToolAnswer {
    text: String,
    structured: Value,
    /// Nobody decided, nobody answered: the call is over, and what was wanted did not come about.
    in_vain: bool,
}

impl ToolAnswer {
    fn new(text: String, structured: &impl Serialize) -> Result<Self, Failed> {
        let structured =
            serde_json::to_value(structured).map_err(|error| Failed(error.to_string()))?;
        Ok(Self {
            text,
            structured,
            in_vain: false,
        })
    }

    const fn in_vain_if(mut self, in_vain: bool) -> Self {
        self.in_vain = in_vain;
        self
    }
}

/// All tools, in the order in which they are listed.
pub(crate) fn list(extras: ServerExtras) -> Vec<Tool> {
    let mut tools = everyday();
    if extras.compat {
        tools.extend([threshold::tool(), kinds::tool(), mode::mute_tool()]);
        tools.extend(old_answers::tools());
        tools.extend(bridge_process::tools());
        tools.extend(todos::tools());
    }
    tools
}

fn everyday() -> Vec<Tool> {
    vec![
        message::tool(),
        event::tool(),
        file::tool(),
        completion::tool(),
        approval::tool(),
        question::tool(),
        replies::tool(),
        responses::tool(),
        status::tool(),
        permission::tool(),
        mode::local_tool(),
        mode::nomad_tool(),
    ]
}

/// Carries a call out; none if there is no such tool.
pub(crate) async fn call(
    desk: &Arc<Desk>,
    caller: &Caller,
    name: &str,
    arguments: JsonObject,
) -> Option<CallToolResult> {
    if !list(desk.extras).iter().any(|tool| tool.name == name) {
        return None;
    }
    let done = match desk.admit() {
        Ok(()) if name == permission::NAME => {
            return Some(permission::run(desk, caller, arguments).await);
        }
        Err(Failed(too_many)) if name == permission::NAME => {
            return Some(permission::denied(&too_many));
        }
        Ok(()) => carry_out(desk, caller, name, arguments).await,
        Err(too_many) => Err(too_many),
    };
    Some(match done {
        Ok(told) => {
            let mut result = CallToolResult::structured(told.structured);
            result.content = vec![ContentBlock::text(told.text)];
            result.is_error = Some(told.in_vain);
            result
        }
        Err(Failed(text)) => CallToolResult::error(vec![ContentBlock::text(text)]),
    })
}

async fn carry_out(
    desk: &Arc<Desk>,
    caller: &Caller,
    name: &str,
    arguments: JsonObject,
) -> Result<ToolAnswer, Failed> {
    match name {
        message::NAME => message::run(desk, caller, read(arguments)?).await,
        event::NAME => event::run(desk, caller, read(arguments)?).await,
        file::NAME => file::run(desk, caller, read(arguments)?).await,
        completion::NAME => completion::run(desk, caller, read(arguments)?).await,
        approval::NAME => approval::run(desk, caller, read(arguments)?).await,
        question::NAME => question::run(desk, caller, read(arguments)?).await,
        replies::NAME => replies::run(desk, caller, read(arguments)?).await,
        responses::NAME => responses::run(desk, read(arguments)?).await,
        status::NAME => status::run(desk, read(arguments)?).await,
        mode::LOCAL => mode::to_local(desk, caller, read(arguments)?).await,
        mode::NOMAD => mode::to_nomad(desk, read(arguments)?).await,
        _ => carry_out_older(desk, caller, name, arguments).await,
    }
}

async fn carry_out_older(
    desk: &Arc<Desk>,
    caller: &Caller,
    name: &str,
    arguments: JsonObject,
) -> Result<ToolAnswer, Failed> {
    match name {
        threshold::NAME => threshold::run(desk, caller, read(arguments)?).await,
        old_answers::PROCESS => old_answers::process(desk, read(arguments)?).await,
        old_answers::CLEAR => old_answers::clear(desk, caller, read(arguments)?).await,
        todos::REGISTER => todos::register(desk, read(arguments)?),
        _ => {
            let Nothing {} = read(arguments)?;
            match name {
                kinds::NAME => kinds::run(),
                mode::MUTE => mode::to_mute(desk, caller).await,
                bridge_process::CHECK => bridge_process::check(desk).await,
                bridge_process::START | bridge_process::ENSURE => {
                    bridge_process::ensure(desk).await
                }
                bridge_process::STOP => bridge_process::stop(desk, caller).await,
                bridge_process::RESTART => bridge_process::restart(desk, caller).await,
                todos::LIST => todos::list(desk),
                todos::STATUS => todos::status(desk),
                other => Err(Failed(format!("there is no tool {other}"))),
            }
        }
    }
}

/// What a tool does to the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    /// It only looks.
    Reads,
    /// It sends something to people's phones.
    Sends,
    /// It changes the bridge; doing it twice is as doing it once.
    Switches,
    /// It is given what is given out once.
    Takes,
    /// It ends or removes something, or lets people see less.
    Ends,
}

/// A tool with the schemas of what it takes and gives.
fn described<In: JsonSchema, Out: JsonSchema>(
    name: &'static str,
    (title, description): (&'static str, &'static str),
    effect: Effect,
) -> Tool {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(effect == Effect::Reads)
        .destructive(effect == Effect::Ends)
        .idempotent(matches!(effect, Effect::Reads | Effect::Switches))
        .open_world(effect == Effect::Sends);
    Tool::new(name, description, schema::of_arguments::<In>())
        .with_title(title)
        .with_raw_output_schema(schema::of_result::<Out>())
        .with_annotations(annotations)
}

/// No arguments.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_every_tool_says_what_it_does_to_the_world() {
        let extras = ServerExtras {
            compat: true,
            channel: false,
        };
        let mut said = Vec::new();
        for tool in list(extras) {
            let about = tool.annotations.unwrap();
            let effect = match (
                about.read_only_hint,
                about.destructive_hint,
                about.idempotent_hint,
            ) {
                (Some(true), Some(false), Some(true)) => "reads",
                (Some(false), Some(false), Some(true)) => "switches",
                (Some(false), Some(false), Some(false)) => "adds",
                (Some(false), Some(true), Some(false)) => "destroys",
                other => panic!("{}: {other:?}", tool.name),
            };
            said.push((tool.name.into_owned(), effect));
        }
        let said: Vec<(&str, &str)> = said
            .iter()
            .map(|(name, effect)| (name.as_str(), *effect))
            .collect();
        let expected = [
            ("send_telegram_message", "adds"),
            ("send_telegram_event", "adds"),
            ("send_file", "adds"),
            ("send_task_completion", "adds"),
            ("send_approval_request", "adds"),
            ("ask_human", "adds"),
            ("wait_for_reply", "adds"),
            ("get_telegram_responses", "reads"),
            ("get_bridge_status", "reads"),
            ("permission_prompt", "adds"),
            ("switch_to_local_mode", "switches"),
            ("switch_to_nomad_mode", "switches"),
            ("send_performance_alert", "adds"),
            ("list_event_types", "reads"),
            ("switch_to_mute_mode", "destroys"),
            ("process_pending_responses", "adds"),
            ("clear_old_responses", "destroys"),
            ("start_bridge", "switches"),
            ("ensure_bridge_running", "switches"),
            ("stop_bridge", "destroys"),
            ("restart_bridge", "destroys"),
            ("check_bridge_process", "reads"),
        ];
        for (name, effect) in expected {
            assert!(said.contains(&(name, effect)), "{name}: {said:?}");
        }
        let todos = said.len().saturating_sub(expected.len());
        assert_eq!(todos, 3, "a tool is missing here: {said:?}");
    }

    #[test]
    fn every_tool_says_what_it_takes_and_gives() {
        // What Claude Code asks with is its own affair, and so is what it reads.
        let ours = |tool: &Tool| tool.name != permission::NAME;
        let extras = ServerExtras {
            compat: true,
            channel: false,
        };
        for tool in list(extras).into_iter().filter(ours) {
            for schema in [Some(&tool.input_schema), tool.output_schema.as_ref()] {
                let schema = schema.unwrap();
                assert_eq!(schema["type"], "object", "{}: {schema:?}", tool.name);
            }
            assert_eq!(
                tool.input_schema["additionalProperties"], false,
                "{}",
                tool.name
            );
            assert!(
                tool.annotations.is_some() && tool.title.is_some(),
                "{}",
                tool.name
            );
        }
    }
}

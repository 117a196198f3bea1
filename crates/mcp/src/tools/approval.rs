//! `send_approval_request`: asks for a decision and gives it back.

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use super::Effect;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::asking;
use crate::asking::Ended;
use crate::asking::WaitSeconds;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

pub(super) const NAME: &str = "send_approval_request";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalArguments {
    /// The question, in one line.
    title: Words,
    /// What will be done, and what speaks for and against it.
    description: Words,
    /// The labels of the buttons, at most 8; only the first one counts as a yes. Without it: Approve and Deny.
    #[schemars(length(min = 1, max = 8))]
    options: Option<Vec<Words>>,
    /// The exact command that is asked about.
    command: Option<String>,
    /// How long to wait for the decision. Without it: 300 seconds.
    #[serde(default)]
    wait_seconds: WaitSeconds,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
}

pub(super) fn tool() -> Tool {
    described::<ApprovalArguments, Ended>(
        NAME,
        (
            "Ask for approval",
            "Asks the people on Telegram for a decision, waits for it and returns it. Go on only if `approved` is true; when nobody decides in time the call is an error and nothing is approved.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: ApprovalArguments,
) -> Result<ToolAnswer, Failed> {
    let report = Report::new(
        "approval_request",
        arguments.title.as_str().trim(),
        desk,
        caller,
    )?
    .with(
        "description",
        Some(arguments.description.as_str().to_owned()),
    )
    .with("project", arguments.project)
    .with_data("command", arguments.command.map(Value::from))
    .with_data("options", arguments.options.as_deref().map(labels))
    .with_whereabouts(desk);
    let ended = asking::ask(desk, caller, &report, arguments.wait_seconds.span()).await;
    let ended = ended.map_err(|Failed(text)| Failed(text.replace("data.options", "options")))?;
    let in_vain = ended.option.is_none();
    Ok(ToolAnswer::new(ended.told(), &ended)?.in_vain_if(in_vain))
}

pub(super) fn labels(options: &[Words]) -> Value {
    json!(options.iter().map(Words::as_str).collect::<Vec<_>>())
}

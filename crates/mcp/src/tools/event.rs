//! `send_telegram_event`: an event of one of the bridge's types.

use cctelegram_core::event::Kind;
use rmcp::model::JsonObject;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Effect;
use super::ToolAnswer;
use super::described;
use super::sending;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

pub(super) const NAME: &str = "send_telegram_event";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventArguments {
    /// One of the types in the resource `cctelegram://event-types`: `build_failed`, `task_started`, …
    #[serde(rename = "type")]
    kind: Words,
    /// The first line of the message.
    title: Words,
    /// The text below the title.
    description: Words,
    /// `info`, `success`, `warning`, `error` or `critical`. Without it: what the type says.
    severity: Option<String>,
    /// The task that it belongs to. Progress updates of one task share one message.
    task_id: Option<String>,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
    /// More fields, shown as details: `error`, `duration_ms`, `files`, `url`, counts of tests, `progress`.
    data: Option<JsonObject>,
}

pub(super) fn tool() -> Tool {
    described::<EventArguments, sending::SentEvent>(
        NAME,
        (
            "Send an event",
            "Sends an event of one of the known types, shown as that type is best shown: a build, tests, a deployment, an error, the progress of a task.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: EventArguments,
) -> Result<ToolAnswer, Failed> {
    let kind = arguments.kind.as_str().trim();
    if Kind::from(kind) == Kind::ApprovalRequest {
        let reason = "an approval_request waits for a decision: use send_approval_request";
        return Err(Failed::field("type", reason));
    }
    let report = Report::new(kind, arguments.title.as_str().trim(), desk, caller)?
        .with(
            "description",
            Some(arguments.description.as_str().to_owned()),
        )
        .with("task_id", arguments.task_id)
        .with("project", arguments.project)
        .with_all_data(arguments.data)
        .with_data("severity", arguments.severity.map(Value::from));
    sending::told(&sending::send(desk, &report).await?)
}

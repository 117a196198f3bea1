//! `send_task_completion`: a task is done.

use rmcp::model::JsonObject;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Effect;
use super::ToolAnswer;
use super::described;
use super::sending;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

pub(super) const NAME: &str = "send_task_completion";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompletionArguments {
    /// The task, as it was named in its progress updates.
    task_id: Words,
    /// What was done, in one line.
    title: Words,
    /// What came of it, in a few sentences.
    results: Option<String>,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
    /// More fields, shown as details: `duration_ms`, `files`, counts of tests, `url`.
    data: Option<JsonObject>,
}

pub(super) fn tool() -> Tool {
    described::<CompletionArguments, sending::SentEvent>(
        NAME,
        (
            "Report a finished task",
            "Tells the people on Telegram that a task ended well, with what came of it. For one that failed, send an event of type task_failed.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: CompletionArguments,
) -> Result<ToolAnswer, Failed> {
    let title = arguments.title.as_str().trim();
    let report = Report::new("task_completion", title, desk, caller)?
        .with(
            "task_id",
            Some(arguments.task_id.as_str().trim().to_owned()),
        )
        .with("description", arguments.results)
        .with("project", arguments.project)
        .with_all_data(arguments.data);
    let sent = sending::send(desk, &report).await;
    sending::told(&sent.map_err(|error| Failed::renamed(error, "description", "results"))?)
}

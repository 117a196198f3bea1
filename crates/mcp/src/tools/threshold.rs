//! `send_performance_alert`: a value that passed its threshold.

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Effect;
use super::ToolAnswer;
use super::described;
use super::sending;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

pub(super) const NAME: &str = "send_performance_alert";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertArguments {
    /// What is measured, in one line.
    title: Words,
    /// The value now.
    current_value: f64,
    /// The value that it should not pass.
    threshold: f64,
    /// `info`, `warning`, `error` or `critical`. Without it: the type's own.
    severity: Option<String>,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
}

pub(super) fn tool() -> Tool {
    described::<AlertArguments, sending::SentEvent>(
        NAME,
        (
            "Send a performance alert",
            "Tells the people on Telegram that a measured value passed its threshold.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: AlertArguments,
) -> Result<ToolAnswer, Failed> {
    let title = arguments.title.as_str().trim();
    let report = Report::new("performance_alert", title, desk, caller)?
        .with("project", arguments.project)
        .with_data("current_value", Some(json!(arguments.current_value)))
        .with_data("threshold", Some(json!(arguments.threshold)))
        .with_data("severity", arguments.severity.map(Into::into));
    let sent = sending::send(desk, &report).await;
    sending::told(&sent?)
}

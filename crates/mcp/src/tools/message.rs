//! `send_telegram_message`: a plain message.

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
use crate::report::title_and_rest;

pub(super) const NAME: &str = "send_telegram_message";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageArguments {
    /// What to say. The first line is shown as the title; no markup has an effect.
    message: Words,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
}

pub(super) fn tool() -> Tool {
    described::<MessageArguments, sending::SentEvent>(
        NAME,
        (
            "Send a message",
            "Sends a message to the people on Telegram. It waits for no answer; wait_for_reply fetches replies to it.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: MessageArguments,
) -> Result<ToolAnswer, Failed> {
    let (title, rest) = title_and_rest(arguments.message.as_str());
    let report = Report::new("info_notification", title, desk, caller)?
        .with("description", rest)
        .with("project", arguments.project);
    let sent = sending::send(desk, &report).await;
    sending::told(&sent.map_err(|error| Failed::renamed(error, "title", "message"))?)
}

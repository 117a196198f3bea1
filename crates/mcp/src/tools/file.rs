//! `send_file`: a file of this machine.

use std::path::PathBuf;

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
use crate::files::NamedContent;
use crate::report::Report;
use crate::report::title_and_rest;

pub(super) const NAME: &str = "send_file";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileArguments {
    /// The file's absolute path. At most 50 MB; secrets in text files are masked.
    path: Words,
    /// What to say of it. Without it: the file's name.
    caption: Option<Words>,
    /// The project it belongs to. Without it: the repository that the server was started in.
    project: Option<String>,
}

pub(super) fn tool() -> Tool {
    described::<FileArguments, sending::SentEvent>(
        NAME,
        (
            "Send a file",
            "Sends a file of this machine to the people on Telegram: a report, a picture, a log, a diff.",
        ),
        Effect::Sends,
    )
}

pub(super) async fn run(
    desk: &Desk,
    caller: &Caller,
    arguments: FileArguments,
) -> Result<ToolAnswer, Failed> {
    // The bridge says itself where its own files are.
    let status = desk.access.status().await?;
    let own = [status.home, status.key_file].map(PathBuf::from);
    let own: Vec<PathBuf> = own.into_iter().filter(|path| path.is_absolute()).collect();
    let file = NamedContent::open(arguments.path.as_str(), &own)?;
    let name = file.name.clone();
    let (title, rest) = arguments
        .caption
        .as_ref()
        .map_or((name.as_str(), None), |caption| {
            title_and_rest(caption.as_str())
        });
    let report = Report::new("info_notification", title, desk, caller)?
        .with("description", rest)
        .with("project", arguments.project);
    let taken = desk.access.upload(file).await;
    let taken = taken.map_err(|error| Failed::field("path", &error.to_string()))?;
    let attached = json!([{ "id": taken.attachment_id }]);
    let sent = sending::send(desk, &report.with_data("attachments", Some(attached))).await;
    sending::told(&sent.map_err(|error| Failed::renamed(error, "title", "caption"))?)
}

//! `cctelegram queue`.

use std::process::ExitCode;

use cctelegram_core::api::QueueEntry;

use super::failure::Failure;
use super::output;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;

/// List the messages that wait, are held back or could not be delivered.
#[derive(clap::Args)]
pub(super) struct QueueArgs {
    /// Show at most so many
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: u32,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &QueueArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    let queue = super::runtime()?
        .block_on(async { SocketClient::find(&reach)?.queue(args.limit).await })?;
    if args.json {
        output::json(&queue)?;
    } else if queue.is_empty() {
        output::line("Nothing waits.");
    } else {
        for entry in &queue {
            output::line(&text(entry));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(entry: &QueueEntry) -> String {
    let QueueEntry {
        id,
        chat,
        what,
        title,
        state,
        attempts,
        queued,
        ..
    } = entry;
    let due = entry
        .due
        .map(|due| format!(", next try {due}"))
        .unwrap_or_default();
    let reason = entry
        .reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    // One line each, whatever the title holds.
    let title = title.replace('\n', " ");
    format!(
        "{id}  {queued}  chat {chat}  {what}  {state} ({attempts} attempts{due}){reason}  {title}"
    )
}

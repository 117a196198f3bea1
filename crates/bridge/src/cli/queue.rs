//! `cctelegram queue`: what waits, and what a person does about it.

use std::io;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use cctelegram_core::api::QueueEntry;
use cctelegram_core::api::QueueItem;
use clap::Subcommand;

use super::answer;
use super::failure::FAILED;
use super::failure::Failure;
use super::failure::USAGE;
use super::output;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;

/// List the messages that wait, are held back or could not be delivered; show, retry or drop one.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "\
Exit codes: 0 done; 1 refused or failed (it says why); 2 wrong usage; 4 no bridge is running."
)]
pub(super) struct QueueArgs {
    #[command(flatten)]
    list: ListArgs,
    #[command(subcommand)]
    command: Option<QueueCommand>,
}

#[derive(Subcommand)]
enum QueueCommand {
    /// List what is not delivered, the same as `cctelegram queue`
    List(ListArgs),
    /// Show one message whole: its event as stored, its chat, its state and why
    Show {
        /// The number in the first column of the list
        id: i64,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// Try a message again now: one that waits for its next try, was given up, or whose chat is parked
    Retry {
        /// The number in the first column of the list
        #[arg(required_unless_present = "dead")]
        id: Option<i64>,
        /// Everything that was given up
        #[arg(long, conflicts_with = "id")]
        dead: bool,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// Never send a message; a request for a decision that nobody has then is withdrawn
    Drop {
        /// The number in the first column of the list
        id: i64,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct ListArgs {
    /// Show at most so many
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: u32,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &QueueArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    super::runtime()?.block_on(async {
        let bridge = SocketClient::find(&reach)?;
        match &args.command {
            None => list(&bridge, &args.list).await,
            Some(QueueCommand::List(args)) => list(&bridge, args).await,
            Some(QueueCommand::Show { id, json }) => show(&bridge, *id, *json).await,
            Some(QueueCommand::Retry { id, json, .. }) => retry(&bridge, *id, *json).await,
            Some(QueueCommand::Drop { id, yes, json }) => {
                if !yes && !sure(&bridge, *id).await? {
                    output::note("nothing was changed");
                    return Ok(ExitCode::from(FAILED));
                }
                drop_message(&bridge, *id, *json).await
            }
        }
    })
}

async fn list(bridge: &SocketClient, args: &ListArgs) -> Result<ExitCode, Failure> {
    let queue = bridge.queue(args.limit).await?;
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

async fn show(bridge: &SocketClient, id: i64, json: bool) -> Result<ExitCode, Failure> {
    let item = bridge.queue_item(id).await?;
    if json {
        output::json(&item)?;
    } else {
        output::line(&whole(&item)?);
    }
    Ok(ExitCode::SUCCESS)
}

async fn retry(bridge: &SocketClient, id: Option<i64>, json: bool) -> Result<ExitCode, Failure> {
    let retried = bridge.retry(id).await?;
    if json {
        output::json(&retried)?;
        return Ok(ExitCode::SUCCESS);
    }
    if retried.retried.is_empty() && retried.kept.is_empty() {
        output::line("Nothing was given up.");
    }
    for moved in &retried.retried {
        let what = if moved.state == "held" {
            "held back: the bridge is mute"
        } else {
            "sent as soon as its turn comes"
        };
        output::line(&format!("Message {} is queued anew, {what}.", moved.id));
    }
    for kept in &retried.kept {
        output::line(&format!(
            "Message {} stays as it is: {}.",
            kept.id, kept.reason
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what is about to go and asks. A script has to say that it is sure.
async fn sure(bridge: &SocketClient, id: i64) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            USAGE,
            "there is no terminal to ask at\nAdd --yes to drop the message without being asked.",
        ));
    }
    let item = bridge.queue_item(id).await?;
    output::line(&text(&item.entry));
    answer::yes("Drop it? It is never sent then.")
}

async fn drop_message(bridge: &SocketClient, id: i64, json: bool) -> Result<ExitCode, Failure> {
    let dropped = bridge.drop_message(id).await?;
    if json {
        output::json(&dropped)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("Message {id} is dropped."));
    if let Some(approval) = dropped.withdrawn {
        output::line(&format!(
            "It was the last copy of request {approval}, which is withdrawn: nobody decides it."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(item: &QueueItem) -> Result<String, Failure> {
    let entry = &item.entry;
    let mut lines = vec![
        format!("message    {}", entry.id),
        format!("chat       {}", entry.chat),
        format!("what       {}", entry.what),
        format!("state      {}", entry.state),
        format!(
            "attempts   {}, parts sent {}",
            entry.attempts, item.parts_sent
        ),
        format!("queued     {}", entry.queued),
    ];
    lines.extend(entry.due.map(|due| format!("next try   {due}")));
    lines.extend(item.finished.map(|at| format!("ended      {at}")));
    lines.extend(entry.reason.iter().map(|why| format!("reason     {why}")));
    let stored = item.event.as_ref().unwrap_or(&item.work);
    let name = if item.event.is_some() {
        "event"
    } else {
        "work"
    };
    let json = serde_json::to_string_pretty(stored).map_err(anyhow::Error::from)?;
    lines.push(format!("{name}\n{json}"));
    Ok(lines.join("\n"))
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

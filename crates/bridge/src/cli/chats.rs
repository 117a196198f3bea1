//! `cctelegram chats`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use cctelegram_core::api::ChatEntry;
use cctelegram_core::api::EnrolRequest;
use cctelegram_core::api::EnrolState;
use cctelegram_core::api::EnrolStatus;
use cctelegram_core::id::EnrolmentId;
use clap::Subcommand;

use super::failure::FAILED;
use super::failure::Failure;
use super::failure::INTERRUPTED;
use super::output;
use crate::client::ClientError;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;
use crate::signals::Shutdown;

/// One request waits so long (seconds).
const WAIT_S: u64 = 50;

/// Enrol groups, list them, or end their enrolment.
#[derive(clap::Args)]
pub(super) struct ChatsArgs {
    #[command(subcommand)]
    command: ChatsCommand,
}

#[derive(Subcommand)]
enum ChatsCommand {
    /// Show a code that enrols a group, and wait until an allowed person has decided
    #[command(after_help = "\
Examples:
  cctelegram chats enrol                      a group for everything
  cctelegram chats enrol --project shop       a group for one project

Exit codes: 0 enrolled; 1 refused, expired or failed; 4 no bridge is running.")]
    Enrol {
        /// The group gets only what is about this project; may be given several times
        #[arg(long = "project", value_name = "NAME")]
        projects: Vec<String>,
        /// Print the outcome as JSON for programs; the code goes to standard error
        #[arg(long)]
        json: bool,
    },
    /// List the groups that are enrolled
    List {
        /// Print JSON for programs
        #[arg(long)]
        json: bool,
    },
    /// End the enrolment of a group
    Remove {
        /// The group's number, as `cctelegram chats list` shows it
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
}

pub(super) fn run(args: ChatsArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    super::runtime()?.block_on(async {
        let client = SocketClient::find(&reach)?;
        match args.command {
            ChatsCommand::Enrol { projects, json } => enrol(&client, projects, json).await,
            ChatsCommand::List { json } => list(&client, json).await,
            ChatsCommand::Remove { id } => {
                let removed = client.remove_chat(id).await?;
                let title = &removed.title;
                output::line(&format!("Group “{title}” ({id}) is no longer enrolled."));
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn list(client: &SocketClient, as_json: bool) -> Result<ExitCode, Failure> {
    let chats = client.chats().await?;
    if as_json {
        output::json(&chats)?;
    } else if chats.is_empty() {
        output::line("No group is enrolled. `cctelegram chats enrol` begins it.");
    } else {
        for chat in &chats {
            output::line(&line(chat));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(chat: &ChatEntry) -> String {
    let title = chat.title.replace('\n', " ");
    let forum = if chat.forum { ", with topics" } else { "" };
    let away = if chat.away {
        ", the bot is not in it"
    } else {
        ""
    };
    let (id, by, since) = (chat.chat, chat.enrolled_by, chat.enrolled);
    let projects = named(&chat.projects);
    format!("{id}  “{title}”  {projects}{forum}{away}  (enrolled by {by} at {since})")
}

fn named(projects: &BTreeSet<String>) -> String {
    if projects.is_empty() {
        return "all projects".to_owned();
    }
    let names: Vec<&str> = projects.iter().map(String::as_str).collect();
    format!("projects {}", names.join(", "))
}

async fn enrol(
    client: &SocketClient,
    projects: Vec<String>,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let interrupt = Shutdown::listen()?;
    let request = EnrolRequest {
        projects: projects.into_iter().collect(),
    };
    let started = client.enrol(&request).await?;
    let say = if as_json { output::note } else { output::line };
    if let Some(link) = &started.link {
        say(&format!(
            "Add the bot to the group with this link:\n\n  {link}\n\nor write in the group:\n"
        ));
    } else {
        say("Write in the group:\n");
    }
    say(&format!("  {}\n", started.command));
    say(
        "It works once, until 10 minutes from now. Then an allowed person confirms it in private. Ctrl-C ends it.",
    );
    let status = tokio::select! {
        status = outcome(client, started.enrolment_id) => status?,
        () = interrupt.wait() => {
            let status = client.withdraw_enrolment(started.enrolment_id).await?;
            conclude(&status, as_json)?;
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    conclude(&status, as_json)
}

async fn outcome(client: &SocketClient, id: EnrolmentId) -> Result<EnrolStatus, ClientError> {
    let mut told = false;
    loop {
        let status = client.enrolment(id, if told { WAIT_S } else { 1 }).await?;
        match status.state {
            EnrolState::Open => {}
            EnrolState::Asked if told => {}
            EnrolState::Asked => {
                let title = status.title.as_deref().unwrap_or_default();
                output::note(&format!(
                    "The group “{title}” has the code; allowed people are asked."
                ));
                told = true;
            }
            EnrolState::Enrolled
            | EnrolState::Refused
            | EnrolState::Expired
            | EnrolState::Withdrawn => return Ok(status),
        }
    }
}

fn conclude(status: &EnrolStatus, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        output::json(status)?;
    }
    let title = status.title.as_deref().unwrap_or_default();
    let chat = status.chat.unwrap_or_default();
    let what = match status.state {
        EnrolState::Enrolled => {
            if !as_json {
                output::line(&format!("Group “{title}” ({chat}) is enrolled."));
            }
            return Ok(ExitCode::SUCCESS);
        }
        EnrolState::Refused => format!("an allowed person refused the group “{title}” ({chat})"),
        EnrolState::Expired => "nobody decided in time, nothing was changed\nRun `cctelegram chats enrol` again for a new code.".to_owned(),
        EnrolState::Withdrawn => "the enrolment is taken back, nothing was changed".to_owned(),
        EnrolState::Open | EnrolState::Asked => "the enrolment is still open".to_owned(),
    };
    output::note(&format!("cctelegram: {what}"));
    Ok(ExitCode::from(FAILED))
}

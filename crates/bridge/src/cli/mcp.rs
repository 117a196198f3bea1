//! `cctelegram mcp`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use cctelegram_mcp::Access;
use cctelegram_mcp::AgentMeans;
use cctelegram_mcp::AgentPlace;
use cctelegram_mcp::AgentServer;
use cctelegram_mcp::NotReached;
use cctelegram_mcp::ServerExtras;
use cctelegram_mcp::Upkeep;
use cctelegram_mcp::hook::KnownSecrets;
use tracing::Level;

use super::failure::Failure;
use super::hook;
use super::upkeep::BridgeUpkeep;
use crate::client;
use crate::client::ClientError;
use crate::config;
use crate::config::Environment;
use crate::signals::Shutdown;

/// Where the kernel tells the machine's name.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// How Claude Code tells the programs that it starts which session they belong to.
const SESSION: &str = "CLAUDE_CODE_SESSION_ID";

/// Serve agents: an MCP server on standard input and output.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  claude mcp add cctelegram -- cctelegram mcp
  codex mcp add cctelegram -- cctelegram mcp

It speaks JSON-RPC on standard output and nothing else; what it has to say goes to standard error.
It ends when its input ends. Without --ensure-bridge it starts no bridge; its tools say when there is none.")]
pub(super) struct McpArgs {
    /// Be a channel of Claude Code: push replies into the session, and ask for what it wants to be allowed
    #[arg(long)]
    channel: bool,
    /// Offer the older server's other tools too
    #[arg(long)]
    compat: bool,
    /// Start a bridge in the background when none runs
    #[arg(long)]
    ensure_bridge: bool,
}

pub(super) fn run(args: &McpArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_max_level(Level::WARN)
        .init();
    let (policy_file, environment_of_secrets) = (reach.home.policy_file(), environment.clone());
    let upkeep = Arc::new(BridgeUpkeep::new(reach.clone(), environment.clone()));
    let means = AgentMeans {
        upkeep: Arc::clone(&upkeep) as Arc<dyn Upkeep>,
        policy: Box::new(move || hook::policy(&policy_file)),
        off_limits: config::off_limits(environment, &reach.home),
        secrets: Box::new(move || KnownSecrets::among(environment_of_secrets.all())),
        person: environment.get("HOME").map(PathBuf::from),
    };
    let whereabouts = reach.clone();
    let access = Access::new(move || {
        client::locate(&whereabouts).map_err(|error| {
            let text = error.to_string();
            match error {
                ClientError::NoBridge(_) => NotReached::NoBridge(text),
                ClientError::Broken(why) => NotReached::Broken(why),
                ClientError::Stranger { .. }
                | ClientError::Refused { .. }
                | ClientError::Unreadable(_) => NotReached::Untrusted(text),
            }
        })
    });
    let place = AgentPlace {
        directory: std::env::current_dir().context("find the current directory")?,
        host: std::fs::read_to_string(HOST_NAME)
            .ok()
            .map(|name| name.trim().to_owned()),
        session: environment.get(SESSION).map(str::to_owned),
    };
    let extras = ServerExtras {
        channel: args.channel,
        compat: args.compat,
    };
    let runtime = super::runtime()?;
    let ended = runtime.block_on(async {
        let stop = Shutdown::listen()?.wait();
        if args.ensure_bridge && matches!(client::locate(&reach), Err(ClientError::NoBridge(_))) {
            // The client is answered meanwhile.
            drop(tokio::task::spawn_blocking(move || {
                if let Err(error) = upkeep.start() {
                    tracing::error!(error, "no bridge runs, and none can be started");
                }
            }));
        }
        let server = AgentServer::new(access, place, means, extras);
        let serving = Box::pin(server.serve(tokio::io::stdin(), tokio::io::stdout(), stop));
        serving.await.context("begin with the client")
    });
    // A read of the standard input cannot be ended from here.
    runtime.shutdown_background();
    ended?;
    Ok(ExitCode::SUCCESS)
}

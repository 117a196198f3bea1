//! `cctelegram mcp`.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use cctelegram_mcp::Access;
use cctelegram_mcp::AgentPlace;
use cctelegram_mcp::AgentServer;
use tracing::Level;

use super::failure::Failure;
use crate::client;
use crate::config;
use crate::config::Environment;
use crate::signals::Shutdown;

/// Where the kernel tells the machine's name.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Serve agents: an MCP server on standard input and output.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  claude mcp add cctelegram -- cctelegram mcp
  codex mcp add cctelegram -- cctelegram mcp

It speaks JSON-RPC on standard output and nothing else; what it has to say goes to standard error.
It ends when its input ends. It starts no bridge: without one, its tools say so.")]
pub(super) struct McpArgs {}

pub(super) fn run(_: &McpArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_max_level(Level::WARN)
        .init();
    let access = Access::new(move || {
        let socket = client::locate(&reach);
        socket.map_err(|error| error.to_string())
    });
    let place = AgentPlace {
        directory: std::env::current_dir().context("find the current directory")?,
        host: std::fs::read_to_string(HOST_NAME)
            .ok()
            .map(|name| name.trim().to_owned()),
    };
    let runtime = super::runtime()?;
    let ended = runtime.block_on(async {
        let stop = Shutdown::listen()?.wait();
        let server = AgentServer::new(access, place);
        let serving = Box::pin(server.serve(tokio::io::stdin(), tokio::io::stdout(), stop));
        serving.await.context("begin with the client")
    });
    // A read of the standard input cannot be ended from here.
    runtime.shutdown_background();
    ended?;
    Ok(ExitCode::SUCCESS)
}

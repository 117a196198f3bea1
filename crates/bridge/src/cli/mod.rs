//! The command line: what can be typed, and who carries it out.

mod answer;
mod ask;
mod chats;
mod completions;
mod crypto;
mod demo;
mod doctor;
mod dumps;
mod failure;
mod files;
mod hook;
mod init;
mod logs;
mod mcp;
mod mode;
mod output;
mod policy;
mod private_file;
mod queue;
mod reference;
mod send;
mod service;
mod setup;
mod start;
mod status;
mod upkeep;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap::Parser;
use clap::Subcommand;
use tokio::runtime::Runtime;

use crate::config::Environment;
use failure::FAILED;
use failure::Failure;
use failure::USAGE;

/// The secure line between coding agents and the people who answer for them
#[derive(Parser)]
#[command(name = "cctelegram", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
struct Cli {
    /// Run the bridge, the same as `cctelegram start`
    #[arg(long)]
    start: bool,
    /// The directory that holds everything (instead of `CC_TELEGRAM_HOME` or `~/.cc_telegram`)
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Show the bridge with a phone in the browser: no account, no token, nothing kept
    Demo(demo::DemoArgs),
    /// Set up the bot's token and pair the first person
    Init(init::InitArgs),
    /// Run the bridge in the foreground
    Start(start::StartArgs),
    /// Tell how the bridge is doing
    Status(status::StatusArgs),
    /// Send a message
    Send(send::SendArgs),
    /// Ask for a decision and wait for it
    Ask(ask::AskArgs),
    /// Show or switch the mode: local, nomad or mute
    Mode(mode::ModeArgs),
    /// List the messages that are not delivered; show, retry or drop one
    Queue(queue::QueueArgs),
    /// Look at the whole set-up and say what is wrong with it
    Doctor(doctor::DoctorArgs),
    /// Show the bridge's log
    Logs(logs::LogsArgs),
    /// Run the bridge as a systemd user service
    Service(service::ServiceArgs),
    /// Serve agents: an MCP server on standard input and output
    Mcp(mcp::McpArgs),
    /// Print the completions of a shell
    Completions(completions::CompletionsArgs),
    /// Enrol groups, list them, or end their enrolment
    Chats(chats::ChatsArgs),
    /// Answer a hook of Claude Code or Codex, whose input is read from standard input
    Hook(hook::HookArgs),
    /// Name this program in the settings of Claude Code or Codex, or take it out again
    Setup(setup::SetupArgs),
    /// Check the rules of what agents may do, and try them
    Policy {
        #[command(subcommand)]
        command: policy::PolicyCommand,
    },
    /// Tell which cryptography is used, and for what
    Crypto {
        #[command(subcommand)]
        command: crypto::CryptoCommand,
    },
    /// Print a JSON Schema
    Schema {
        #[arg(value_enum)]
        of: reference::Schema,
    },
    /// Print a part of the documentation that is made from the program
    #[command(hide = true)]
    Reference {
        #[arg(value_enum)]
        part: reference::Part,
    },
}

/// What agents call before every use of a tool: it is read sooner when nothing else has to be known.
#[derive(Parser)]
struct HookCall {
    #[arg(long, global = true)]
    home: Option<PathBuf>,
    #[command(subcommand)]
    command: OnlyHook,
}

#[derive(Subcommand)]
enum OnlyHook {
    Hook(hook::HookArgs),
}

impl HookCall {
    /// Nothing if it is another command, or wrong: then all of them have to be known to say so.
    fn try_read() -> Option<Cli> {
        let Self { home, command } = hook::is_called(std::env::args_os())
            .then(Self::try_parse)?
            .ok()?;
        let OnlyHook::Hook(args) = command;
        Some(Cli {
            start: false,
            home,
            command: Some(Command::Hook(args)),
        })
    }
}

/// Runs what was typed.
pub(crate) fn run() -> ExitCode {
    dumps::deny();
    let cli = match HookCall::try_read().map_or_else(Cli::try_parse, Ok) {
        Ok(cli) => cli,
        Err(error) => {
            // A terminal that has gone away needs no usage.
            error.print().unwrap_or_default();
            return match error.use_stderr() {
                // To agents an exit code of 2 is a decision.
                true if hook::is_called(std::env::args_os()) => ExitCode::from(FAILED),
                true => ExitCode::from(USAGE),
                false => ExitCode::SUCCESS,
            };
        }
    };
    carry_out(cli).unwrap_or_else(|failure| {
        output::note(&format!("cctelegram: {}", failure.text()));
        failure.exit_code()
    })
}

fn carry_out(cli: Cli) -> Result<ExitCode, Failure> {
    let mut environment = Environment::of_process();
    if let Some(home) = cli.home {
        let home = std::path::absolute(home).context("find the directory of --home")?;
        let home = home
            .to_str()
            .context("the directory of --home has a name that is not text")?;
        environment.set("CC_TELEGRAM_HOME", home);
    }
    let command = match (cli.start, cli.command) {
        (true, None) => Command::Start(start::StartArgs::default()),
        (false, Some(command)) => command,
        (true, Some(_)) => {
            return Err(Failure::new(
                USAGE,
                "--start stands alone\nLeave the command out.",
            ));
        }
        (false, None) => {
            let usage = Cli::command().render_help();
            return Err(Failure::new(
                USAGE,
                format!("there is no command\n\n{usage}"),
            ));
        }
    };
    match command {
        Command::Demo(args) => demo::run(&args).map_err(Failure::from),
        Command::Init(args) => init::run(args, environment),
        Command::Start(args) => start::run(&args, environment).map_err(Failure::from),
        Command::Status(args) => status::run(&args, &environment),
        Command::Send(args) => send::run(args, &environment),
        Command::Ask(args) => ask::run(args, &environment),
        Command::Mode(args) => mode::run(&args, &environment),
        Command::Queue(args) => queue::run(&args, &environment),
        Command::Doctor(args) => doctor::run(&args, &environment),
        Command::Logs(args) => logs::run(&args, &environment),
        Command::Service(args) => service::run(&args, &environment),
        Command::Mcp(args) => mcp::run(&args, &environment),
        Command::Completions(args) => Ok(completions::run(&args, Cli::command())),
        Command::Chats(args) => chats::run(args, &environment),
        Command::Hook(args) => hook::run(&args, &environment),
        Command::Setup(args) => setup::run(&args, &environment),
        Command::Policy { command } => policy::run(command, &environment),
        Command::Crypto { command } => crypto::run(command),
        Command::Schema { of } => reference::schema(of),
        Command::Reference { part } => reference::print(part, &Cli::command()),
    }
}

/// Commands wait for one thing at a time: one thread is enough.
fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    Ok(runtime.context("start the runtime")?)
}

const AFTER_HELP: &str = "\
Examples:
  cctelegram demo                               see it work, without a bot
  cctelegram init                               set up a bot and pair your phone
  cctelegram --start                            run the bridge
  cctelegram setup claude-code                  connect Claude Code with it
  cctelegram send 'Build finished' --type build_completed --project shop
  cctelegram ask 'Deploy?' --option Deploy --option Hold --wait 10m && ./deploy

Exit codes: 0 done; 1 failed; 2 wrong usage; 4 no bridge is running. `ask` has more: see `cctelegram ask --help`.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_and_two_things_at_once_are_wrong_usage() {
        for words in [&["cctelegram"][..], &["cctelegram", "--start", "status"]] {
            let failure = carry_out(Cli::try_parse_from(words).unwrap()).unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::from(USAGE));
        }
    }
}

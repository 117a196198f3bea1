//! `cctelegram setup`: this program's name in the settings of coding agents.

mod diff;
mod places;
mod settings_file;

use std::io;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cctelegram_core::time::Clock as _;
use cctelegram_mcp::settings::FormerHooks;
use cctelegram_mcp::settings::Launch;
use cctelegram_mcp::settings::Presence;
use cctelegram_mcp::settings::Registration;
use clap::ValueEnum;

use super::answer;
use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::config;
use crate::config::Environment;
use crate::home::Home;
use settings_file::Edit;
use settings_file::SettingsFile;

/// Name this program in the settings of Claude Code or Codex, or take it out again.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cctelegram setup claude-code                     hooks, MCP server and permissions, for all projects
  cctelegram setup claude-code --project .         for this project, and for you alone
  cctelegram setup codex --print                   show what would change, and change nothing
  cctelegram setup claude-code --uninstall

Every change is shown first and asked about. Everything else in the files stays as it is; a copy of each file that changes is
kept beside it. See docs/AGENTS.md.

Exit codes: 0 done, or nothing to do; 1 failed or not changed; 2 wrong usage.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub(super) struct SetupArgs {
    /// Whose settings
    #[arg(value_enum)]
    agent: SetUpAgent,
    /// Only for the project in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "user")]
    project: Option<PathBuf>,
    /// For all projects of this user, which is what happens without --project
    #[arg(long)]
    user: bool,
    /// Take everything out again
    #[arg(long, conflicts_with_all = ["wait", "fail_closed"])]
    uninstall: bool,
    /// Only show what would change
    #[arg(long)]
    print: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Have the agent refuse what nobody can be asked about, for want of a bridge; Claude Code also for want of this program
    #[arg(long)]
    fail_closed: bool,
    /// How many seconds somebody may take to decide [default: 590; for Codex, which meanwhile asks nobody else, 60]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait: Option<u64>,
}

/// The agents that can be set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum SetUpAgent {
    ClaudeCode,
    Codex,
}

pub(super) fn run(args: &SetupArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let registration = |hooks: &SettingsFile| registration(args, environment, hooks);
    let presence = if args.uninstall {
        Presence::Gone
    } else {
        Presence::Named
    };
    let edits = match args.agent {
        SetUpAgent::ClaudeCode => {
            places::claude(args.project.as_deref(), environment, registration, presence)?
        }
        SetUpAgent::Codex => {
            places::codex(args.project.as_deref(), environment, registration, presence)?
        }
    };
    if (args.agent, presence) == (SetUpAgent::ClaudeCode, Presence::Named)
        && places::has_plugin(args.project.as_deref(), environment)?
    {
        output::note(PLUGIN);
    }
    let named = edits.iter().filter(|edit| edit.still_names(SERVER_NAME));
    let named: Vec<String> = named
        .map(|edit| edit.file.path.display().to_string())
        .collect();
    let edits: Vec<Edit> = edits.into_iter().filter(Edit::changes).collect();
    if edits.is_empty() {
        output::line("There is nothing to change.");
        return Ok(ExitCode::SUCCESS);
    }
    for edit in &edits {
        output::line(&diff::of(edit));
    }
    if args.print {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !agreed(edits.len())? {
        output::note("nothing was changed");
        return Ok(ExitCode::from(FAILED));
    }
    let copies = settings_file::apply(&edits, SystemClock.now())?;
    for copy in copies {
        output::line(&format!("The file as it was: {}", copy.display()));
    }
    match presence {
        Presence::Named => output::line(done(args.agent)),
        Presence::Gone if named.is_empty() => {
            output::line("Nothing of CCTelegram is left in these settings.");
        }
        Presence::Gone => output::line(&format!(
            "What setup put there is gone. The word cctelegram still stands in {}: look whether it is meant to.",
            named.join(" and ")
        )),
    }
    Ok(ExitCode::SUCCESS)
}

fn agreed(files: usize) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        let text = "there is no terminal to ask at, so nothing was changed\n\
                    Say --yes to change the files, or --print to only look.";
        return Err(Failure::new(FAILED, text));
    }
    answer::yes(match files {
        1 => "Change this file?",
        _ => "Change these files?",
    })
}

fn registration(
    args: &SetupArgs,
    environment: &Environment,
    hooks: &SettingsFile,
) -> Result<Registration, Failure> {
    let home = config::home(environment)?;
    let program = std::env::current_exe().context("find this program")?;
    let told = !config::is_usual_home(environment, &home);
    let launch = Launch {
        program: places::text(&program)?,
        home: told.then(|| places::text(home.root())).transpose()?,
    };
    let usual = match args.agent {
        SetUpAgent::ClaudeCode => 590,
        SetUpAgent::Codex => 60,
    };
    let former = FormerHooks::read(hooks.text.as_deref().unwrap_or_default(), &launch.program);
    let mut formerly_off_limits = Vec::new();
    for told in &former.homes {
        let former = match told {
            Some(home) => Some(Home::new(PathBuf::from(home))),
            None => config::usual_home(environment),
        };
        if let Some(former) = former {
            formerly_off_limits.extend(off_limits(environment, &former)?);
        }
    }
    Ok(Registration {
        launch,
        // Who says nothing of these wants them as they are: nobody is to lose them by running this again.
        wait_s: args.wait.or(former.wait_s).unwrap_or(usual),
        fail_closed: args.fail_closed || former.fail_closed,
        off_limits: off_limits(environment, &home)?,
        formerly_off_limits,
    })
}

/// What no agent may touch, folders with a `/` at their end.
fn off_limits(environment: &Environment, home: &Home) -> Result<Vec<String>, Failure> {
    let paths = config::off_limits(environment, home).into_iter();
    let texts = paths.map(|path| {
        let text = places::text(&path)?;
        // The key's folder, or the home: only a key that somebody put elsewhere is a file.
        let is_folder = path == home.root() || path.ends_with("cctelegram") && !path.is_file();
        Ok(if is_folder { text + "/" } else { text })
    });
    texts.collect()
}

/// What an MCP server and a program of ours are called.
const SERVER_NAME: &str = "cctelegram";

const PLUGIN: &str = "The plugin is switched on in these settings as well, so every question would come twice. Take one of the two: \
                      `claude plugin disable cctelegram@cctelegram`, or leave this.";

const fn done(agent: SetUpAgent) -> &'static str {
    match agent {
        SetUpAgent::ClaudeCode => {
            "Claude Code is set up: sessions that run take the hooks at once, and the MCP server when they start again.\n\
             Try it: ask Claude to run a command that needs your permission. `cctelegram mode nomad` when you leave the desk."
        }
        SetUpAgent::Codex => {
            "Codex is set up. At its next start it asks once whether the hooks are to be trusted: until you say yes, it \
             skips them without a word. After every change of the hooks it asks again."
        }
    }
}

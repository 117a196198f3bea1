//! `cctelegram policy`.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cctelegram_core::policy;
use cctelegram_core::policy::Policy;
use cctelegram_core::policy::Ruling;
use cctelegram_core::policy::Unanswered;
use cctelegram_mcp::hook::OwnFiles;
use cctelegram_mcp::hook::ToolCall;
use cctelegram_mcp::hook::Workplace;
use serde_json::Value;

use super::failure::FAILED;
use super::failure::Failure;
use super::failure::USAGE;
use super::output;
use crate::config;
use crate::config::Environment;

/// Check the rules of what agents may do, and try them.
#[derive(clap::Subcommand)]
pub(super) enum PolicyCommand {
    /// Read a policy and name every mistake in it
    #[command(after_help = CHECK_HELP)]
    Check {
        /// The file; without it, policy.toml in the home
        file: Option<PathBuf>,
    },
    /// Say what the rules make of one use of a tool, and why
    #[command(after_help = TEST_HELP)]
    Test(TestArgs),
}

/// One use of a tool.
#[derive(clap::Args)]
pub(super) struct TestArgs {
    /// The tool's name: Bash or Edit, for example
    #[arg(long)]
    tool: String,
    /// The tool's input, a JSON object
    #[arg(long, value_name = "JSON")]
    input: String,
    /// The agent: claude-code or codex
    #[arg(long, default_value = "claude-code")]
    agent: String,
    /// The project; without it, the one of the directory
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The directory that the agent works in; without it, this one
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// The policy; without it, policy.toml in the home
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(command: PolicyCommand, environment: &Environment) -> Result<ExitCode, Failure> {
    let at = |file: Option<PathBuf>| -> Result<PathBuf, Failure> {
        match file {
            Some(file) => Ok(file),
            None => Ok(config::home(environment)?.policy_file()),
        }
    };
    match command {
        PolicyCommand::Check { file } => check(&at(file)?),
        PolicyCommand::Test(mut args) => {
            let policy = match args.file.take() {
                Some(file) => load(&file)?,
                // Without the file there are no rules, as for the hook.
                None => match at(None)? {
                    usual if usual.symlink_metadata().is_ok() => load(&usual)?,
                    _ => Policy::default(),
                },
            };
            test(args, &policy, environment)
        }
    }
}

fn check(file: &Path) -> Result<ExitCode, Failure> {
    let policy = load(file)?;
    let rules = match policy.len() {
        1 => "1 rule".to_owned(),
        rules => format!("{rules} rules"),
    };
    let unanswered = match policy.unanswered {
        Unanswered::Terminal => "",
        Unanswered::Deny => "; what nobody answers is denied",
    };
    let file = file.display();
    output::line(&format!("{file}: {rules}, no mistakes{unanswered}"));
    Ok(ExitCode::SUCCESS)
}

fn test(args: TestArgs, policy: &Policy, environment: &Environment) -> Result<ExitCode, Failure> {
    let input: Value = serde_json::from_str(&args.input)
        .map_err(|error| Failure::new(USAGE, format!("--input is no JSON: {error}\n{QUOTES}")))?;
    if !input.is_object() {
        return Err(Failure::new(
            USAGE,
            format!("--input is no JSON object\n{QUOTES}"),
        ));
    }
    let folder = args.cwd.unwrap_or_else(|| PathBuf::from("."));
    let folder = std::path::absolute(folder).context("find the directory")?;
    let mut place = Workplace::of(&folder);
    place.project = args.project.or(place.project);
    let call = ToolCall {
        tool: args.tool,
        input,
    };
    let person = environment.get("HOME").map(Path::new);
    let off_limits = config::off_limits(environment, &config::home(environment)?);
    let own_files = OwnFiles::new(&off_limits, &folder, person);
    let ruling = own_files.rule_on(&call);
    let ruling =
        ruling.unwrap_or_else(|| policy.rule_on(&call.as_use(&args.agent, &place, person)));
    let outcome = match ruling {
        Ruling::Denied { .. } => "deny",
        Ruling::Allowed { .. } => "allow",
        Ruling::Undecided { .. } => "ask",
    };
    output::line(&format!("{outcome}: {ruling}"));
    Ok(ExitCode::SUCCESS)
}

/// The policy in a file that has to be there.
fn load(file: &Path) -> Result<Policy, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        let remedy = if error.kind() == io::ErrorKind::NotFound {
            "Name the file, or write it: docs/POLICY.md says how."
        } else {
            "Make it a text file that you may read."
        };
        let what = format!("read {}: {error}\n{remedy}", file.display());
        Failure::new(FAILED, what)
    })?;
    policy::read(&text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        let what = format!(
            "{} has mistakes, so no rule of it counts\n{}",
            file.display(),
            lines.join("\n")
        );
        Failure::new(FAILED, what)
    })
}

const QUOTES: &str = "Put it in single quotes: --input '{\"command\": \"git push\"}'";

const CHECK_HELP: &str = "\
Exit codes: 0 the file is in order; 1 it has mistakes or cannot be read.";

const TEST_HELP: &str = "\
Examples:
  cctelegram policy test --tool Bash --input '{\"command\": \"git push --force\"}'
  cctelegram policy test --tool Edit --input '{\"file_path\": \"src/main.rs\"}' --project shop

The answer begins with deny, allow or ask, and says why.";

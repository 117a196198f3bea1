//! `cctelegram hook`: runs in front of every use of a tool, so it starts nothing and reads little.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::process;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use cctelegram_core::policy;
use cctelegram_core::policy::Policy;
use cctelegram_mcp::hook;
use cctelegram_mcp::hook::HookInput;
use cctelegram_mcp::hook::HookSetting;
use cctelegram_mcp::hook::KnownSecrets;
use cctelegram_mcp::hook::LARGEST_INPUT;
use cctelegram_mcp::hook::Moment;
use cctelegram_mcp::socket::SocketLine;
use rustix::process::getppid;

use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::client;
use crate::config;
use crate::config::Environment;

const LOOK_FOR_THE_AGENT: Duration = Duration::from_secs(1);
/// The agent gives up a little after the wait; the last word to the bridge has to be said by then.
const GRACE: Duration = Duration::from_secs(5);
/// Claude Code gives all hooks of a session's end a second and a half.
const LAST_MOMENT: Duration = Duration::from_millis(1400);

/// Answer a hook of Claude Code or Codex, whose input is read from standard input.
#[derive(clap::Args)]
#[command(after_help = "\
Written into an agent's settings as a hook of every event, with the agent's time-out a little longer than --wait. See
docs/AGENTS.md.

Exit codes: 0 the answer, if there is one, is on standard output; 1 the hook failed and said nothing.")]
pub(super) struct HookArgs {
    /// How many seconds to wait for somebody's decision
    #[arg(long, value_name = "SECONDS", default_value_t = 590, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait: u64,
    /// Deny what the bridge cannot be asked about
    #[arg(long)]
    fail_closed: bool,
}

pub(super) fn run(args: &HookArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    answer(args, environment).map_err(|error| Failure::new(FAILED, format!("{error:#}")))
}

/// Was `hook` what was typed, whatever was wrong with it?
pub(super) fn is_called(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut words = arguments.skip(1);
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--home") => drop(words.next()),
            Some(option) if option.starts_with('-') => {}
            other => return other == Some("hook"),
        }
    }
    false
}

fn answer(args: &HookArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    end_with_the_agent();
    let input = HookInput::read(&standard_input()?).context("read the hook's input")?;
    let home = config::home(environment)?;
    let policy_file = home.policy_file();
    // Where the bridge is matters only to who speaks to it.
    let find = || client::locate(&config::reach(environment).ok()?).ok();
    let wait = Duration::from_secs(args.wait);
    let longest = if matches!(input.moment, Moment::SessionEnded { .. }) {
        LAST_MOMENT
    } else {
        wait.saturating_add(GRACE)
    };
    let setting = HookSetting {
        policy: &|| policy(&policy_file),
        off_limits: &|| config::off_limits(environment, &home),
        line: SocketLine::new(&find).until(Instant::now() + longest),
        secrets: &|| KnownSecrets::among(environment.all()),
        person: environment.get("HOME").map(Path::new),
        wait,
        fail_closed: args.fail_closed,
    };
    let result = hook::run(&input, &setting);
    if let Some(note) = result.note {
        output::note(&format!("cctelegram: {note}"));
    }
    if result.failed {
        return Ok(ExitCode::from(FAILED));
    }
    let heard = result
        .output
        .is_none_or(|answer| output::json_line_is_read(&answer));
    // An agent that is gone cannot be answered.
    Ok(ExitCode::from(if heard { 0 } else { FAILED }))
}

/// An agent that is killed tells its hooks nothing; the request of a hook that ends is taken back by the bridge.
fn end_with_the_agent() {
    let agent = getppid();
    let watch = move || {
        while getppid() == agent {
            thread::sleep(LOOK_FOR_THE_AGENT);
        }
        process::exit(i32::from(FAILED));
    };
    // Without the thread the request is taken back when its time is over.
    drop(thread::Builder::new().name("agent".to_owned()).spawn(watch));
}

fn standard_input() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells that it is too large.
    let limit = LARGEST_INPUT.saturating_add(1) as u64;
    io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut bytes)
        .context("read standard input")?;
    // Whoever writes more is not cut off, which could look like a broken hook.
    io::copy(&mut io::stdin().lock(), &mut io::sink()).context("read standard input")?;
    Ok(bytes)
}

/// The rules in the home; none where there is no file.
pub(super) fn policy(file: &Path) -> Result<Policy, String> {
    let wrong = |why: &str| {
        let file = file.display();
        format!("The rules in {file} cannot be used: {why} Run `cctelegram policy check`.")
    };
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Policy::default()),
        Err(error) => return Err(wrong(&format!("{error}."))),
    };
    policy::read(&text).map_err(|mistakes| {
        let first = mistakes.first().map(ToString::to_string);
        wrong(&first.unwrap_or_default())
    })
}

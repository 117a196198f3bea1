//! `cctelegram logs`: the bridge's log, its end and what is added to it.

mod entry;
mod tail;

use std::process::ExitCode;

use clap::ValueEnum;

use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::config;
use crate::config::Environment;
use entry::Entry;
use tail::Tail;

/// Show the bridge's log.
#[derive(clap::Args)]
#[command(after_help = "\
Times are in UTC. Older logs (bridge.log.1 to .5) are read too where they are needed.

Exit codes: 0 done; 1 there is no log; 2 wrong usage.")]
pub(super) struct LogsArgs {
    /// Show so many lines of the end
    #[arg(short = 'n', long, default_value_t = 100, value_name = "COUNT")]
    lines: usize,
    /// Go on and show what is added
    #[arg(short, long)]
    follow: bool,
    /// Only what is at least as serious
    #[arg(long, value_enum, default_value_t = Level::Trace)]
    level: Level,
    /// Print the lines as they are stored: one JSON document each
    #[arg(long)]
    json: bool,
}

/// How serious a line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

pub(super) fn run(args: &LogsArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let path = config::home(environment)?.log_file();
    if !path.exists() && !args.follow {
        let text = format!(
            "there is no log {}\nIt begins when the bridge starts: `cctelegram start`.",
            path.display()
        );
        return Err(Failure::new(FAILED, text));
    }
    let wanted = |line: &str| Entry::read(line).is_at_least(args.level);
    let show = |line: &str| {
        if args.json {
            output::json_line_is_read(line)
        } else {
            output::line_is_read(&Entry::read(line).text())
        }
    };
    let mut tail = Tail::open(path)?;
    for line in tail.last(args.lines, wanted)? {
        if !show(&line) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if args.follow {
        tail.follow(|line| !wanted(line) || show(line))?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `cctelegram schema` and `cctelegram reference`: documentation that is made from the program.

mod messages;

use std::fmt::Write as _;
use std::process::ExitCode;

use cctelegram_core::event;
use cctelegram_core::event::Kind;
use cctelegram_mcp::settings::plugin_hooks;
use clap::ValueEnum;

use super::failure::Failure;
use super::output;
use crate::config;
use crate::metrics;

/// What there is a schema of.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Schema {
    Event,
}

/// The parts of the documentation.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Part {
    Config,
    ConfigExample,
    Cli,
    Events,
    Messages,
    Metrics,
    PluginHooks,
}

pub(super) fn schema(of: Schema) -> Result<ExitCode, Failure> {
    match of {
        Schema::Event => output::json(&event::schema())?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn print(part: Part, command: &clap::Command) -> Result<ExitCode, Failure> {
    let text = match part {
        Part::Config => config::reference::markdown(),
        Part::ConfigExample => config::reference::example(),
        Part::Cli => commands(command),
        Part::Events => events(),
        Part::Messages => messages::page(),
        Part::Metrics => metrics::reference(),
        Part::PluginHooks => plugin_hooks().map_err(anyhow::Error::from)?,
    };
    output::line(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn commands(command: &clap::Command) -> String {
    let mut text = "# Command line\n".to_owned();
    help(&mut text, command.clone());
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        help(
            &mut text,
            inner
                .clone()
                .bin_name(format!("cctelegram {}", inner.get_name())),
        );
    }
    text
}

fn help(text: &mut String, mut command: clap::Command) {
    let name = command.get_bin_name().unwrap_or("cctelegram").to_owned();
    let help = command.render_long_help().to_string();
    // Writing into a String cannot fail.
    write!(text, "\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end()).unwrap_or_default();
}

fn events() -> String {
    let mut text =
        "# Event types\n\n| type | group | severity | meaning |\n|---|---|---|---|\n".to_owned();
    for known in Kind::all() {
        let (name, group, severity) = (known.name, known.group, known.severity.name());
        writeln!(
            text,
            "| `{name}` | {group} | {severity} | {} |",
            known.description
        )
        .unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_event_is_listed() {
        assert_eq!(events().lines().count(), 4 + Kind::all().len());
    }
}

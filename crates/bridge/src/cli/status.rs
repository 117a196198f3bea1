//! `cctelegram status`.

use std::process::ExitCode;

use cctelegram_core::api::ModeSource;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::Status;
use jiff::tz::TimeZone;

use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;

/// Tell how the bridge is doing.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 healthy; 1 the bridge has problems; 4 no bridge is running.")]
pub(super) struct StatusArgs {
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &StatusArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let reach = config::reach(environment)?;
    let status =
        super::runtime()?.block_on(async { SocketClient::find(&reach)?.status().await })?;
    if args.json {
        output::json(&status)?;
    } else {
        output::line(&text(&status));
    }
    Ok(if status.healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

fn text(status: &Status) -> String {
    let bot = status
        .bot
        .as_ref()
        .map_or("not known yet".to_owned(), |name| format!("@{name}"));
    let health = if status.healthy {
        "healthy"
    } else {
        "has problems"
    };
    let mut lines = vec![
        format!(
            "bridge     {health}; version {}, process {}",
            status.version, status.pid
        ),
        format!("started    {}", status.started),
        format!("home       {}", status.home),
        format!("key        {} (id {})", status.key_file, status.key_id),
        format!("bot        {bot}"),
        format!("people     {}", status.allowed_users),
        format!("mode       {}", mode(&status.mode)),
        format!(
            "messages   {} waiting, {} held back, {} undeliverable, {} delivered",
            status.waiting, status.held, status.dead, status.delivered
        ),
        format!("decisions  {} pending", status.pending_approvals),
        format!("pages      http://{}/health", status.health_address),
    ];
    lines.extend(
        status
            .problems
            .iter()
            .map(|problem| format!("problem    {problem}")),
    );
    lines.extend(
        status
            .not_in_effect
            .iter()
            .map(|setting| format!("no effect  {setting}")),
    );
    lines.join("\n")
}

/// `mute until 14:02 UTC (switched)`.
pub(super) fn mode(status: &ModeStatus) -> String {
    let until = status
        .until
        .map(|end| format!(" until {}", end.clock_time(&TimeZone::UTC)))
        .unwrap_or_default();
    let by = match status.set_by {
        ModeSource::Setting => "setting",
        ModeSource::Switch => "switched",
    };
    format!("{}{until} ({by})", status.mode)
}

#[cfg(test)]
mod tests {
    use cctelegram_core::mode::Mode;
    use cctelegram_core::time::Timestamp;

    use super::*;

    #[test]
    fn a_mode_is_shown_with_its_end_and_its_origin() {
        let until = Some(Timestamp::from_millis(1_763_733_727_123));
        let mute = ModeStatus {
            mode: Mode::Mute,
            set_by: ModeSource::Switch,
            until,
            wait_for_reply_s: None,
        };
        assert_eq!(mode(&mute), "mute until 14:02 UTC (switched)");
        let local = ModeStatus {
            mode: Mode::Local,
            set_by: ModeSource::Setting,
            until: None,
            wait_for_reply_s: None,
        };
        assert_eq!(mode(&local), "local (setting)");
    }
}

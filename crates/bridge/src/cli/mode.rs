//! `cctelegram mode`.

use std::process::ExitCode;

use cctelegram_core::api::ModeRequest;
use cctelegram_core::mode::Mode;
use cctelegram_core::time::parse_span;

use super::failure::Failure;
use super::failure::USAGE;
use super::output;
use super::status;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;

/// Show or switch the mode: local, nomad or mute.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cctelegram mode                 show the mode
  cctelegram mode nomad           you are away from the desk
  cctelegram mode mute --for 2h   hold all messages but security alerts for two hours
  cctelegram mode reset           back to the setting, CC_TELEGRAM_MODE")]
pub(super) struct ModeArgs {
    /// The mode to switch to, or `reset`; without it the mode is shown
    #[arg(value_parser = ["local", "nomad", "mute", "reset"])]
    mode: Option<String>,
    /// With `mute`: when it ends by itself
    #[arg(long = "for", value_name = "SPAN", requires = "mode")]
    span: Option<String>,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

/// What to do about the mode.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    Show,
    Reset,
    Switch(ModeRequest),
}

pub(super) fn run(args: &ModeArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let change = change(args.mode.as_deref(), args.span.as_deref())?;
    let reach = config::reach(environment)?;
    let mode = super::runtime()?.block_on(async {
        let client = SocketClient::find(&reach)?;
        match change {
            Change::Show => client.mode().await,
            Change::Reset => client.reset_mode().await,
            Change::Switch(request) => client.set_mode(request).await,
        }
    })?;
    if args.json {
        output::json(&mode)?;
    } else {
        output::line(&status::mode(&mode));
    }
    Ok(ExitCode::SUCCESS)
}

fn change(mode: Option<&str>, span: Option<&str>) -> Result<Change, Failure> {
    let wrong = |error: String| Failure::new(USAGE, error);
    let mode = match mode {
        None => return Ok(Change::Show),
        Some("reset") if span.is_none() => return Ok(Change::Reset),
        Some("reset") => {
            return Err(wrong(
                "a reset has no duration\nLeave --for out.".to_owned(),
            ));
        }
        Some(mode) => mode
            .parse::<Mode>()
            .map_err(|error| wrong(error.to_string()))?,
    };
    let span = span
        .map(parse_span)
        .transpose()
        .map_err(|error| wrong(error.to_string()))?;
    if span.is_some() && mode != Mode::Mute {
        return Err(wrong(
            "only mute can end by itself\nLeave --for out.".to_owned(),
        ));
    }
    Ok(Change::Switch(ModeRequest {
        mode,
        for_s: span.map(|span| span.as_secs()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mute_can_end_by_itself() {
        let mute = ModeRequest {
            mode: Mode::Mute,
            for_s: Some(7_200),
        };
        assert_eq!(
            change(Some("mute"), Some("2h")).unwrap(),
            Change::Switch(mute)
        );
        assert_eq!(change(Some("reset"), None).unwrap(), Change::Reset);
        assert_eq!(change(None, None).unwrap(), Change::Show);
        for (mode, span) in [("nomad", "2h"), ("reset", "2h"), ("mute", "2")] {
            assert!(change(Some(mode), Some(span)).is_err(), "{mode} {span}");
        }
    }
}

//! `switch_to_local_mode` and `switch_to_nomad_mode`. Leaving nomad means that people see less of what the agent does:
//! somebody has to press for it. A mute was wanted by a person, and only a person ends it.

use std::time::Duration;

use cctelegram_core::api::ModeRequest;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::mode::Mode;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;
use crate::asking;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

pub(super) const LOCAL: &str = "switch_to_local_mode";
pub(super) const NOMAD: &str = "switch_to_nomad_mode";

/// So long is waited for somebody to let the agent leave nomad mode.
const WAIT: Duration = Duration::from_mins(5);

/// The mode that is in force now.
#[derive(Serialize, JsonSchema)]
pub(super) struct Switched {
    mode: String,
    /// False when it was in force before.
    changed: bool,
}

pub(super) fn local_tool() -> Tool {
    described::<Nothing, Switched>(
        LOCAL,
        (
            "Switch to local mode",
            "Switches the bridge to local mode: the person is back at the desk. From nomad mode somebody has to agree to it on the phone; without that it stays, and the call is an error.",
        ),
        Effect::Switches,
    )
}

pub(super) fn nomad_tool() -> Tool {
    described::<Nothing, Switched>(
        NOMAD,
        (
            "Switch to nomad mode",
            "Switches the bridge to nomad mode: the person is away and follows everything on the phone.",
        ),
        Effect::Switches,
    )
}

pub(super) async fn to_nomad(desk: &Desk, _: Nothing) -> Result<ToolAnswer, Failed> {
    match desk.access.mode().await?.mode {
        Mode::Nomad => told(Mode::Nomad, false),
        Mode::Local => switch(desk, Mode::Nomad).await,
        Mode::Mute => Err(muted()),
    }
}

pub(super) async fn to_local(
    desk: &Desk,
    caller: &Caller,
    _: Nothing,
) -> Result<ToolAnswer, Failed> {
    match desk.access.mode().await?.mode {
        Mode::Local => told(Mode::Local, false),
        Mode::Mute => Err(muted()),
        Mode::Nomad => {
            agreed(desk, caller).await?;
            // Somebody may have switched while the question was open; what they wanted stands.
            match desk.access.mode().await?.mode {
                Mode::Nomad => switch(desk, Mode::Local).await,
                Mode::Local => told(Mode::Local, false),
                Mode::Mute => Err(muted()),
            }
        }
    }
}

/// Somebody pressed for leaving nomad mode; anything else is a no.
async fn agreed(desk: &Desk, caller: &Caller) -> Result<(), Failed> {
    let text = "In local mode, less of what the agent does comes to the phone.";
    let report = Report::new("approval_request", "Leave nomad mode?", desk, caller)
        .with("description", Some(text.to_owned()))
        .with_data("options", Some(json!(["Switch to local", "Stay in nomad"])))
        .with_whereabouts(desk);
    let ended = asking::ask(desk, caller, &report, WAIT).await?;
    if ended.approved {
        return Ok(());
    }
    Err(Failed(format!(
        "The bridge stays in nomad mode: {}\nSomebody has to agree on the phone, or switch with /local there.",
        ended.told()
    )))
}

async fn switch(desk: &Desk, mode: Mode) -> Result<ToolAnswer, Failed> {
    let request = ModeRequest { mode, for_s: None };
    let ModeStatus { mode, .. } = desk.access.set_mode(request).await?;
    told(mode, true)
}

fn told(mode: Mode, changed: bool) -> Result<ToolAnswer, Failed> {
    let text = if changed {
        format!("The bridge is in {mode} mode now.")
    } else {
        format!("The bridge is in {mode} mode already.")
    };
    let switched = Switched {
        mode: mode.to_string(),
        changed,
    };
    ToolAnswer::new(text, &switched)
}

fn muted() -> Failed {
    let text = "the bridge is mute, because a person wanted it so\nOnly a person ends that: on the phone, or with `cctelegram mode`.";
    Failed(text.to_owned())
}

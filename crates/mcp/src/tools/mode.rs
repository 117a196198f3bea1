//! `switch_to_local_mode`, `switch_to_nomad_mode` and the older `switch_to_mute_mode`. Leaving nomad and muting mean that
//! people see less of what the agent does: somebody has to press for it. A mute was wanted by a person, and only a person ends it.

use cctelegram_core::api::ModeRequest;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::mode::Mode;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::consent;
use super::consent::Consent;
use super::described;
use crate::arguments::Failed;
use crate::caller::Caller;
use crate::desk::Desk;

pub(super) const LOCAL: &str = "switch_to_local_mode";
pub(super) const NOMAD: &str = "switch_to_nomad_mode";
pub(super) const MUTE: &str = "switch_to_mute_mode";

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

pub(super) fn mute_tool() -> Tool {
    described::<Nothing, Switched>(
        MUTE,
        (
            "Mute the bridge",
            "Switches the bridge to mute, when somebody agrees to it on the phone; without that it is not muted, and the call is an error. Only a person ends it.",
        ),
        Effect::Ends,
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

/// Mutes, when somebody agrees to it.
pub(super) async fn to_mute(desk: &Desk, caller: &Caller) -> Result<ToolAnswer, Failed> {
    if desk.access.mode().await?.mode == Mode::Mute {
        return told(Mode::Mute, false);
    }
    let consent = Consent {
        title: "Mute the bridge?",
        text: "While it is mute, everything but security alerts is held back, and agents cannot ask.",
        yes: "Mute it",
        no: "Stay as it is",
        otherwise: (
            "The bridge is not muted",
            "Somebody has to agree on the phone, or mute it with /mute there.",
        ),
    };
    consent::agreed(desk, caller, &consent).await?;
    switch(desk, Mode::Mute).await
}

/// Somebody pressed for leaving nomad mode; anything else is a no.
async fn agreed(desk: &Desk, caller: &Caller) -> Result<(), Failed> {
    let consent = Consent {
        title: "Leave nomad mode?",
        text: "In local mode, less of what the agent does comes to the phone.",
        yes: "Switch to local",
        no: "Stay in nomad",
        otherwise: (
            "The bridge stays in nomad mode",
            "Somebody has to agree on the phone, or switch with /local there.",
        ),
    };
    consent::agreed(desk, caller, &consent).await
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

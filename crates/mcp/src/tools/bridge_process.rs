//! The bridge as a process, under the older server's names. Whoever may start it may not end it: that needs a press, because
//! nobody sees anything of an agent while no bridge runs.

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::api::Status;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::consent;
use super::consent::Consent;
use super::described;
use crate::access::NotReached;
use crate::arguments::Failed;
use crate::caller::Caller;
use crate::desk::Desk;

pub(super) const START: &str = "start_bridge";
pub(super) const ENSURE: &str = "ensure_bridge_running";
pub(super) const STOP: &str = "stop_bridge";
pub(super) const RESTART: &str = "restart_bridge";
pub(super) const CHECK: &str = "check_bridge_process";

/// A bridge finishes what it has in hand first.
const LAST_WORDS: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The bridge's process as it is now.
#[derive(Serialize, JsonSchema, Default)]
pub(super) struct BridgeProcess {
    running: bool,
    /// Did this call start or end it?
    changed: bool,
    pid: Option<u32>,
    version: Option<String>,
    /// When it was started.
    started: Option<String>,
    healthy: bool,
}

impl BridgeProcess {
    fn of(status: &Status, changed: bool) -> Self {
        Self {
            running: true,
            changed,
            pid: Some(status.pid),
            version: Some(status.version.clone()),
            started: Some(status.started.to_string()),
            healthy: status.healthy,
        }
    }

    fn told(&self) -> Result<ToolAnswer, Failed> {
        let text = match (self.running, self.changed, self.pid) {
            (true, true, Some(pid)) => format!("The bridge was started: process {pid}."),
            (true, _, Some(pid)) => format!("The bridge runs: process {pid}."),
            (true, _, None) => "The bridge runs.".to_owned(),
            (false, true, _) => "The bridge was stopped.".to_owned(),
            (false, false, _) => "No bridge runs.".to_owned(),
        };
        ToolAnswer::new(text, self)
    }
}

pub(super) fn tools() -> Vec<Tool> {
    let tool = |name, title, description, effect| {
        described::<Nothing, BridgeProcess>(name, (title, description), effect)
    };
    let starts =
        "Starts the bridge in the background, unless one runs. It goes on when this server ends.";
    vec![
        tool(START, "Start the bridge", starts, Effect::Switches),
        tool(ENSURE, "See that the bridge runs", starts, Effect::Switches),
        tool(
            STOP,
            "Stop the bridge",
            "Stops the bridge, when somebody agrees to it on the phone; without that it runs on, and the call is an error.",
            Effect::Ends,
        ),
        tool(
            RESTART,
            "Restart the bridge",
            "Stops the bridge and starts it again in the background, when somebody agrees to it on the phone; without that it runs on, and the call is an error.",
            Effect::Ends,
        ),
        tool(
            CHECK,
            "Look at the bridge's process",
            "Tells whether a bridge runs, as which process, and since when.",
            Effect::Reads,
        ),
    ]
}

pub(super) async fn check(desk: &Desk) -> Result<ToolAnswer, Failed> {
    match running(desk).await? {
        Some(status) => BridgeProcess::of(&status, false).told(),
        None => BridgeProcess::default().told(),
    }
}

pub(super) async fn ensure(desk: &Arc<Desk>) -> Result<ToolAnswer, Failed> {
    if let Some(status) = running(desk).await? {
        return BridgeProcess::of(&status, false).told();
    }
    start(desk).await
}

pub(super) async fn stop(desk: &Arc<Desk>, caller: &Caller) -> Result<ToolAnswer, Failed> {
    if running(desk).await?.is_none() {
        return BridgeProcess::default().told();
    }
    let consent = Consent {
        title: "Stop the bridge?",
        text: "Nothing of any agent comes to the phone until somebody starts it again at the machine, and nobody can be asked.",
        yes: "Stop it",
        no: "Let it run",
        otherwise: (
            "The bridge runs on",
            "Somebody has to agree on the phone, or stop it at the machine.",
        ),
    };
    consent::agreed(desk, caller, &consent).await?;
    end(desk).await?;
    let stopped = BridgeProcess {
        changed: true,
        ..BridgeProcess::default()
    };
    stopped.told()
}

pub(super) async fn restart(desk: &Arc<Desk>, caller: &Caller) -> Result<ToolAnswer, Failed> {
    if running(desk).await?.is_some() {
        // One that cannot begin again is not ended, and nobody is asked for nothing.
        let keeper = Arc::clone(&desk.means.upkeep);
        let checked = tokio::task::spawn_blocking(move || keeper.check()).await;
        checked
            .map_err(|error| Failed(error.to_string()))?
            .map_err(|why| Failed(format!("the bridge could not start again: {why}")))?;
        let consent = Consent {
            title: "Restart the bridge?",
            text: "It is stopped and started again in the background, as the same user. What waits to be sent is kept.",
            yes: "Restart it",
            no: "Let it run",
            otherwise: (
                "The bridge runs on as it is",
                "Somebody has to agree on the phone, or restart it at the machine.",
            ),
        };
        consent::agreed(desk, caller, &consent).await?;
        end(desk).await?;
    }
    start(desk).await
}

async fn running(desk: &Desk) -> Result<Option<Status>, Failed> {
    match desk.access.status().await {
        Ok(status) => Ok(Some(status)),
        Err(NotReached::NoBridge(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn start(desk: &Arc<Desk>) -> Result<ToolAnswer, Failed> {
    let keeper = Arc::clone(&desk.means.upkeep);
    let started = tokio::task::spawn_blocking(move || keeper.start()).await;
    started
        .map_err(|error| Failed(error.to_string()))?
        .map_err(Failed)?;
    let status = desk.access.status().await?;
    BridgeProcess::of(&status, true).told()
}

/// Ends the bridge that somebody agreed to end, and waits until it is gone.
async fn end(desk: &Arc<Desk>) -> Result<(), Failed> {
    let (status, process) = match desk.access.status_and_process().await {
        Ok(found) => found,
        Err(NotReached::NoBridge(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if process != Some(status.pid) {
        let text = format!(
            "the process that listens is not the one that the bridge names, {}: it runs in a container, or is none\nStop it where it was started.",
            status.pid
        );
        return Err(Failed(text));
    }
    desk.means.upkeep.stop(status.pid).map_err(Failed)?;
    let deadline = Instant::now() + LAST_WORDS;
    while Instant::now() < deadline {
        if desk.means.upkeep.has_ended(status.pid) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let text = "the bridge was told to stop, but still has something in hand\nLook at it again with check_bridge_process.";
    Err(Failed(text.to_owned()))
}

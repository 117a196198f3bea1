//! `get_bridge_status`: is anybody reached at all?

use cctelegram_core::api::Status;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::described;
use crate::access::NotReached;
use crate::arguments::Failed;
use crate::desk::Desk;

pub(super) const NAME: &str = "get_bridge_status";

/// How the bridge is doing, as far as it concerns an agent.
#[derive(Serialize, JsonSchema, Default)]
pub(crate) struct StatusReport {
    /// Is there a bridge?
    running: bool,
    /// Does all of it work?
    healthy: bool,
    /// What is wrong, one sentence each.
    problems: Vec<String>,
    /// `local`, `nomad` or `mute`.
    mode: Option<String>,
    version: Option<String>,
    /// Messages that wait to be sent.
    waiting: u64,
    /// Messages that are held back while the bridge is mute.
    held: u64,
    /// Messages that were given up.
    dead: u64,
    /// Questions that nobody has decided.
    pending_approvals: u64,
    /// Is anybody allowed to answer?
    people: u64,
}

impl StatusReport {
    /// Where the bridge keeps its things is no business of an agent's, and left out.
    fn of(status: &Status) -> Self {
        Self {
            running: true,
            healthy: status.healthy,
            problems: status.problems.clone(),
            mode: Some(status.mode.mode.to_string()),
            version: Some(status.version.clone()),
            waiting: status.waiting,
            held: status.held,
            dead: status.dead,
            pending_approvals: status.pending_approvals,
            people: status.allowed_users,
        }
    }

    pub(crate) async fn fetch(desk: &Desk) -> Result<Self, NotReached> {
        match desk.access.status().await {
            Ok(status) => Ok(Self::of(&status)),
            Err(NotReached::NoBridge(why)) => Ok(Self {
                problems: vec![why],
                ..Self::default()
            }),
            Err(error) => Err(error),
        }
    }

    fn told(&self) -> String {
        let mode = self.mode.as_deref().unwrap_or_default();
        let problems = self.problems.join("\n");
        match (self.running, self.healthy) {
            (false, _) => problems,
            (true, true) => format!(
                "The bridge runs and is healthy; mode {mode}; {} waiting, {} held.",
                self.waiting, self.held
            ),
            (true, false) => format!("The bridge runs, mode {mode}, but:\n{problems}"),
        }
    }
}

pub(super) fn tool() -> Tool {
    described::<Nothing, StatusReport>(
        NAME,
        (
            "Look at the bridge",
            "Tells whether the bridge runs and is healthy, its mode, and what waits to be sent.",
        ),
        Effect::Reads,
    )
}

pub(super) async fn run(desk: &Desk, _: Nothing) -> Result<ToolAnswer, Failed> {
    let report = StatusReport::fetch(desk).await?;
    ToolAnswer::new(report.told(), &report)
}

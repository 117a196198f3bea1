//! `list_event_types`: what can be sent.

use cctelegram_core::event::Kind;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;

pub(super) const NAME: &str = "list_event_types";

/// One type of event.
#[derive(Serialize, JsonSchema)]
struct EventType {
    r#type: &'static str,
    meaning: &'static str,
    severity: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct EventTypes {
    event_types: Vec<EventType>,
}

pub(super) fn tool() -> Tool {
    described::<Nothing, EventTypes>(
        NAME,
        (
            "List the types of events",
            "Lists every type that send_telegram_event takes, with its meaning and severity.",
        ),
        Effect::Reads,
    )
}

pub(super) fn run() -> Result<ToolAnswer, Failed> {
    let event_types: Vec<EventType> = Kind::all()
        .iter()
        .map(|kind| EventType {
            r#type: kind.name,
            meaning: kind.description,
            severity: kind.severity.name(),
        })
        .collect();
    let lines: Vec<String> = event_types
        .iter()
        .map(|kind| format!("{}: {}", kind.r#type, kind.meaning))
        .collect();
    ToolAnswer::new(lines.join("\n"), &EventTypes { event_types })
}

//! Events on their way out, and what is said of it.

use cctelegram_core::api::AcceptedAs;
use schemars::JsonSchema;
use serde::Serialize;

use super::ToolAnswer;
use crate::access::NotReached;
use crate::arguments::Failed;
use crate::desk::Desk;
use crate::report::Report;

/// An event that the bridge took.
#[derive(Serialize, JsonSchema)]
pub(super) struct SentEvent {
    /// Replies and answers name the event by this.
    pub(super) event_id: String,
    /// `stored`: it will be delivered, now or when Telegram can be reached.
    status: String,
    /// It is held back until the bridge is not mute any more.
    muted: bool,
}

/// Hands an event to the bridge.
pub(super) async fn send(desk: &Desk, report: &Report) -> Result<SentEvent, NotReached> {
    let accepted = desk.access.send(&report.value()).await?;
    desk.note_sent();
    Ok(SentEvent {
        event_id: accepted.event_id.to_string(),
        status: match accepted.status {
            // An earlier try of the same call stored it.
            AcceptedAs::Stored | AcceptedAs::Duplicate => "stored".to_owned(),
        },
        muted: accepted.muted,
    })
}

/// Says what became of it, and no more: that it is stored does not mean that it was read.
pub(super) fn told(sent: &SentEvent) -> Result<ToolAnswer, Failed> {
    let id = &sent.event_id;
    let text = if sent.muted {
        format!("Stored as event {id}, but held back: the bridge is mute.")
    } else {
        format!("Stored for delivery as event {id}.")
    };
    ToolAnswer::new(text, sent)
}

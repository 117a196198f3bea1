//! What is worth telling of a session, by mode: at the desk only what waits for somebody and what failed.

use cctelegram_core::agent::Trace;
use cctelegram_core::agent::note_id;
use cctelegram_core::mode::Mode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::Workplace;
use super::input::Elicited;
use super::input::HookInput;
use super::input::Moment;

/// The event that tells of this moment, if it is worth one. Replies to it are for the session.
pub(super) fn event(input: &HookInput, place: &Workplace, mode: Mode) -> Option<Value> {
    let agent = input.agent.title();
    let away = mode != Mode::Local;
    let (kind, title, text) = match &input.moment {
        Moment::Stopped {
            last,
            background: 0,
            ..
        } if away => ("task_completion", format!("{agent} is done"), last.clone()),
        Moment::Stopped {
            last, background, ..
        } if away => (
            "info_notification",
            format!("{agent} pauses: {background} running in the background"),
            last.clone(),
        ),
        Moment::SubagentStopped { last } if away => (
            "info_notification",
            format!("A sub-agent of {agent} is done"),
            last.clone(),
        ),
        Moment::StopFailed { error, details } => (
            "task_failed",
            format!("{agent} stopped with an error: {error}"),
            details.clone(),
        ),
        Moment::SessionStarted { how } if away => (
            "info_notification",
            format!("{agent} began a session"),
            how.clone(),
        ),
        Moment::SessionEnded { why } if away => (
            "info_notification",
            format!("{agent} ended a session"),
            why.clone(),
        ),
        Moment::Compacting { how } if away => (
            "info_notification",
            format!("{agent} compacts its memory"),
            how.clone(),
        ),
        Moment::Elicitation {
            server,
            message,
            what: Elicited::Page { url },
        } if away => (
            "alert_notification",
            format!("{agent}: {server} wants you to open a page at the terminal"),
            Some(format!("{message}\n\nIt is at {}.", site(url))),
        ),
        Moment::Notified { kind, message } => {
            let title = format!("{agent}: {message}");
            (notification(kind.as_deref(), away)?, title, None)
        }
        Moment::Stopped { .. }
        | Moment::SubagentStopped { .. }
        | Moment::SessionStarted { .. }
        | Moment::SessionEnded { .. }
        | Moment::Compacting { .. }
        | Moment::PreToolUse(_)
        | Moment::PermissionRequest { .. }
        | Moment::PermissionDenied { .. }
        | Moment::Elicitation { .. }
        | Moment::Unreadable { .. }
        | Moment::ToolsDone(_)
        | Moment::PromptSubmitted
        | Moment::Other => return None,
    };
    Some(told(input, place, (kind, &title, text)))
}

/// An event about the session.
pub(super) fn told(
    input: &HookInput,
    place: &Workplace,
    (kind, title, text): (&str, &str, Option<String>),
) -> Value {
    let once = Uuid::now_v7().simple().to_string();
    // Without an id of its own it is told all the same, and a reply to it is nobody's.
    let id = note_id(&Trace::of(&input.session), &once).ok();
    json!({
        "type": kind,
        "event_id": id,
        "title": title,
        "description": text,
        "source": input.agent.name(),
        "project": place.project,
        "data": data(input, place),
    })
}

/// Scheme and host of an address: what stands behind them may be a secret.
fn site(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme.saturating_add(3));
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let site = url.get(..host.saturating_add(end)).unwrap_or_default();
    // A name and a password may stand before the host.
    if site.contains('@') {
        "another site"
    } else {
        site
    }
}

/// A request for permission tells of itself, and who is away was told that the turn is over.
fn notification(kind: Option<&str>, away: bool) -> Option<&'static str> {
    match kind {
        Some("permission_prompt") => None,
        Some("idle_prompt") => (!away).then_some("alert_notification"),
        Some("elicitation_dialog" | "elicitation_url_dialog" | "agent_needs_input") => {
            Some("alert_notification")
        }
        Some(_) | None => away.then_some("info_notification"),
    }
}

fn data(input: &HookInput, place: &Workplace) -> Map<String, Value> {
    let session: String = input.session.chars().take(8).collect();
    let session = match &input.title {
        Some(title) => format!("{title} ({session})"),
        None => session,
    };
    let mut data = Map::new();
    data.insert("session".to_owned(), json!(session));
    data.insert("folder".to_owned(), json!(place.folder));
    if let Some(branch) = &place.branch {
        data.insert("branch".to_owned(), json!(branch));
    }
    if let Some((_, kind)) = &input.subagent {
        data.insert("sub-agent".to_owned(), json!(kind));
    }
    data
}

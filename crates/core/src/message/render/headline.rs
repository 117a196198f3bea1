//! The first two lines: what happened, and where.

use super::super::Body;
use super::super::Draft;
use crate::event::Event;
use crate::event::Kind;
use crate::event::Severity;

/// The sign and the title, and below them the type, the project and the source.
pub(super) fn headline(event: &Event) -> Body {
    let title = Draft::new()
        .plain(sign(event))
        .plain(" ")
        .bold(&event.title);
    title.line().plain(&place(event)).finish()
}

/// One sign per severity, so that a glance at the list of chats is enough.
pub(super) fn sign(event: &Event) -> &'static str {
    if event.asks() {
        return "🔐";
    }
    if event.kind.is_progress() {
        return "⏳";
    }
    match event.severity() {
        Severity::Info => "ℹ️",
        Severity::Success => "✅",
        Severity::Warning => "⚠️",
        Severity::Error => "❌",
        Severity::Critical => "🚨",
    }
}

/// The type in plain words; a type that is not known keeps its name.
pub(super) fn words(kind: &Kind) -> String {
    if let Kind::Other(name) = kind {
        return name.clone();
    }
    let words = kind.name().replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// At most 40 characters; the details have the whole.
fn short(text: &str) -> String {
    const LIMIT: usize = 40;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let first = text.chars().take(LIMIT);
    first.chain(['…']).collect()
}

fn place(event: &Event) -> String {
    let task = event.task_id.as_deref().map(|task| format!("task {task}"));
    let facts = [
        Some(words(&event.kind)),
        event.project.clone(),
        event.source.clone(),
        // A request is shown whole.
        task.map(|task| if event.asks() { task } else { short(&task) }),
        // A request names the time among its fields.
        event
            .timestamp
            .as_deref()
            .filter(|_| !event.asks())
            .map(short),
    ];
    let filled = facts
        .into_iter()
        .flatten()
        .filter(|fact| !fact.trim().is_empty());
    filled.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    #[test]
    fn two_lines_say_what_and_where() {
        let cases = [
            (
                "task_completion",
                json!({}),
                "✅ Title\nTask completion · shop · ci · task 7",
            ),
            (
                "task_completion",
                json!({"severity": "warning"}),
                "⚠️ Title\nTask completion · shop · ci · task 7",
            ),
            (
                "security_alert",
                json!({}),
                "🚨 Title\nSecurity alert · shop · ci · task 7",
            ),
            (
                "moon_phase",
                json!({}),
                "ℹ️ Title\nmoon_phase · shop · ci · task 7",
            ),
            (
                "task_progress",
                json!({}),
                "⏳ Title\nTask progress · shop · ci · task 7",
            ),
            (
                "approval_request",
                json!({}),
                "🔐 Title\nApproval request · shop · ci · task 7",
            ),
        ];
        for (kind, data, expected) in cases {
            let text = |text: &str| Some(text.to_owned());
            let event = Event {
                project: text("shop"),
                source: text("ci"),
                task_id: text("7"),
                ..sample(kind, "Title", data)
            };
            assert_eq!(headline(&event).text(), expected);
        }
    }

    #[test]
    fn what_is_not_there_leaves_no_gap() {
        let event = Event {
            project: Some(" ".to_owned()),
            ..sample("build_failed", "Title", json!({}))
        };
        assert_eq!(headline(&event).text(), "❌ Title\nBuild failed");
    }
}

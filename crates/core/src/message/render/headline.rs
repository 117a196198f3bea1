//! The first two lines: what happened, and where.

use jiff::tz::TimeZone;

use super::super::Body;
use super::super::Draft;
use super::manner::Manner;
use super::manner::Style;
use crate::event::Event;
use crate::event::Kind;
use crate::event::Severity;
use crate::time::Timestamp;

/// The sign and the title, and below them the type, the project and the source.
pub(super) fn headline(event: &Event, manner: &Manner) -> Body {
    let title = Draft::new()
        .plain(sign(event))
        .plain(" ")
        .bold(&event.title);
    title.line().plain(&place(event, manner)).finish()
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

/// The producer's time in the owner's zone, and as it was written.
pub(super) fn source_time(event: &Event, zone: &TimeZone) -> Option<String> {
    let text = event.timestamp.as_deref()?;
    Some(match Timestamp::parse(text) {
        Some(time) => format!("{} ({text})", time.date_time(zone)),
        None => text.to_owned(),
    })
}

/// Where it happened. A concise message leaves the task and the time to the details.
fn place(event: &Event, manner: &Manner) -> String {
    let whole = manner.style == Style::Detailed;
    let time = |text: &str| {
        Timestamp::parse(text).map_or_else(|| short(text), |time| time.date_time(&manner.zone))
    };
    let task = event.task_id.as_deref().map(|task| format!("task {task}"));
    let facts = [
        Some(words(&event.kind)),
        event.project.clone(),
        event.source.clone(),
        // A request is shown whole.
        task.filter(|_| whole)
            .map(|task| if event.asks() { task } else { short(&task) }),
        // A request names the time among its fields.
        event
            .timestamp
            .as_deref()
            .filter(|_| whole && !event.asks())
            .map(time),
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

    fn shown(event: &Event, style: Style) -> String {
        let manner = Manner {
            style,
            zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        };
        headline(event, &manner).text().to_owned()
    }

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
            assert_eq!(shown(&event, Style::Detailed), expected);
        }
    }

    #[test]
    fn the_producers_time_is_told_in_the_zone() {
        for (written, told) in [
            ("2026-07-01T10:00:00Z", "2026-07-01 12:00 CEST"),
            ("2026-01-01T10:00:00-05:00", "2026-01-01 16:00 CET"),
            ("yesterday", "yesterday"),
        ] {
            let event = Event {
                timestamp: Some(written.to_owned()),
                ..sample("build_failed", "Title", json!({}))
            };
            let line = format!("❌ Title\nBuild failed · {told}");
            assert_eq!(shown(&event, Style::Detailed), line);
            assert_eq!(shown(&event, Style::Concise), "❌ Title\nBuild failed");
        }
    }

    #[test]
    fn what_is_not_there_leaves_no_gap() {
        let event = Event {
            project: Some(" ".to_owned()),
            ..sample("build_failed", "Title", json!({}))
        };
        assert_eq!(shown(&event, Style::Detailed), "❌ Title\nBuild failed");
    }
}

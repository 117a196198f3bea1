//! The fields of `data` that people look for first.

use std::time::Duration;

use serde_json::Value;

use super::super::Draft;
use super::data::Unshown;
use super::data::plain;
use super::data::pretty;
use super::fit::line;
use crate::event::Event;
use crate::event::Severity;
use crate::time::span;

/// How many files are named.
const FILES: usize = 20;

/// Severity, status, error, duration, counts, files and links, as far as they are there.
pub(super) fn facts(event: &Event, data: &mut Unshown<'_>) -> Draft {
    let mut draft = Draft::new();
    let _shown_by_the_sign = data.take(&["severity"], |value| Severity::from_word(value.as_str()?));
    let severity = event.severity();
    if severity != event.kind.default_severity() {
        draft = line(draft, &format!("Severity: {}", severity.name()));
    }
    let scalar = |value: &Value| {
        (!value.is_object() && !value.is_array() && !value.is_null()).then(|| plain(value))
    };
    if let Some(status) = data.take(&["status"], scalar) {
        draft = line(draft, &format!("Status: {status}"));
    }
    if let Some(duration) = duration(data) {
        draft = line(draft, &format!("Duration: {duration}"));
    }
    if let Some(counts) = counts(data) {
        draft = line(draft, &counts);
    }
    while let Some(link) = data.take_text(&[
        "url",
        "link",
        "html_url",
        "web_url",
        "pr_url",
        "build_url",
        "run_url",
    ]) {
        draft = line(draft, &format!("Link: {link}"));
    }
    if let Some(links) = data.take(&["urls", "links"], texts) {
        draft = links
            .iter()
            .fold(draft, |draft, link| line(draft, &format!("Link: {link}")));
    }
    while let Some(error) = data.take(&["error", "error_message"], error) {
        draft = line(draft, "Error:\n").pre(None, &error);
    }
    files(draft, data)
}

fn error(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(pretty(value)),
    }
}

fn duration(data: &mut Unshown<'_>) -> Option<String> {
    let in_units = |per_second: f64| {
        move |value: &Value| {
            let seconds = value.as_f64()? / per_second;
            Duration::try_from_secs_f64(seconds).ok().map(span)
        }
    };
    data.take(
        &["duration_ms", "duration_millis", "elapsed_ms"],
        in_units(1_000.0),
    )
    .or_else(|| {
        data.take(
            &[
                "duration_seconds",
                "duration_s",
                "elapsed_seconds",
                "duration",
                "elapsed",
            ],
            in_units(1.0),
        )
    })
    .or_else(|| data.take_text(&["duration", "elapsed"]).map(str::to_owned))
}

/// `118 passed, 2 failed, 120 total, coverage 87 %`. A total alone may count anything, so it stays a detail.
fn counts(data: &mut Unshown<'_>) -> Option<String> {
    let number = |value: &Value| value.is_number().then(|| value.to_string());
    let mut counts = Vec::new();
    for (names, word) in [
        (["passed", "tests_passed"], "passed"),
        (["failed", "tests_failed"], "failed"),
        (["skipped", "tests_skipped"], "skipped"),
    ] {
        counts.extend(
            data.take(&names, number)
                .map(|count| format!("{count} {word}")),
        );
    }
    if !counts.is_empty() {
        let total = data.take(
            &["total", "tests_total", "tests_run", "total_tests"],
            number,
        );
        counts.extend(total.map(|count| format!("{count} total")));
    }
    let share = |value: &Value| {
        let percent = || value.is_number().then(|| format!("{value} %"));
        value.as_str().map(str::to_owned).or_else(percent)
    };
    let coverage = data.take(&["coverage", "test_coverage", "coverage_percent"], share);
    counts.extend(coverage.map(|share| format!("coverage {share}")));
    (!counts.is_empty()).then(|| counts.join(", "))
}

fn files(mut draft: Draft, data: &mut Unshown<'_>) -> Draft {
    let names = [
        "files",
        "files_affected",
        "affected_files",
        "files_changed",
        "changed_files",
        "files_modified",
        "files_created",
        "files_deleted",
    ];
    for name in names {
        let Some(files) = data.look(name, texts) else {
            continue;
        };
        // A list that is cut here stands whole under the details.
        if files.len() <= FILES {
            let _shown_here = data.take(&[name], texts);
        }
        let label = name.replace('_', " ");
        let (first, rest) = label.split_at_checked(1).unwrap_or((&label, ""));
        let mut text = format!("{}{rest} ({}):", first.to_uppercase(), files.len());
        for file in files.iter().take(FILES) {
            text.push_str("\n• ");
            text.push_str(file);
        }
        if let Some(more) = files.len().checked_sub(FILES).filter(|more| *more > 0) {
            text.push_str("\nand ");
            text.push_str(&more.to_string());
            text.push_str(" more");
        }
        draft = line(draft, &text);
    }
    draft
}

/// A list of texts that is not empty.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let texts: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
    texts.filter(|texts| !texts.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    fn shown(data: Value) -> (String, String) {
        let event = sample("test_suite_run", "Tests", data);
        let mut unshown = Unshown::of(&event.data);
        let text = facts(&event, &mut unshown).finish().text().to_owned();
        let rest: Vec<_> = unshown.rest().map(|(name, _)| name).collect();
        (text, rest.join(" "))
    }

    #[test]
    fn known_fields_are_shown_for_people() {
        let cases = [
            (json!({"severity": "error"}), "Severity: error", ""),
            (json!({"severity": "info"}), "", ""),
            (json!({"severity": "purple"}), "", "severity"),
            (json!({"status": "done"}), "Status: done", ""),
            (json!({"status": {"a": 1}}), "", "status"),
            (json!({"duration_ms": 245_000}), "Duration: 4 min 5 s", ""),
            (json!({"duration": 7800}), "Duration: 2 h 10 min", ""),
            (json!({"duration": "two days"}), "Duration: two days", ""),
            (json!({"duration_seconds": -1}), "", "duration_seconds"),
            (json!({"elapsed": 1e300}), "", "elapsed"),
            (
                json!({"passed": 118, "failed": 2, "total": 120, "coverage": 87.5}),
                "118 passed, 2 failed, 120 total, coverage 87.5 %",
                "",
            ),
            (json!({"total": 3, "failed": true}), "", "failed total"),
            (
                json!({"url": "https://a", "pr_url": "https://b"}),
                "Link: https://a\nLink: https://b",
                "",
            ),
            (
                json!({"urls": ["https://a", "https://b"]}),
                "Link: https://a\nLink: https://b",
                "",
            ),
            (
                json!({"error": "first\nsecond"}),
                "Error:\nfirst\nsecond",
                "",
            ),
            (
                json!({"error": {"code": 5}}),
                "Error:\n{\n  \"code\": 5\n}",
                "",
            ),
            (
                json!({"error": null, "error_message": ""}),
                "",
                "error error_message",
            ),
            (
                json!({"files_changed": ["a", "b"]}),
                "Files changed (2):\n• a\n• b",
                "",
            ),
            (
                json!({"files": 5, "files_created": [1]}),
                "",
                "files files_created",
            ),
        ];
        for (data, text, rest) in cases {
            assert_eq!(
                shown(data.clone()),
                (text.to_owned(), rest.to_owned()),
                "{data}"
            );
        }
    }

    #[test]
    fn a_long_list_of_files_is_counted() {
        let files: Vec<String> = (0..23).map(|n| format!("f{n}")).collect();
        let (text, rest) = shown(json!({"files": files}));
        assert_eq!(rest, "files");
        assert!(
            text.starts_with("Files (23):\n• f0\n") && text.ends_with("• f19\nand 3 more"),
            "{text}"
        );
    }
}

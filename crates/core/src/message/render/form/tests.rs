//! What is read of each field, and what stays for the details.

use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;

use super::super::manner::Style;
use super::*;
use crate::event::sample;

/// What is said about an event, and the names of the fields that are left.
fn read(kind: &str, data: Value) -> (String, String) {
    use super::super::kinds::COMMON;
    use super::super::kinds::family;
    let event = sample(kind, "Title", data);
    let manner = Manner {
        style: Style::Detailed,
        zone: TimeZone::posix("CET-1").unwrap(),
    };
    let family = family(&event.kind);
    let mut unshown = Unshown::of(&event.data);
    let facts = family.main.iter().chain(family.more).chain(COMMON);
    let pieces = facts.flat_map(|fact| fact.read(&event, &mut unshown, &manner));
    let text: Vec<String> = pieces.map(|piece| piece.body.text().to_owned()).collect();
    let rest: Vec<_> = unshown.rest().map(|(name, _)| name).collect();
    (text.join("\n"), rest.join(" "))
}

fn shown(data: Value) -> (String, String) {
    read("custom_event", data)
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
            "118 passed, 2 failed, 120 total\nCoverage: 87.5 %",
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
            "Files (2):\n• a\n• b",
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

#[test]
fn a_value_is_told_against_its_threshold() {
    let cases = [
        (
            json!({"metric": "p95_latency", "value": 840, "threshold": 500, "unit": "ms"}),
            "p95 latency 840 ms, threshold 500 ms (+68 %)",
        ),
        (
            json!({"metric": "latency", "current_value": "840ms", "threshold": "500 ms"}),
            "latency 840 ms, threshold 500 ms (+68 %)",
        ),
        (
            json!({"metric": "latency", "response_time_ms": 400, "threshold_ms": 500}),
            "latency 400 ms, threshold 500 ms (-20 %)",
        ),
        (
            json!({"metric": "cpu_percent", "value": 86.255, "threshold": 80}),
            "cpu 86.25 %, threshold 80 % (+8 %)",
        ),
        (
            json!({"value": 3, "threshold": "2 s", "unit": "min"}),
            "Value 3 min, threshold 2 s",
        ),
        (json!({"value": 3, "threshold": 0}), "Value 3, threshold 0"),
        (json!({"value": 3}), "Value 3"),
        (json!({"value": 5e300, "threshold": 1e-300}), ""),
    ];
    for (data, expected) in cases {
        let (text, rest) = read("performance_alert", data.clone());
        if expected.is_empty() {
            assert!(!text.contains("(+"), "{text}");
        } else {
            assert_eq!((text.as_str(), rest.as_str()), (expected, ""), "{data}");
        }
    }
    let (text, rest) = read("performance_alert", json!({"threshold": 5, "value": [1]}));
    assert_eq!((text.as_str(), rest.as_str()), ("", "threshold value"));
}

#[test]
fn five_failures_are_shown_and_all_of_them_attached() {
    let failures: Vec<Value> = (1..=8)
        .map(|n| json!({"name": format!("t{n}"), "message": format!("m{n}"), "line": n}))
        .collect();
    let event = sample("test_failed", "Tests", json!({"failures": failures}));
    let fact = Fact::new("Failed", &["failures"], Form::Items("failures.txt"));
    let piece = list::items(&fact, "failures.txt", &mut Unshown::of(&event.data)).unwrap();
    let text = piece.body.text();
    assert!(text.starts_with("Failed (8):\n• t1\n   m1\n"), "{text}");
    assert!(text.contains("• t5\n") && !text.contains("t6"), "{text}");
    assert!(
        text.ends_with("and 3 more\nAll of them are attached: failures.txt"),
        "{text}"
    );
    let document = piece.document.unwrap();
    assert!(
        document.content().contains("t8\nm8"),
        "{}",
        document.content()
    );
}

#[test]
fn items_come_as_texts_and_objects_and_lose_nothing() {
    let cases = [
        (
            json!(["a::b", "c\nfailed"]),
            "Failed (2):\n• a::b\n• c\n   failed",
            "",
        ),
        (
            json!([{"file": "a.rs", "line": 3, "severity": "high", "message": "bad"}]),
            "Failed (1):\n• a.rs:3\n   bad\n   severity: high",
            "",
        ),
        (
            json!([{"test": "t", "error": null}]),
            "Failed (1):\n• t",
            "",
        ),
        (json!([{"a": [1]}]), "Failed (1):\n• a: [1]", ""),
        (json!([1, 2]), "", "failures"),
        (json!([]), "", "failures"),
        (json!("some"), "", "failures"),
    ];
    for (failures, expected, left) in cases {
        let (text, rest) = read("test_failed", json!({"failures": failures.clone()}));
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let wanted: Vec<&str> = expected.lines().map(str::trim_end).collect();
        assert_eq!((lines, rest.as_str()), (wanted, left), "{failures}");
    }
}

#[test]
fn a_stack_shows_its_beginning_and_a_log_its_end() {
    let text = (1..=30)
        .map(|n| format!("l{n}"))
        .collect::<Vec<_>>()
        .join("\n");
    let event = sample("error_occurred", "E", json!({"stack": text, "log": text}));
    let piece = |form: Form, names: Names| {
        let fact = Fact::new("Lines", names, form);
        let manner = Manner {
            style: Style::Detailed,
            zone: TimeZone::UTC,
        };
        fact.read(&event, &mut Unshown::of(&event.data), &manner)
            .remove(0)
    };
    let stack = piece(Form::Head("stack.txt"), &["stack"]);
    let shown = stack.body.text();
    assert!(shown.contains("\nl1\n") && shown.ends_with("l8"), "{shown}");
    let log = piece(Form::Tail("build.log"), &["log"]);
    let shown = log.body.text();
    assert!(
        shown.contains(":\nl23\n") && shown.ends_with("l30"),
        "{shown}"
    );
    for (piece, name) in [(stack, "stack.txt"), (log, "build.log")] {
        let document = piece.document.unwrap();
        assert_eq!((document.name(), document.content()), (name, text.as_str()));
    }
}

#[test]
fn numbers_words_and_times_are_told_for_people() {
    let cases = [
        (
            "git_commit",
            json!({"sha": "cac0cab5"}),
            "Commit: cac0cab5",
            "",
        ),
        (
            "git_commit",
            json!({"sha": "cac0cab538b970a37ea1"}),
            "Commit: cac0cab538",
            "sha",
        ),
        ("git_commit", json!({"message": "Title"}), "", ""),
        (
            "git_commit",
            json!({"author": {"name": "Noor", "id": 1}}),
            "Author: Noor",
            "author",
        ),
        (
            "git_merge",
            json!({"head": "a", "base": "b"}),
            "Branches: a → b",
            "",
        ),
        ("file_created", json!({"size": 1_500}), "Size: 1.5 kB", ""),
        ("file_created", json!({"size_mb": 2.5}), "Size: 2.5 MB", ""),
        (
            "resource_usage",
            json!({"cpu": 20, "memory_mb": 512}),
            "CPU 20 %, memory 512 MB",
            "",
        ),
        (
            "error_occurred",
            json!({"last_seen": "2026-11-21T14:02:07Z"}),
            "Last seen: 2026-11-21 15:02 CET",
            "",
        ),
        (
            "error_occurred",
            json!({"last_seen": "today"}),
            "Last seen: today",
            "",
        ),
        (
            "error_occurred",
            json!({"error": {"name": "E", "message": "m", "stack": "at a\nat b", "n": 1}}),
            "Error:\nE: m\nn: 1\nat a\nat b",
            "",
        ),
        (
            "api_call",
            json!({"method": "GET", "url": "https://a", "status_code": 200}),
            "Call: GET https://a → 200",
            "",
        ),
        (
            "custom_event",
            json!({"url": ["https://a"], "link": 5}),
            "Link: https://a",
            "link",
        ),
    ];
    for (kind, data, text, rest) in cases {
        let expected = (text.to_owned(), rest.to_owned());
        assert_eq!(read(kind, data.clone()), expected, "{data}");
    }
}

#[test]
fn code_is_in_the_language_that_the_event_says() {
    for (data, expected) in [
        (json!({"code": "x", "language": "Rust"}), Some("rust")),
        (json!({"code": "x", "path": "a/b.py"}), Some("python")),
        (
            json!({"code": "x", "language": "a b", "path": "b.go"}),
            Some("go"),
        ),
        (json!({"code": "x"}), None),
    ] {
        let event = sample("code_generation", "Code", data.clone());
        let fact = Fact::new("Code", &["code"], Form::Source);
        let piece = block::source(&fact, &event, &mut Unshown::of(&event.data)).unwrap();
        let kind = &piece.body.entities()[0].kind;
        let language = expected.map(str::to_owned);
        assert_eq!(
            *kind,
            crate::message::EntityKind::Pre { language },
            "{data}"
        );
    }
}

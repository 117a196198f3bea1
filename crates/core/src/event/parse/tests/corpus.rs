//! Documents that are events and documents that are none.

use serde_json::Value;
use serde_json::json;

use crate::event::schema;

pub(super) fn with(name: &str, value: Value) -> Value {
    let mut document = json!({"type": "custom_event", "title": "A"});
    document[name] = value;
    document
}

pub(super) fn asking(options: Value) -> Value {
    json!({"type": "approval_request", "title": "A", "data": {"options": options}})
}

pub(super) fn valid() -> Vec<Value> {
    let mut valid = vec![
        json!({"type": "task_completion", "title": "Done"}),
        json!({"type": "moon_phase", "title": "Full"}),
        json!({"type": "approval_request", "title": "May I?"}),
        json!({"type": "approval_request", "title": "May I?", "data": null}),
        json!({"type": "custom_event", "title": "A", "data": {"options": "not for buttons"}}),
        with("title", json!("nul \u{0} and \u{202e} are text")),
        with("event_id", json!("ci:main.2_-")),
        with("event_id", json!("x".repeat(64))),
        with("event_id", Value::Null),
        with("schema_version", json!("1.0")),
        with("schema_version", json!(1)),
        with("data", json!({"deep": [[[{"er": null}]]]})),
        with("data", Value::Null),
        with("unknown", json!({"is": "ignored"})),
        asking(json!(["One"])),
        asking(json!([
            "x".repeat(100),
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "é".repeat(100)
        ])),
        asking(Value::Null),
        with(
            "data",
            json!({"attachments": ["a.txt", {"file": "b/c.png", "name": "Chart"}]}),
        ),
        with(
            "data",
            json!({"attachments": [{"id": "0199e2c4-0000-7000-8000-000000000001"}]}),
        ),
        with("data", json!({"attachments": null})),
        with("data", json!({"attachments": []})),
    ];
    let texts = [
        "description",
        "source",
        "timestamp",
        "task_id",
        "project",
        "correlation_id",
        "parent_event_id",
    ];
    valid.extend(texts.map(|name| with(name, json!(""))));
    valid.extend(texts.map(|name| with(name, Value::Null)));
    valid.extend(schema()["examples"].as_array().unwrap().iter().cloned());
    valid
}

pub(super) fn invalid() -> Vec<(Value, &'static str, &'static str)> {
    let number = "expected text, found a number";
    vec![
        (json!([]), "document", "expected an object, found a list"),
        (json!("text"), "document", "expected an object, found text"),
        (json!(null), "document", "expected an object, found null"),
        (json!({}), "type", "is required"),
        (json!({"type": "custom_event"}), "title", "is required"),
        (json!({"title": "A"}), "type", "is required"),
        (with("type", json!("")), "type", "must not be empty"),
        (with("title", json!(" \n")), "title", "must not be empty"),
        (with("title", Value::Null), "title", "is required"),
        (with("title", json!(5)), "title", number),
        (
            with("type", json!(["a"])),
            "type",
            "expected text, found a list",
        ),
        (with("task_id", json!(5)), "task_id", number),
        (
            with("description", json!({})),
            "description",
            "expected text, found an object",
        ),
        (
            with("source", json!(true)),
            "source",
            "expected text, found true or false",
        ),
        (with("timestamp", json!(1.5)), "timestamp", number),
        (with("project", json!(5)), "project", number),
        (with("correlation_id", json!(5)), "correlation_id", number),
        (with("parent_event_id", json!(5)), "parent_event_id", number),
        (
            with("schema_version", json!([])),
            "schema_version",
            "expected text or a number, found a list",
        ),
        (
            with("data", json!([])),
            "data",
            "expected an object, found a list",
        ),
        (with("event_id", json!(5)), "event_id", number),
        (
            with("event_id", json!("")),
            "event_id",
            "an event id has 1 to 64 of A-Z a-z 0-9 . _ : - and no leading dot",
        ),
        (
            asking(json!("A")),
            "data.options",
            "expected a list, found text",
        ),
        (
            asking(json!([])),
            "data.options",
            "expected 1 to 8 choices, found 0",
        ),
        (
            asking(json!(["1", "2", "3", "4", "5", "6", "7", "8", "9"])),
            "data.options",
            "expected 1 to 8 choices, found 9",
        ),
        (asking(json!(["A", "B", 3])), "data.options[2]", number),
        (
            asking(json!(["A", " "])),
            "data.options[1]",
            "must not be empty",
        ),
        (
            asking(json!(["A", "B", "A"])),
            "data.options[2]",
            "is there twice",
        ),
        (
            asking(json!(["é".repeat(101)])),
            "data.options[0]",
            "is longer than 100 characters",
        ),
    ]
}

/// Lists of files that are none.
pub(super) fn invalid_files() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (
            with("data", json!({"attachments": "a.txt"})),
            "data.attachments",
            "expected a list, found text",
        ),
        (
            with("data", json!({"attachments": vec!["a"; 11]})),
            "data.attachments",
            "11 files, the limit is 10",
        ),
        (
            with("data", json!({"attachments": ["a", "../b"]})),
            "data.attachments[1]",
            "expected a path below the folder `attachments`, no part of which begins with a dot",
        ),
        (
            with("data", json!({"attachments": [{"file": "/etc/passwd"}]})),
            "data.attachments[0]",
            "expected a path below the folder `attachments`, no part of which begins with a dot",
        ),
        (
            with("data", json!({"attachments": [{"id": "1"}]})),
            "data.attachments[0]",
            "is not the id of a file",
        ),
    ]
}

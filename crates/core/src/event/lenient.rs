//! Any JSON object as an event, where the owner asked for that.

use serde_json::Map;
use serde_json::Value;

use super::Kind;
use super::attachment::ATTACHMENTS;
use super::insert_beside;
use crate::id::EventId;

/// Where a title is looked for.
const TITLES: [&str; 3] = ["title", "message", "name"];
/// Fields that keep their meaning when they are text.
const TEXTS: [&str; 7] = [
    "description",
    "source",
    "timestamp",
    "task_id",
    "project",
    "correlation_id",
    "parent_event_id",
];

/// An object that lacks `type` or `title` becomes a `custom_event` that shows all of it; another is left alone.
pub(super) fn custom_event(mut object: Map<String, Value>) -> Map<String, Value> {
    if filled(object.get("type")).is_some() && filled(object.get("title")).is_some() {
        return object;
    }
    let mut event = Map::new();
    event.insert("type".to_owned(), Value::from(Kind::CustomEvent.name()));
    event.insert("title".to_owned(), title(&mut object));
    for name in TEXTS {
        if object.get(name).is_some_and(Value::is_string) {
            event.extend(object.remove_entry(name));
        }
    }
    if filled(object.get("event_id")).is_some_and(|id| id.parse::<EventId>().is_ok()) {
        event.extend(object.remove_entry("event_id"));
    }
    let mut data = match object.remove("data") {
        Some(Value::Object(data)) => data,
        Some(other) => Map::from_iter([("data".to_owned(), other)]),
        None => Map::new(),
    };
    for (key, value) in object {
        // Somebody else's field of this name says nothing of files.
        let key = if key == ATTACHMENTS {
            format!("{key} (as text)")
        } else {
            key
        };
        insert_beside(&mut data, key, value);
    }
    event.insert("data".to_owned(), Value::Object(data));
    event
}

fn title(object: &mut Map<String, Value>) -> Value {
    let name = TITLES
        .into_iter()
        .find(|name| filled(object.get(*name)).is_some());
    name.and_then(|name| object.remove(name))
        .unwrap_or_else(|| Value::from("(untitled)"))
}

fn filled(value: Option<&Value>) -> Option<&str> {
    value
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_the_object_is_lost() {
        let cases = [
            (json!({}), json!({"title": "(untitled)", "data": {}})),
            (json!({"title": "A"}), json!({"title": "A", "data": {}})),
            (
                json!({"type": "x", "message": "A"}),
                json!({"title": "A", "data": {"type": "x"}}),
            ),
            (
                json!({"name": "A", "title": " "}),
                json!({"title": "A", "data": {"title": " "}}),
            ),
            (
                json!({"message": 5}),
                json!({"title": "(untitled)", "data": {"message": 5}}),
            ),
            (
                json!({"data": [1]}),
                json!({"title": "(untitled)", "data": {"data": [1]}}),
            ),
            (
                json!({"title": "A", "data": {"a": 1}, "a": 2}),
                json!({"title": "A", "data": {"a": 1, "a (1)": 2}}),
            ),
            (
                json!({"title": "A", "project": "p", "task_id": 5, "event_id": "e"}),
                json!({"title": "A", "project": "p", "event_id": "e", "data": {"task_id": 5}}),
            ),
            (
                json!({"title": "A", "event_id": "../e"}),
                json!({"title": "A", "data": {"event_id": "../e"}}),
            ),
        ];
        for (object, mut expected) in cases {
            expected["type"] = json!("custom_event");
            let Value::Object(map) = object.clone() else {
                panic!("{object}")
            };
            assert_eq!(Value::Object(custom_event(map)), expected, "{object}");
        }
    }

    #[test]
    fn a_whole_event_is_left_alone() {
        let whole = json!({"type": "build_failed", "title": "A", "more": 1});
        let Value::Object(map) = whole.clone() else {
            panic!("{whole}")
        };
        assert_eq!(Value::Object(custom_event(map)), whole);
    }
}

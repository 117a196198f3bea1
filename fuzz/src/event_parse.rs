//! Bytes that are an event or not: never a panic, a refusal names a field, and what was accepted is accepted again.

use std::str::FromStr as _;

use cctelegram_core::event::Event;
use cctelegram_core::event::Validation;
use cctelegram_core::event::parse;
use cctelegram_core::id::EventId;
use cctelegram_crypto::Digest;
use serde_json::Value;

const FIELDS: [&str; 12] = [
    "type",
    "title",
    "event_id",
    "description",
    "source",
    "timestamp",
    "task_id",
    "project",
    "correlation_id",
    "parent_event_id",
    "schema_version",
    "data",
];

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let origin = Digest::of(b"here");
    let strict = parse(data, Validation::Strict, origin);
    let lenient = parse(data, Validation::Lenient, origin);
    for result in [&strict, &lenient] {
        match result {
            Ok(event) => accepted(event),
            Err(rejected) => {
                let options = rejected.field.starts_with("data.options");
                let known = options
                    || rejected.field == "document"
                    || FIELDS.contains(&rejected.field.as_str());
                assert!(known, "{rejected} names no field");
                assert!(!rejected.reason.is_empty());
            }
        }
    }
    if strict.is_ok() {
        assert_eq!(
            strict, lenient,
            "what is strictly an event is the same event leniently"
        );
    }
}

fn accepted(event: &Event) {
    assert!(!event.title.trim().is_empty());
    assert!(EventId::from_str(event.id.as_str()).is_ok());
    assert!(event.options.len() <= 8);
    assert_eq!(event.options.is_empty(), !event.asks());
    // As it is stored, it is read as the same.
    let stored = serde_json::to_value(event).expect("an event is JSON");
    let read: Event = serde_json::from_value(stored.clone()).expect("a stored event is an event");
    assert_eq!(read, *event);
    // As a producer would send it again, it is the same too. An id that the bridge gave is not the producer's to use.
    let Value::Object(mut document) = stored else {
        panic!("an event is an object")
    };
    let id = document.remove("id");
    document.remove("options");
    document.insert("event_id".to_owned(), id.unwrap_or_default());
    let bytes = Value::Object(document).to_string();
    let again = parse(bytes.as_bytes(), Validation::Strict, Digest::of(b"there"));
    assert_eq!(again.as_ref(), Ok(event));
}

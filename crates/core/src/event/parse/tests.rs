//! What is an event and what is not, and that the published schema says the same.

mod corpus;
mod properties;

use proptest::prelude::*;
use serde_json::json;

use self::corpus::asking;
use self::corpus::invalid;
use self::corpus::invalid_files;
use self::corpus::valid;
use self::corpus::with;
use super::super::schema;
use super::*;

fn strict(bytes: &[u8]) -> Result<Event, Rejected> {
    parse(bytes, Validation::Strict, Digest::of(b"here"))
}

#[test]
fn what_is_valid_is_valid_for_parser_and_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for document in valid() {
        let parsed = strict(document.to_string().as_bytes());
        assert!(parsed.is_ok(), "{document}: {parsed:?}");
        assert!(
            schema.is_valid(&document),
            "{document}: {:?}",
            schema.validate(&document)
        );
    }
}

#[test]
fn what_is_invalid_is_refused_by_parser_and_schema_and_named() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for (document, field, reason) in invalid().into_iter().chain(invalid_files()) {
        let rejected = strict(document.to_string().as_bytes()).unwrap_err();
        assert_eq!(rejected, Rejected::new(field, reason), "{document}");
        assert!(!schema.is_valid(&document), "{document}");
    }
}

#[test]
fn the_schema_is_a_schema_and_lists_what_is_known() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["required"], json!(["type", "title"]));
    let kind = &schema["properties"]["type"];
    assert_eq!(
        kind["examples"].as_array().unwrap().len(),
        Kind::all().len()
    );
    assert!(
        kind["description"]
            .as_str()
            .unwrap()
            .contains("- `task_failed`: A task ended")
    );
    let properties = schema["properties"].as_object().unwrap();
    assert!(
        properties
            .values()
            .all(|property| property["description"].is_string()),
        "{properties:?}"
    );
}

#[test]
fn security_an_event_id_is_never_a_path() {
    for id in [
        "../x",
        ".x",
        "a/b",
        "a\\b",
        "a b",
        "é",
        "a\u{0}",
        &"x".repeat(65),
    ] {
        let rejected = strict(with("event_id", json!(id)).to_string().as_bytes()).unwrap_err();
        assert_eq!(rejected.field, "event_id", "{id:?}");
    }
}

#[test]
fn security_what_is_not_one_json_text_is_refused() {
    let event = r#"{"type":"a","title":"b"}"#;
    let cases: [(&[u8], &str); 8] = [
        (b"", "it is empty"),
        (b"{\"type\":\"a\",", "not JSON: it ends too early (line 1)"),
        (b"{\"type\":\"a\xff\"}", "not UTF-8 text from byte 10 on"),
        (b"\xff\xfe{\0}\0", "not UTF-8 text from byte 0 on"),
        (
            b"{'type':1}",
            "not JSON: key must be a string at line 1 column 2",
        ),
        (b"hello", "not JSON: expected value at line 1 column 1"),
        (
            b"{\"a\": 1e999}",
            "not JSON: number out of range at line 1 column 11",
        ),
        (
            b"{\"a\": \"\x01\"}",
            "not JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 8",
        ),
    ];
    for (bytes, reason) in cases {
        assert_eq!(
            strict(bytes),
            Err(Rejected::new("document", reason)),
            "{bytes:?}"
        );
        assert_eq!(
            parse(bytes, Validation::Lenient, Digest::of(b"here")),
            strict(bytes)
        );
    }
    for garbage in [
        format!("{event}x"),
        format!("{event}{event}"),
        format!("{event}\0"),
    ] {
        let rejected = strict(garbage.as_bytes()).unwrap_err();
        assert!(
            rejected.reason.starts_with("not JSON: trailing characters"),
            "{rejected}"
        );
    }
    assert!(strict(format!(" {event}\r\n").as_bytes()).is_ok());
}

#[test]
fn security_a_deep_document_is_refused_and_not_followed() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        let event = |depth| {
            format!(
                "{{\"type\":\"a\",\"title\":\"b\",\"data\":{{\"c\":{}}}}}",
                nested(depth)
            )
        };
        assert!(strict(event(125).as_bytes()).is_ok());
        for depth in [126, 100_000] {
            let rejected = strict(event(depth).as_bytes()).unwrap_err();
            assert_eq!(
                rejected.reason,
                "nested too deep, the limit is 127 levels (line 1)"
            );
        }
        assert!(is_one_document(nested(100_000).as_bytes()));
        assert!(strict(open.repeat(100_000).as_bytes()).is_err());
    }
}

#[test]
fn one_document_is_told_from_a_part_and_from_two() {
    for whole in ["{}", "[1]", "null", " 5 \n", "\"a\""] {
        assert!(is_one_document(whole.as_bytes()), "{whole}");
    }
    for not in ["", "{", "{\"a\"", "{}{}", "[1] 2", "nul", "\"a"] {
        assert!(!is_one_document(not.as_bytes()), "{not}");
    }
}

#[test]
fn every_field_arrives() {
    let document = json!({
        "type": "build_failed", "title": "T", "event_id": "e-1", "description": "D", "source": "S",
        "timestamp": "2026-11-21T14:02:07Z", "task_id": "K", "project": "P", "correlation_id": "C",
        "parent_event_id": "E", "schema_version": 1, "data": {"x": 1}, "options": ["ignored"],
    });
    let event = strict(document.to_string().as_bytes()).unwrap();
    let stored = serde_json::to_value(&event).unwrap();
    let expected = json!({
        "id": "e-1", "type": "build_failed", "title": "T", "description": "D", "source": "S",
        "timestamp": "2026-11-21T14:02:07Z", "task_id": "K", "project": "P", "correlation_id": "C",
        "parent_event_id": "E", "data": {"x": 1},
    });
    assert_eq!(stored, expected);
}

/// What is shown is what was stored, and the digest covers what was parsed: both must be one number.
#[test]
fn security_a_number_that_was_stored_is_read_as_the_same() {
    for number in [
        "33366666726666667332",
        "3.336666672666667e19",
        "0.1",
        "1e-320",
        "-5.000000000000001e300",
    ] {
        let document = format!(r#"{{"type":"a","title":"b","data":{{"x":{number}}}}}"#);
        let event = strict(document.as_bytes()).unwrap();
        let stored = serde_json::to_string(&event).unwrap();
        let read: Event = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, event, "{number}");
    }
}

#[test]
fn choices_are_approve_and_deny_unless_the_request_says_otherwise() {
    let options = |document: Value| strict(document.to_string().as_bytes()).unwrap().options;
    assert_eq!(
        options(json!({"type": "approval_request", "title": "A"})),
        ["Approve", "Deny"]
    );
    assert_eq!(options(asking(json!(["Now", "Later"]))), ["Now", "Later"]);
    assert_eq!(
        options(json!({"type": "custom_event", "title": "A"})),
        Vec::<String>::new()
    );
}

#[test]
fn without_an_id_the_same_bytes_from_the_same_place_are_the_same_event() {
    let id = |bytes: &[u8], origin: &[u8]| {
        parse(bytes, Validation::Strict, Digest::of(origin))
            .unwrap()
            .id
    };
    let (one, two) = (
        br#"{"type":"a","title":"b"}"#,
        br#"{"type":"a","title":"c"}"#,
    );
    assert_eq!(id(one, b"here"), id(one, b"here"));
    assert_ne!(id(one, b"here"), id(one, b"there"));
    assert_ne!(id(one, b"here"), id(two, b"here"));
    assert!(id(one, b"here").as_str().starts_with("auto-"));
}

#[test]
fn lenient_reading_takes_any_object_but_only_objects() {
    let lenient = |document: Value| {
        parse(
            document.to_string().as_bytes(),
            Validation::Lenient,
            Digest::of(b"here"),
        )
    };
    let event = lenient(json!({"message": "Hello", "task_id": 5})).unwrap();
    assert_eq!(
        (event.kind, event.title.as_str()),
        (Kind::CustomEvent, "Hello")
    );
    assert_eq!(Value::Object(event.data), json!({"task_id": 5}));
    assert!(!lenient(json!({"type": "approval_request"})).unwrap().asks());
    assert_eq!(
        lenient(json!({"type": "build_failed", "title": "A"}))
            .unwrap()
            .kind,
        Kind::BuildFailed
    );
    assert_eq!(
        lenient(json!({"type": "build_failed", "title": "A", "task_id": 5}))
            .unwrap_err()
            .field,
        "task_id"
    );
    for document in [json!([]), json!("text"), json!(5), json!(null)] {
        assert_eq!(lenient(document).unwrap_err().field, "document");
    }
}

#[test]
fn security_a_refusal_does_not_repeat_the_value() {
    for document in [
        with("task_id", json!(["hunter2"])),
        with("event_id", json!("hunter2/x")),
        asking(json!({"hunter2": 1})),
    ] {
        let rejected = strict(document.to_string().as_bytes()).unwrap_err();
        assert!(!rejected.to_string().contains("hunter2"), "{rejected}");
    }
}

proptest! {
    #[test]
    fn any_text_survives(title in "\\PC*[a-z]", description in any::<String>(), key in any::<String>(), value in any::<String>()) {
        let document = json!({"type": "custom_event", "title": title, "description": description, "data": {key.clone(): value.clone()}});
        let event = strict(document.to_string().as_bytes()).unwrap();
        prop_assert_eq!(event.title, title);
        prop_assert_eq!(event.description, Some(description));
        prop_assert_eq!(event.data.get(&key), Some(&Value::String(value)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        prop_assert!(strict(&bytes).is_err());
        let _one = is_one_document(&bytes);
    }
}

#[test]
fn security_choices_that_look_the_same_are_refused() {
    for (options, index) in [
        (json!(["Approve", "Approve "]), 1),
        (json!(["a\u{200b}", "a<U+200B>"]), 1),
        (json!(["a\u{a0}b", "a<U+00A0>b"]), 1),
        (json!(["Yes", "Details"]), 1),
        (json!([" Details"]), 0),
    ] {
        let rejected = strict(asking(options).to_string().as_bytes()).unwrap_err();
        assert_eq!(rejected.field, format!("data.options[{index}]"));
    }
    assert!(strict(asking(json!(["approve", "Approve"])).to_string().as_bytes()).is_ok());
}

#[test]
fn security_an_event_id_is_no_secret_and_not_the_bridges_own() {
    let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
    for id in [secret.as_str(), "bridge-x"] {
        let rejected = strict(with("event_id", json!(id)).to_string().as_bytes()).unwrap_err();
        assert_eq!(rejected.field, "event_id");
        assert!(!rejected.reason.contains(id));
    }
}

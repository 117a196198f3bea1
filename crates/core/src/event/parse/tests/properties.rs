//! Documents that are nearly events: refused with a field, or accepted for good, and the schema says the same.

use std::str::FromStr as _;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::json;

use super::corpus::invalid;
use super::corpus::valid;
use super::strict;
use super::*;

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());

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

/// Any JSON value, mostly a small one.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(|number| json!(number)),
        "[a-zA-Z0-9 ._:/-]{0,70}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "approval_request",
            "custom_event",
            "Details",
            "bridge-x",
            " "
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 10, |inner| {
        let names = prop_oneof![Just("options".to_owned()), "[a-z]{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..10).prop_map(Value::from),
            prop::collection::hash_map(names, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A document of the corpus with up to three fields replaced, added or left out.
fn documents() -> impl Strategy<Value = Value> {
    let mut corpus = valid();
    corpus.extend(invalid().into_iter().map(|(document, ..)| document));
    let name = prop::sample::select([&FIELDS[..], &["options", "more"]].concat());
    let changes = prop::collection::vec((name, prop::option::of(values())), 0..4);
    (prop::sample::select(corpus), changes).prop_map(|(mut document, changes)| {
        if let Value::Object(fields) = &mut document {
            for (name, value) in changes {
                match value {
                    Some(value) => fields.insert(name.to_owned(), value),
                    None => fields.remove(name),
                };
            }
        }
        document
    })
}

fn names_a_field(rejected: &Rejected) -> bool {
    let is_entry_of = |list: &str| {
        let rest = rejected.field.strip_prefix(list);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    };
    rejected.field == "document"
        || FIELDS.contains(&rejected.field.as_str())
        || is_entry_of("data.options")
        || is_entry_of("data.attachments")
}

/// What the schema has no words for: labels that look the same or are another button's, ids that are secrets or ours.
fn beyond_the_schema(rejected: &Rejected) -> bool {
    let label = ["is there twice", "is the name of another button"];
    let id = rejected.field == "event_id"
        && (rejected.reason == "it looks like a secret"
            || rejected.reason.starts_with("must not begin"));
    label.contains(&rejected.reason.as_str()) || id
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn parser_and_schema_agree_about_what_is_nearly_an_event(document in documents()) {
        match strict(document.to_string().as_bytes()) {
            Ok(_) => prop_assert!(SCHEMA.is_valid(&document), "the schema refuses {document}"),
            Err(rejected) => {
                prop_assert!(names_a_field(&rejected), "{rejected}");
                let agreed = beyond_the_schema(&rejected) || !SCHEMA.is_valid(&document);
                prop_assert!(agreed, "the schema accepts {document}, but {rejected}");
            }
        }
    }

    #[test]
    fn what_was_accepted_is_accepted_again_and_is_the_same(document in documents()) {
        if let Ok(event) = strict(document.to_string().as_bytes()) {
            prop_assert!(EventId::from_str(event.id.as_str()).is_ok());
            let stored = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&stored).unwrap(), &event);
            let Value::Object(mut fields) = serde_json::to_value(&event).unwrap() else { panic!("{stored}") };
            let id = fields.remove("id").unwrap();
            fields.insert("event_id".to_owned(), id);
            prop_assert_eq!(strict(Value::Object(fields).to_string().as_bytes()), Ok(event));
        }
    }

    #[test]
    fn security_no_mutated_bytes_make_it_panic(
        document in documents(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = document.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for validation in [Validation::Strict, Validation::Lenient] {
            if let Err(rejected) = parse(&bytes, validation, Digest::of(b"here")) {
                prop_assert!(names_a_field(&rejected) && !rejected.reason.is_empty(), "{rejected}");
            }
        }
    }
}

//! The JSON Schema of an event, made from the types that parse it.

use schemars::generate::SchemaSettings;
use schemars::schema_for;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Kind;
use super::raw::Raw;
use super::raw::RawApproval;
use super::raw::RawData;

/// JSON Schema 2020-12 of one event. What it accepts, [`parse`](super::parse()) accepts too.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schema_for!(Raw);
    schema.insert("$id".to_owned(), Value::from("urn:cctelegram:event:1"));
    schema.insert("examples".to_owned(), examples());
    schema.insert(
        "allOf".to_owned(),
        Value::Array(vec![data_rule(), approval_rule()]),
    );
    if let Some(kind) = schema
        .pointer_mut("/properties/type")
        .and_then(Value::as_object_mut)
    {
        let names = Kind::all()
            .iter()
            .map(|known| Value::from(known.name))
            .collect();
        kind.insert("examples".to_owned(), Value::Array(names));
        describe_kinds(kind);
    }
    schema.to_value()
}

/// The list of known types, below what is said about the field.
fn describe_kinds(kind: &mut Map<String, Value>) {
    let said = kind
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let lines = Kind::all()
        .iter()
        .map(|known| format!("- `{}`: {}", known.name, known.description));
    let list = lines.collect::<Vec<_>>().join("\n");
    let description = format!("{said}\n\n{list}");
    kind.insert("description".to_owned(), Value::from(description));
}

/// What `data` may say of files, whatever the event's type.
fn data_rule() -> Value {
    let inline = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut data = inline.into_generator().into_root_schema_for::<RawData>();
    data.remove("$schema");
    data.remove("title");
    data.insert("type".to_owned(), json!(["object", "null"]));
    json!({ "properties": { "data": data.to_value() } })
}

/// An event of type `approval_request` has more to say about its `data`.
fn approval_rule() -> Value {
    let mut data = schema_for!(RawApproval);
    data.remove("$schema");
    data.remove("title");
    data.insert("type".to_owned(), json!(["object", "null"]));
    json!({
        "if": { "properties": { "type": { "const": Kind::ApprovalRequest.name() } } },
        "then": { "properties": { "data": data.to_value() } },
    })
}

fn examples() -> Value {
    json!([
        { "type": "task_completion", "title": "Build finished" },
        {
            "type": "test_failed",
            "title": "2 tests failed",
            "source": "ci",
            "project": "shop",
            "data": { "passed": 118, "failed": 2, "duration_ms": 45_200, "error": "assertion failed: total == 12" }
        },
        {
            "type": "task_progress",
            "title": "Migrating",
            "task_id": "migrate-17",
            "data": { "current": 3, "total": 8 }
        },
        {
            "type": "approval_request",
            "event_id": "deploy-2031",
            "title": "Deploy to production?",
            "description": "Version 1.4.2, 12 commits since the last one.",
            "project": "shop",
            "data": { "command": "make deploy ENV=production", "options": ["Approve", "Deny", "Later"] }
        }
    ])
}

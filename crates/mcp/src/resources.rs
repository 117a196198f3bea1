//! The resources: what an agent can look up.

use cctelegram_core::event;
use cctelegram_core::event::Kind;
use rmcp::ErrorData;
use rmcp::model::ReadResourceResult;
use rmcp::model::Resource;
use rmcp::model::ResourceContents;
use serde_json::Value;
use serde_json::json;

use crate::access::NotReached;
use crate::desk::Desk;
use crate::tools::StatusReport;

const EVENT_TYPES: &str = "cctelegram://event-types";
const BRIDGE_STATUS: &str = "cctelegram://bridge-status";
const RESPONSES: &str = "cctelegram://responses";
const EVENT_TEMPLATES: &str = "cctelegram://event-templates";
/// So many answers are shown.
const ANSWERS: usize = 100;

/// Address, name, what it says.
const LISTED: [(&str, &str, &str); 4] = [
    (
        EVENT_TYPES,
        "event-types",
        "The types of event, what each means and how severe it is",
    ),
    (
        BRIDGE_STATUS,
        "bridge-status",
        "Whether the bridge runs and is healthy, its mode, what waits",
    ),
    (
        RESPONSES,
        "responses",
        "What people answered to the messages of this session",
    ),
    (
        EVENT_TEMPLATES,
        "event-templates",
        "Events as examples, and the JSON Schema that they follow",
    ),
];

pub(crate) fn list() -> Vec<Resource> {
    let resource = |(uri, name, description): (&str, &str, &str)| {
        Resource::new(uri, name)
            .with_description(description)
            .with_mime_type("application/json")
    };
    LISTED.into_iter().map(resource).collect()
}

pub(crate) async fn read(desk: &Desk, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let content = match uri {
        EVENT_TYPES => event_types(),
        EVENT_TEMPLATES => templates(),
        BRIDGE_STATUS => {
            let report = StatusReport::fetch(desk).await.map_err(failed)?;
            json!(report)
        }
        RESPONSES => json!(desk.answers(ANSWERS).await.map_err(failed)?),
        other => {
            let text = format!("there is no resource {other}");
            return Err(ErrorData::resource_not_found(text, None));
        }
    };
    let contents = ResourceContents::text(format!("{content:#}"), uri);
    Ok(ReadResourceResult::new(vec![
        contents.with_mime_type("application/json"),
    ]))
}

fn failed(error: NotReached) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

fn event_types() -> Value {
    let entry = |known: &event::KnownKind| {
        json!({
            "type": known.name,
            "meaning": known.description,
            "severity": known.severity.name(),
            "group": known.group,
        })
    };
    Kind::all().iter().map(entry).collect()
}

/// The examples are part of the schema; they come first, because they are what is looked for.
fn templates() -> Value {
    let mut schema = event::schema();
    let examples = schema.get_mut("examples").map(Value::take);
    if let Some(object) = schema.as_object_mut() {
        object.remove("examples");
    }
    json!({ "examples": examples, "schema": schema })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_listed_and_every_example_has_one() {
        let types = event_types();
        let names: Vec<&Value> = types
            .as_array()
            .unwrap()
            .iter()
            .map(|t| &t["type"])
            .collect();
        assert_eq!(names.len(), Kind::all().len());
        let templates = templates();
        let examples = templates["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        assert!(
            examples
                .iter()
                .all(|example| names.contains(&&example["type"]))
        );
    }
}

//! Events: what a producer reports, parsed once into a type that cannot be wrong.

mod attachment;
mod digest;
mod kind;
mod lenient;
mod mask;
mod parse;
mod raw;
mod schema;
mod severity;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::id::EventId;

pub use attachment::Attachment;
pub use attachment::MOST_FILES;
pub use attachment::Wanted;
pub use kind::Kind;
pub use kind::KnownKind;
pub use parse::Rejected;
pub use parse::Validation;
pub use parse::is_one_document;
pub use parse::parse;
pub use schema::schema;
pub use severity::Severity;

/// One event, as it is stored and rendered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    pub id: EventId,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The producer's own time, as it was written; shown, never trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_event_id: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// The choices offered; empty unless the event asks for a decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The files that travel with it, once they are stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl Event {
    /// Does this event wait for somebody's decision?
    #[must_use]
    pub fn asks(&self) -> bool {
        self.kind == Kind::ApprovalRequest
    }
}

/// Puts an entry in without losing one that has the same key already.
fn insert_beside(map: &mut Map<String, Value>, key: String, value: Value) {
    let mut free = key.clone();
    // Counting from the size of the map finds a free name at once, however many keys collide.
    let mut number = map.len();
    while map.contains_key(&free) {
        free = format!("{key} ({number})");
        number = number.saturating_add(1);
    }
    map.insert(free, value);
}

/// An event for tests.
#[cfg(test)]
pub(crate) fn sample(kind: &str, title: &str, data: Value) -> Event {
    let Value::Object(data) = data else {
        panic!("data is an object")
    };
    let kind = Kind::from(kind);
    let asks = kind == Kind::ApprovalRequest;
    let options = if asks {
        vec!["Approve".to_owned(), "Deny".to_owned()]
    } else {
        Vec::new()
    };
    Event {
        id: "sample".parse().unwrap(),
        kind,
        title: title.to_owned(),
        description: None,
        source: None,
        timestamp: None,
        task_id: None,
        project: None,
        correlation_id: None,
        parent_event_id: None,
        data,
        options,
        attachments: Vec::new(),
    }
}

//! The document as producers write it. These types are what is parsed and what the JSON Schema is made from.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;

/// One event, in a file of its own or in a request. Unknown fields are ignored.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "CCTelegram event")]
pub(super) struct Raw {
    /// What the event reports. The list of known types is open: an event of another type is delivered as a plain
    /// notification that shows the type's name.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = r"\S"))]
    pub(super) kind: String,
    /// The first line of the message.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) title: String,
    /// The event's id, which must be its own. Without one, an id is derived from the document and where it came
    /// from. An id seen within the last 7 days is the same event when its content is the same, and refused otherwise.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,63}$"))]
    pub(super) event_id: Option<String>,
    /// The text below the title. It is shown as it is: no markup has an effect.
    pub(super) description: Option<String>,
    /// The program that reports: `claude-code`, `ci`.
    pub(super) source: Option<String>,
    /// When it happened, by the producer's clock. It is shown, never trusted.
    pub(super) timestamp: Option<String>,
    /// The task that the event belongs to. Progress updates of one task share one message.
    pub(super) task_id: Option<String>,
    /// The project that the event belongs to; routes can select it.
    pub(super) project: Option<String>,
    /// An id that events of one run share.
    pub(super) correlation_id: Option<String>,
    /// The id of the event that led to this one.
    pub(super) parent_event_id: Option<String>,
    /// The version of this format: 1.
    #[expect(
        dead_code,
        reason = "there is one version; the field is there for the schema"
    )]
    pub(super) schema_version: Option<SchemaVersion>,
    /// Everything else, shown as details. Known names are shown with care: `severity`, `status`, `error`, `duration_ms`,
    /// `files`, `url`, counts of tests, `progress`.
    pub(super) data: Option<Map<String, Value>>,
}

/// A version as text or as a number.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its form matters")]
pub(super) enum SchemaVersion {
    Text(String),
    Number(Number),
}

/// The `data` of every event, as far as its fields mean something to the bridge.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "it is there for the schema: files are read one by one"
)]
pub(super) struct RawData {
    /// Files that are sent with the event.
    #[schemars(length(max = 10))]
    pub(super) attachments: Option<Vec<RawAttachment>>,
}

/// One file: the path of a file in the folder `attachments`, or the id of one that was handed over at the socket.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RawAttachment {
    Path(FilePath),
    File {
        file: FilePath,
        /// What the file is called on the phone.
        name: Option<String>,
    },
    Upload {
        #[schemars(regex(pattern = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"))]
        id: String,
        /// What the file is called on the phone.
        name: Option<String>,
    },
}

/// A path below the folder `attachments`: no part of it begins with a dot.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct FilePath(
    #[schemars(
        length(max = 255),
        regex(pattern = r"^[^./\\\u0000][^/\\\u0000]*(/[^./\\\u0000][^/\\\u0000]*)*$")
    )]
    pub(super) String,
);

/// The `data` of an `approval_request`; other fields are shown as details.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RawApproval {
    /// The labels of the buttons. Without it: `Approve` and `Deny`.
    #[schemars(length(min = 1, max = 8), extend("uniqueItems" = true))]
    #[schemars(inner(length(max = 100), regex(pattern = r"\S")))]
    pub(super) options: Option<Vec<String>>,
}

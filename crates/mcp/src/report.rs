//! An event that an agent sends: what the tool was told, and what this process knows of the agent.

use cctelegram_core::agent::note_id;
use cctelegram_core::agent::question_id;
use cctelegram_core::id::BadEventId;
use cctelegram_core::id::EventId;
use rmcp::model::JsonObject;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::arguments::Failed;
use crate::caller::Caller;
use crate::desk::Desk;

/// An event in the making. It has its id from the start, so that handing it over twice cannot send it twice; the id says
/// which session replies to it are for.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    id: EventId,
    event: JsonObject,
}

impl Report {
    pub(crate) fn new(
        kind: &str,
        title: &str,
        desk: &Desk,
        caller: &Caller,
    ) -> Result<Self, Failed> {
        Self::with_id(note_id(&desk.session, &once()), kind, title, desk, caller)
    }

    /// One to which a reply is waited for.
    pub(crate) fn question(
        kind: &str,
        title: &str,
        desk: &Desk,
        caller: &Caller,
    ) -> Result<Self, Failed> {
        Self::with_id(
            question_id(&desk.session, &once()),
            kind,
            title,
            desk,
            caller,
        )
    }

    fn with_id(
        id: Result<EventId, BadEventId>,
        kind: &str,
        title: &str,
        desk: &Desk,
        caller: &Caller,
    ) -> Result<Self, Failed> {
        let id = id.map_err(|error| Failed(error.to_string()))?;
        let mut event = JsonObject::new();
        event.insert("event_id".to_owned(), json!(id));
        event.insert("type".to_owned(), json!(kind));
        event.insert("title".to_owned(), json!(title));
        event.insert("source".to_owned(), json!(caller.name()));
        let report = Self { id, event };
        Ok(report.with("project", desk.place.project()))
    }

    pub(crate) const fn id(&self) -> &EventId {
        &self.id
    }

    /// Sets a field of the event where there is something to say.
    pub(crate) fn with(mut self, field: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.event.insert(field.to_owned(), json!(value));
        }
        self
    }

    /// Sets a field of the event's data where there is something to say.
    pub(crate) fn with_data(mut self, field: &str, value: Option<Value>) -> Self {
        let data = self.event.entry("data").or_insert_with(|| json!({}));
        if let (Some(data), Some(value)) = (data.as_object_mut(), value) {
            data.insert(field.to_owned(), value);
        }
        self
    }

    /// Sets the whole of the event's data.
    pub(crate) fn with_all_data(mut self, data: Option<JsonObject>) -> Self {
        if let Some(data) = data {
            self.event.insert("data".to_owned(), Value::Object(data));
        }
        self
    }

    /// Says where the agent works; for whoever is asked to decide.
    pub(crate) fn with_whereabouts(self, desk: &Desk) -> Self {
        let directory = desk.place.directory.display().to_string();
        self.with_data("directory", Some(json!(directory)))
            .with_data("host", desk.place.host.clone().map(Value::from))
    }

    pub(crate) fn value(&self) -> Value {
        Value::Object(self.event.clone())
    }
}

fn once() -> String {
    Uuid::now_v7().simple().to_string()
}

/// The first line is the title, what follows is the text below it.
pub(crate) fn title_and_rest(text: &str) -> (&str, Option<String>) {
    let text = text.trim();
    match text.split_once('\n') {
        Some((title, rest)) => (title.trim(), Some(rest.trim_start_matches('\n').to_owned())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_title() {
        assert_eq!(title_and_rest("\n Done "), ("Done", None));
        assert_eq!(
            title_and_rest("Done\n\n  a\nb"),
            ("Done", Some("  a\nb".to_owned()))
        );
    }
}

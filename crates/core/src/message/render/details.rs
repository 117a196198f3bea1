//! Everything that is known about an event, for those who ask for it.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::Document;
use super::super::Draft;
use super::super::Outgoing;
use super::data::pretty;
use super::files::list;
use super::fit::line;
use super::fit::messages;
use super::fit::paragraph;
use super::headline::source_time;
use super::manner::Manner;
use crate::event::Event;

/// Every field, and the data as JSON; as a file when that is long.
#[must_use]
pub fn details(event: &Event, manner: &Manner) -> Vec<Outgoing> {
    let event = event.clone().redacted();
    let headline = Draft::new().bold(&event.title).finish();
    let mut draft = fields(&event, &manner.zone);
    if let Some(description) = &event.description {
        draft = paragraph(draft).plain(description);
    }
    if !event.data.is_empty() {
        let data = Value::Object(event.data.clone());
        draft = paragraph(draft).pre(Some("json"), &pretty(&data));
    }
    if !event.attachments.is_empty() {
        draft = paragraph(draft).body(&list(&event));
    }
    messages(&headline, &draft.finish(), |_| {
        let json = serde_json::to_string_pretty(&event).unwrap_or_default();
        Document::new("event.json", &json)
    })
}

fn fields(event: &Event, zone: &TimeZone) -> Draft {
    let time = source_time(event, zone);
    let options = (!event.options.is_empty()).then(|| event.options.join(" · "));
    let fields = [
        ("Type", Some(event.kind.name())),
        ("Severity", Some(event.severity().name())),
        ("Event", Some(event.id.as_str())),
        ("Project", event.project.as_deref()),
        ("Source", event.source.as_deref()),
        ("Task", event.task_id.as_deref()),
        ("Time of the source", time.as_deref()),
        ("Correlation", event.correlation_id.as_deref()),
        ("Parent event", event.parent_event_id.as_deref()),
        ("Choices", options.as_deref()),
    ];
    let present = fields
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)));
    present.fold(Draft::new(), |draft, (name, text)| {
        line(draft, &format!("{name}: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::EntityKind;
    use super::super::manner::Style;
    use super::*;
    use crate::event::sample;

    fn utc() -> Manner {
        Manner {
            style: Style::Concise,
            zone: TimeZone::UTC,
        }
    }

    fn full() -> Event {
        let text = |text: &str| Some(text.to_owned());
        Event {
            description: text("Words."),
            source: text("ci"),
            timestamp: text("yesterday"),
            task_id: text("T"),
            project: text("shop"),
            correlation_id: text("C"),
            parent_event_id: text("P"),
            ..sample("approval_request", "Deploy?", json!({"b": [1], "a": "x"}))
        }
    }

    #[test]
    fn every_field_is_there() {
        let sent = details(&full(), &utc());
        let [Outgoing::Text { body, .. }] = &sent[..] else {
            panic!("{sent:?}")
        };
        let expected = "Deploy?\n\nType: approval_request\nSeverity: warning\nEvent: sample\nProject: shop\nSource: ci\n\
                        Task: T\nTime of the source: yesterday\nCorrelation: C\nParent event: P\n\
                        Choices: Approve · Deny\n\nWords.\n\n{\n  \"a\": \"x\",\n  \"b\": [\n    1\n  ]\n}";
        assert_eq!(body.text(), expected);
        let json = EntityKind::Pre {
            language: Some("json".to_owned()),
        };
        assert!(body.entities().iter().any(|entity| entity.kind == json));
    }

    #[test]
    fn much_data_comes_as_a_file_of_json() {
        let event = sample("custom_event", "Much", json!({"rows": vec!["row"; 5_000]}));
        let sent = details(&event, &utc());
        let Some(Outgoing::Document { document, .. }) = sent.get(1) else {
            panic!("{sent:?}")
        };
        assert_eq!(document.name(), "event.json");
        assert_eq!(
            serde_json::from_str::<Event>(document.content()).unwrap(),
            event
        );
    }

    #[test]
    fn security_secrets_are_masked() {
        let secret = format!("{}\0{}", "AKIA", "IOSFODNN7EXAMPLE");
        let event = Event {
            correlation_id: Some(secret.clone()),
            ..sample("custom_event", "A", json!({"a": secret}))
        };
        assert!(!format!("{:?}", details(&event, &utc())).contains("IOSFODNN7"));
    }
}

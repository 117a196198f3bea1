//! A plain event: headline, description, facts, details.

use super::super::Body;
use super::super::Document;
use super::super::Draft;
use super::super::Outgoing;
use super::data::Unshown;
use super::data::plain;
use super::facts::facts;
use super::fit::messages;
use super::fit::paragraph;
use super::headline::headline;
use crate::event::Event;

/// Up to three messages; what is longer comes as a beginning and a file with all of it.
#[must_use]
pub fn event(event: &Event) -> Vec<Outgoing> {
    let event = event.clone().redacted();
    let rest = report(&event, Unshown::of(&event.data));
    messages(&headline(&event), &rest, |whole| {
        Document::new("full.txt", whole.text())
    })
}

/// Everything below the headline.
pub(super) fn report(event: &Event, mut data: Unshown<'_>) -> Body {
    let mut draft = Draft::new();
    if let Some(description) = event
        .description
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    {
        draft = draft.plain(description);
    }
    let facts = facts(event, &mut data).finish();
    if !facts.is_empty() {
        draft = paragraph(draft).body(&facts);
    }
    let details: Vec<String> = data
        .rest()
        .map(|(name, value)| format!("{name}: {}", plain(value)))
        .collect();
    if !details.is_empty() {
        draft = paragraph(draft).quote(&details.join("\n"));
    }
    draft.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::EntityKind;
    use super::*;
    use crate::event::sample;

    fn only_text(event_to_show: &Event) -> Body {
        let sent = event(event_to_show);
        let [
            Outgoing::Text {
                body,
                keyboard: None,
            },
        ] = &sent[..]
        else {
            panic!("{sent:?}")
        };
        body.clone()
    }

    #[test]
    fn an_event_reads_from_the_headline_to_the_details() {
        let data = json!({"failed": 2, "passed": 118, "branch": "main", "tags": ["a", 1], "error": "boom"});
        let event = Event {
            description: Some("Two of them.".to_owned()),
            project: Some("shop".to_owned()),
            ..sample("test_failed", "2 tests failed", data)
        };
        let body = only_text(&event);
        let expected = "❌ 2 tests failed\nTest failed · shop\n\nTwo of them.\n\n118 passed, 2 failed\nError:\nboom\n\n\
                        branch: main\ntags: [\"a\",1]";
        assert_eq!(body.text(), expected);
        let kinds: Vec<&EntityKind> = body.entities().iter().map(|entity| &entity.kind).collect();
        assert_eq!(
            kinds,
            [
                &EntityKind::Bold,
                &EntityKind::Pre { language: None },
                &EntityKind::ExpandableBlockquote
            ]
        );
    }

    #[test]
    fn every_type_has_a_message() {
        for known in crate::event::Kind::all() {
            let body = only_text(&sample(known.name, "Title", json!({})));
            assert!(body.text().contains("Title\n"), "{}", known.name);
        }
    }

    #[test]
    fn security_hostile_text_arrives_as_text_in_every_field() {
        let hostile = "*b* _i_ `c` [l](http://x) <b>h</b> ||s|| \\ {{7*7}} \u{202e}";
        let shown = hostile.replace('\u{202e}', "<U+202E>");
        let text = || Some(hostile.to_owned());
        let data = json!({
            hostile: hostile, "status": hostile, "error": hostile, "url": hostile, "files": [hostile],
            "duration": hostile, "coverage": hostile, "nested": {"a": [hostile]},
        });
        let event = Event {
            description: text(),
            source: text(),
            project: text(),
            ..sample(hostile, hostile, data)
        };
        let body = only_text(&event);
        assert_eq!(body.text().matches(&shown).count(), 13, "{}", body.text());
        assert!(!body.text().contains('\u{202e}'));
        assert_eq!(body.entities().len(), 3);
    }

    #[test]
    fn security_secrets_are_masked_in_every_place() {
        let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let zero = format!("{}\0{}", "AKIA", "IOSFODNN7EXAMPLE");
        let data =
            json!({"nested": {"a": zero}, "b": secret, "error": secret, "password": "plain"});
        let event = Event {
            description: Some(secret.clone()),
            ..sample("custom_event", &secret, data)
        };
        let text = only_text(&event).text().to_owned();
        assert!(
            !text.contains("IOSFODNN7") && !text.contains("plain"),
            "{text}"
        );
    }

    #[test]
    fn what_is_too_long_comes_as_a_file_with_all_of_it() {
        let long = "many words in a line\n".repeat(2_000);
        let shown = Event {
            description: Some(long.clone()),
            ..sample("custom_event", "Title", json!({"last": "field"}))
        };
        let sent = event(&shown);
        let [
            Outgoing::Text { body, .. },
            Outgoing::Document { document, .. },
        ] = &sent[..]
        else {
            panic!()
        };
        assert!(body.text().contains("The full text is attached: full.txt"));
        assert!(document.content().contains(&long) && document.content().ends_with("last: field"));
    }
}

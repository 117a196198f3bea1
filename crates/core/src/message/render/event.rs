//! A plain event: headline, what there is to say, and the files that hold the whole of what is shown in part.

use super::super::Document;
use super::super::Draft;
use super::super::Outgoing;
use super::fit::head;
use super::fit::messages;
use super::headline::headline;
use super::manner::Manner;
use super::story::Story;
use crate::event::Event;

/// Up to three messages; what is longer comes as a beginning and a file with all of it. Logs, stacks and long lists
/// follow as files.
#[must_use]
pub fn event(event: &Event, manner: &Manner) -> Vec<Outgoing> {
    let event = event.clone().redacted();
    let mut story = Story::of(&event, manner);
    let documents = story.documents();
    let headline = headline(&event, manner);
    let mut sent = messages(&headline, &story.told(manner.style), |whole| {
        Document::new("full.txt", whole.text())
    });
    let caption = head(&Draft::new().bold(&event.title).finish(), 300);
    sent.extend(documents.into_iter().map(|document| Outgoing::Document {
        document,
        caption: caption.clone(),
    }));
    sent
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::json;

    use super::super::super::Body;
    use super::super::super::EntityKind;
    use super::super::manner::Style;
    use super::*;
    use crate::event::sample;

    fn in_style(style: Style) -> Manner {
        Manner {
            style,
            zone: TimeZone::UTC,
        }
    }

    fn only_text(event_to_show: &Event) -> Body {
        let sent = event(event_to_show, &in_style(Style::Detailed));
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
        let expected = "❌ 2 tests failed\nTest failed · shop\n\nTwo of them.\n\n118 passed, 2 failed\nBranch: main\nError: boom\n\n\
                        tags: [\"a\",1]";
        assert_eq!(body.text(), expected);
        let kinds: Vec<&EntityKind> = body.entities().iter().map(|entity| &entity.kind).collect();
        assert_eq!(
            kinds,
            [
                &EntityKind::Bold,
                &EntityKind::Code,
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
        assert_eq!(body.entities().len(), 2);
    }

    #[test]
    fn security_hostile_text_arrives_as_text_in_every_family_and_style() {
        let hostile = "*b* [l](http://x) <b>h</b> \u{202e}";
        let data = json!({
            "commit": hostile, "branch": hostile, "author": {"name": hostile}, "environment": hostile,
            "version": hostile, "metric": hostile, "value": 1, "unit": hostile, "threshold": hostile, "error": hostile,
            "stack": [hostile], "log": hostile, "failures": [{"name": hostile, "message": hostile}],
            "code": hostile, "language": hostile, "diff": hostile, "checks": {hostile: hostile}, "url": hostile,
            "method": hostile, "command": hostile, "step": hostile, "path": hostile, "since": hostile,
        });
        for known in crate::event::Kind::all() {
            for style in [Style::Detailed, Style::Concise] {
                let sent = event(&sample(known.name, hostile, data.clone()), &in_style(style));
                let written = format!("{sent:?}");
                assert!(!written.contains("\u{202e}") && !written.contains("\\u{202e}"));
                assert!(written.matches("<U+202E>").count() >= 20, "{written}");
                assert!(!written.contains("language: Some(\"*b*"), "{written}");
            }
        }
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
        let sent = event(&shown, &in_style(Style::Detailed));
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

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,300}".prop_map(Value::from),
            "([a-z \n]{0,40}\n){0,90}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..9).prop_map(Value::from),
                prop::collection::btree_map("name|message|file|line|.{0,9}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn security_whatever_is_reported_fits_its_messages(
            known in prop::sample::select(crate::event::Kind::all().to_vec()),
            concise in any::<bool>(),
            title in "\\PC{1,600}",
            data in prop::collection::btree_map(
                "error|stack|log|failures|failed|findings|value|threshold|metric|code|diff|files|url|checks|.{0,9}",
                json_value(),
                0..12,
            ),
        ) {
            let style = if concise { Style::Concise } else { Style::Detailed };
            let data = Value::Object(data.into_iter().collect());
            for outgoing in event(&sample(known.name, &title, data), &in_style(style)) {
                let (body, limit) = match &outgoing {
                    Outgoing::Text { body, .. } => (body, 4096),
                    Outgoing::Document { caption, .. } => (caption, 1024),
                };
                prop_assert!(body.len() <= limit && body.entities().len() <= 100);
                prop_assert!(!body.text().trim().is_empty());
            }
        }
    }
}

//! That a request is shown whole, and that its last message can always be edited.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::super::super::Action;
use super::super::super::Button;
use super::super::super::EntityKind;
use super::*;
use crate::event::sample;

const EXPIRES: Option<Timestamp> = Some(Timestamp::from_millis(1_763_733_727_123));

fn digest() -> String {
    "0123456789abcdef".repeat(4)
}

fn keyboard() -> Keyboard {
    Keyboard(vec![vec![Button::new(
        "Approve",
        Action::Callback("a".to_owned()),
    )]])
}

fn ask(event: &Event) -> Vec<Outgoing> {
    approval(event, &digest(), EXPIRES, &TimeZone::UTC, keyboard())
}

fn body(outgoing: &Outgoing) -> &Body {
    match outgoing {
        Outgoing::Text { body, .. } => body,
        Outgoing::Document { caption, .. } => caption,
    }
}

#[test]
fn security_a_request_shows_every_field() {
    let text = |text: &str| Some(text.to_owned());
    let data = json!({
        "command": "make deploy", "diff": "-old\n+new", "cwd": "/home/dev", "env": {"A": 1}, "note": "two\nlines",
        "options": ["Approve", "Deny"], "count": 3,
    });
    let event = Event {
        description: text("Version 1.4.2."),
        project: text("shop"),
        source: text("claude-code"),
        task_id: text("T-7"),
        timestamp: text("yesterday"),
        correlation_id: text("C"),
        parent_event_id: text("P"),
        ..sample("approval_request", "Deploy?", data)
    };
    let sent = ask(&event);
    let [
        Outgoing::Text {
            body,
            keyboard: Some(shown),
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    let expected = "🔐 Deploy?\nApproval request · shop · claude-code · task T-7\n\nVersion 1.4.2.\n\nCommand:\nmake deploy\n\n\
                    Change:\n-old\n+new\n\ncount: 3\ncwd: /home/dev\nenv:\n{\n  \"A\": 1\n}\nnote: two\nlines\n\
                    Time of the source: yesterday\nCorrelation: C\nParent event: P\n\n\
                    Expires: 2025-11-21 14:02 UTC\nDigest: 0123456789abcdef\nChoices: Approve · Deny";
    assert_eq!(body.text(), expected);
    assert_eq!(*shown, keyboard());
    let mut languages = Vec::new();
    for entity in body.entities() {
        if let EntityKind::Pre { language } = &entity.kind {
            languages.push(language.as_deref().unwrap_or("-"));
        }
    }
    assert_eq!(languages, ["bash", "diff", "json", "-"]);
}

#[test]
fn security_a_long_request_comes_in_parts_and_the_last_has_the_buttons() {
    let command = "echo one more line of a long command\n".repeat(200);
    let sent = ask(&sample(
        "approval_request",
        "Run this?",
        json!({"command": command}),
    ));
    assert_eq!(sent.len(), 3);
    let mut whole = String::new();
    for (index, outgoing) in sent.iter().enumerate() {
        let Outgoing::Text { body, keyboard } = outgoing else {
            panic!("{outgoing:?}")
        };
        let label = format!("Part {} of 3: Run this?\n", index + 1);
        whole += body.text().strip_prefix(&label).expect("a label");
        whole += "\n";
        assert_eq!(keyboard.is_some(), index == 2);
    }
    assert!(whole.contains(command.trim_end()));
}

#[test]
fn security_what_does_not_fit_is_a_file_whose_digest_stands_by_the_buttons() {
    let command = "echo one more line of a long command\n".repeat(2_000);
    let sent = ask(&sample(
        "approval_request",
        "Run this?",
        json!({"command": command, "last": "field"}),
    ));
    let [
        Outgoing::Document { document, .. },
        Outgoing::Text {
            body,
            keyboard: Some(_),
        },
    ] = &sent[..]
    else {
        panic!()
    };
    assert!(
        document.content().contains(command.trim_end())
            && document.content().contains("last: field")
    );
    assert!(document.content().contains(&digest()));
    let sha256 = cctelegram_crypto::Digest::of(document.content().as_bytes()).hex();
    assert!(body.text().contains(&sha256), "{}", body.text());
    assert!(body.text().contains("request.txt") && body.text().contains("Choices: Approve · Deny"));
}

#[test]
fn security_deceiving_characters_are_shown_and_secrets_masked() {
    let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
    let command = format!("\u{441}url \u{202e}hs\u{200b} {secret}");
    let sent = ask(&sample(
        "approval_request",
        "Run?",
        json!({"command": command}),
    ));
    let text = body(&sent[0]).text();
    assert!(
        text.contains("\u{441}<U+0441>url <U+202E>hs<U+200B> [redacted: aws access key]\n"),
        "{text}"
    );
    assert!(text.contains("Secrets are masked here"), "{text}");
}

#[test]
fn an_edit_is_the_last_message_with_the_ending_on_top() {
    for lines in [1, 200, 2_000] {
        let command = "echo one more line of a long command\n".repeat(lines);
        let event = sample("approval_request", "Run this?", json!({"command": command}));
        let sent = ask(&event);
        let last = body(sent.last().unwrap());
        let edit = approval_edit(
            &event,
            &digest(),
            EXPIRES,
            &TimeZone::UTC,
            "Approved by @alice at 14:02 UTC.",
        );
        assert_eq!(
            edit.text(),
            format!("Approved by @alice at 14:02 UTC.\n\n{}", last.text())
        );
        assert_eq!(edit.entities().len(), last.entities().len() + 1);
    }
}

#[test]
fn security_formatting_of_many_fields_is_not_dropped() {
    let fields =
        |count: usize| Value::Object((0..count).map(|n| (format!("f{n}"), json!([n]))).collect());
    for count in [90, 98, 99, 150, 280] {
        let event = sample("approval_request", "Run?", fields(count));
        let (sent, edit) = (
            ask(&event),
            approval_edit(&event, &digest(), EXPIRES, &TimeZone::UTC, "Expired."),
        );
        let entities: usize = sent.iter().map(|one| body(one).entities().len()).sum();
        let labels = if sent.len() > 1 { sent.len() } else { 0 };
        assert_eq!(entities, count + 2 + labels, "{count}");
        assert!(
            sent.iter()
                .map(body)
                .chain([&edit])
                .all(|body| body.entities().len() <= 100),
            "{count}"
        );
    }
}

#[test]
fn security_a_request_of_many_short_fields_keeps_its_last_message_within_the_limit_of_entities() {
    let fields: Vec<String> = (0..400).map(|n| format!("\"{n}\":[],")).collect();
    let fields = fields.concat();
    let data: Value =
        serde_json::from_str(&format!("{{{}}}", fields.trim_end_matches(','))).unwrap();
    let event = sample("approval_request", "Run?", data);
    let sent = ask(&event);
    let edit = approval_edit(&event, &digest(), EXPIRES, &TimeZone::UTC, "Expired.");
    assert!(
        matches!(sent.first(), Some(Outgoing::Document { .. })),
        "it is a file"
    );
    let last = body(sent.last().unwrap());
    for shown in [last, &edit] {
        assert!(shown.entities().len() <= 100, "{}", shown.entities().len());
        assert!(
            shown.text().contains(" …\n\nRead the file above"),
            "{}",
            shown.text()
        );
        assert!(shown.text().contains("Digest: 0123456789abcdef"));
    }
}

#[test]
fn security_a_mask_in_any_shown_field_is_told() {
    let masked = "[redacted: api key]".to_owned();
    let plain = || sample("approval_request", "Run?", json!({}));
    let events = [
        Event {
            project: Some(masked.clone()),
            ..plain()
        },
        Event {
            source: Some(masked.clone()),
            ..plain()
        },
        Event {
            task_id: Some(masked.clone()),
            ..plain()
        },
        Event {
            options: vec![masked],
            ..plain()
        },
    ];
    for event in events {
        assert!(
            body(&ask(&event)[0])
                .text()
                .contains("Secrets are masked here")
        );
    }
}

#[test]
fn security_long_choices_do_not_push_out_the_end_and_the_digest() {
    let command = "echo one more line of a long command\n".repeat(2_000);
    let options = (0..8)
        .map(|n| format!("{n}{}", "\u{202e}".repeat(99)))
        .collect();
    let event = Event {
        options,
        ..sample("approval_request", "Run?", json!({"command": command}))
    };
    let sent = ask(&event);
    let text = body(sent.last().unwrap()).text();
    assert!(
        text.contains("Expires: 2025-11-21") && text.contains("Digest: 0123456789abcdef"),
        "{text}"
    );
}

#[test]
fn without_an_end_none_is_named() {
    let event = sample("approval_request", "Run?", json!({}));
    let sent = approval(&event, "short", None, &TimeZone::UTC, keyboard());
    assert_eq!(
        body(&sent[0]).text(),
        "🔐 Run?\nApproval request\n\nDigest: short\nChoices: Approve · Deny"
    );
}

#[test]
fn the_times_of_a_request_are_told_in_the_zone_and_as_they_came() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let event = Event {
        timestamp: Some("2025-11-21T12:00:05.5Z".to_owned()),
        ..sample("approval_request", "Run?", json!({}))
    };
    let sent = approval(&event, "short", EXPIRES, &zone, keyboard());
    let text = body(&sent[0]).text();
    assert!(
        text.contains("Time of the source: 2025-11-21 13:00 CET (2025-11-21T12:00:05.5Z)\n"),
        "{text}"
    );
    assert!(text.contains("Expires: 2025-11-21 15:02 CET\n"), "{text}");
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
        "[a-z \n\u{202e}]{0,2000}".prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,12}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn security_whatever_is_asked_fits_its_messages(
        title in "\\PC{1,600}",
        description in prop::option::of(any::<String>()),
        data in prop::collection::btree_map(".{0,12}|command|diff", json_value(), 0..12),
        options in prop::collection::vec("\\PC{1,100}", 1..8),
        status in "\\PC{1,900}",
    ) {
        let data = Value::Object(data.into_iter().collect());
        let event = Event { description, options, ..sample("approval_request", &title, data) };
        let sent = ask(&event);
        prop_assert!(sent.len() <= 3);
        for outgoing in &sent {
            let limit = if matches!(outgoing, Outgoing::Text { .. }) { MESSAGE } else { 1024 };
            prop_assert!(body(outgoing).len() <= limit && body(outgoing).entities().len() <= 100);
        }
        let buttons = sent.iter().map(|one| matches!(one, Outgoing::Text { keyboard: Some(_), .. }));
        let expected: Vec<bool> = (1..=sent.len()).map(|number| number == sent.len()).collect();
        prop_assert_eq!(buttons.collect::<Vec<_>>(), expected);
        let edit = approval_edit(&event, &digest(), EXPIRES, &TimeZone::UTC, &status);
        prop_assert!(edit.len() <= MESSAGE && edit.entities().len() <= 100);
        prop_assert!(edit.text().ends_with(body(sent.last().unwrap()).text()));
    }
}

#[test]
fn security_every_file_stands_beside_the_buttons_with_its_digest() {
    use crate::event::Attachment;
    use crate::file::FileKind;
    use crate::file::FileName;
    use crate::id::AttachmentId;

    let file = |number: usize| Attachment {
        id: AttachmentId(uuid::Uuid::nil()),
        name: FileName::clean(&format!("{}-{number}.bin", "long".repeat(30))),
        kind: FileKind::Other,
        size: 1_048_575,
        sha256: format!("{number:064x}"),
        masked: true,
    };
    for length in [10, 3_000, 200_000] {
        let data = json!({ "command": "x ".repeat(length / 2) });
        let event = sample("approval_request", "Deploy?", data);
        let event = event.with_files((0..10).map(file).collect());
        let sent = approval(
            &event,
            &"ab".repeat(32),
            None,
            &TimeZone::UTC,
            Keyboard::default(),
        );
        let Some(Outgoing::Text { body, .. }) = sent.last() else {
            panic!("{sent:?}")
        };
        let texts = sent.iter().filter_map(|message| match message {
            Outgoing::Text { body, .. } => Some(body.text()),
            Outgoing::Document { .. } => None,
        });
        let all: String = texts.collect();
        for number in 0..10 {
            assert!(all.contains(&format!("{number:064x}")), "{length} {number}");
        }
        assert!(body.len() <= 4_096 - 400 && body.text().contains("Choices: "));
    }
}

//! What waited for a chat's limit: one list, and everything about it in files.

use super::super::Document;
use super::super::Draft;
use super::super::Keyboard;
use super::super::Outgoing;
use super::fit::messages;
use super::headline::sign;
use super::headline::words;
use crate::event::Event;
use crate::event::Kind;
use crate::message::redact::redact;

/// One line each. The keyboard stands below the last message; where the lines come as a file, below the one before it.
#[must_use]
pub fn folded(events: &[Event], keyboard: Keyboard) -> Vec<Outgoing> {
    let lines: Vec<String> = events.iter().map(entry).collect();
    let list = Draft::new().plain(&lines.join("\n")).finish();
    let title = format!("{} messages that had to wait:", events.len());
    let mut parts = messages(&Draft::new().bold(&title).finish(), &list, |whole| {
        Document::new("messages.txt", whole.text())
    });
    let texts = parts.iter_mut().rev().find_map(|part| match part {
        Outgoing::Text { keyboard, .. } => Some(keyboard),
        Outgoing::Document { .. } => None,
    });
    if let Some(below) = texts {
        *below = Some(keyboard);
    }
    parts
}

/// Every field of every event, in one file, or in several where one would be larger than Telegram takes.
#[must_use]
pub fn folded_details(events: &[Event]) -> Vec<Outgoing> {
    details_within(LARGEST, events)
}

fn details_within(largest: usize, events: &[Event]) -> Vec<Outgoing> {
    let mut contents: Vec<String> = Vec::new();
    for event in events {
        let whole = whole(largest, event);
        match contents.last_mut() {
            Some(content) if content.len().saturating_add(whole.len()) < largest => {
                content.push_str("\n\n");
                content.push_str(&whole);
            }
            Some(_) | None => contents.push(whole),
        }
    }
    let of = contents.len();
    let file = |(index, content): (usize, &String)| {
        let number = index.saturating_add(1);
        let caption = match events.len() {
            1 => "1 message, whole".to_owned(),
            many => format!("{many} messages, whole"),
        };
        let (name, caption) = if of == 1 {
            ("details.txt".to_owned(), caption)
        } else {
            let caption = format!("{caption}: file {number} of {of}");
            (format!("details-{number}.txt"), caption)
        };
        Outgoing::Document {
            document: Document::new(&name, content),
            caption: Draft::new().plain(&caption).finish(),
        }
    };
    contents.iter().enumerate().map(file).collect()
}

/// The fields over several lines, unless their indentation alone would fill a file.
fn whole(largest: usize, event: &Event) -> String {
    let redacted = event.clone().redacted();
    let mut json = serde_json::to_string_pretty(&redacted).unwrap_or_default();
    if json.len() > largest {
        json = serde_json::to_string(&redacted).unwrap_or_default();
    }
    format!("{}\n{json}", entry(event))
}

fn entry(event: &Event) -> String {
    let title = redact(&event.title);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let kind = Kind::from(redact(event.kind.name()));
    format!("{} {title} ({})", sign(event), words(&kind))
}

/// Showing deceiving characters makes a text four times as long at most, and no file is to have more than 20 MB.
const LARGEST: usize = 5_000_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::Action;
    use super::super::super::Button;
    use super::*;
    use crate::event::sample;

    fn keyboard() -> Keyboard {
        Keyboard(vec![vec![Button::new(
            "Details",
            Action::Callback("x".to_owned()),
        )]])
    }

    #[test]
    fn each_is_listed_with_its_sign_and_type() {
        let events = [
            sample("build_completed", "Build\n17", json!({})).counted(3),
            sample("moon_phase", "Full", json!({})),
        ];
        let sent = folded(&events, keyboard());
        let [
            Outgoing::Text {
                body,
                keyboard: Some(below),
            },
        ] = &sent[..]
        else {
            panic!("{sent:?}")
        };
        let expected = "2 messages that had to wait:\n\n✅ Build 17 ×3 (Build completed)\nℹ️ Full (moon_phase)";
        assert_eq!((body.text(), below), (expected, &keyboard()));
    }

    #[test]
    fn a_long_list_has_every_title_and_one_button() {
        for (count, parts) in [(60, 2), (500, 2)] {
            let title = |number: usize| format!("{number:04} {}", "t".repeat(80));
            let events: Vec<Event> = (0..count)
                .map(|number| sample("build_completed", &title(number), json!({})))
                .collect();
            let sent = folded(&events, keyboard());
            assert_eq!(sent.len(), parts, "{count}");
            let mut shown = String::new();
            let mut buttons = 0;
            for part in &sent {
                match part {
                    Outgoing::Text { body, keyboard } => {
                        shown.push_str(body.text());
                        buttons += usize::from(keyboard.is_some());
                    }
                    Outgoing::Document { document, .. } => shown.push_str(document.content()),
                }
            }
            assert!(
                (0..count).all(|number| shown.contains(&title(number))),
                "{count}"
            );
            assert_eq!(buttons, 1, "{count}");
        }
    }

    #[test]
    fn the_details_are_one_file_with_every_field() {
        let event = Event {
            description: Some("Line one.\nLine two.".to_owned()),
            ..sample(
                "moon_phase",
                "Full",
                json!({ "deep": { "er": [1, "two"] } }),
            )
        };
        let sent = folded_details(&[event, sample("build_completed", "Build", json!({}))]);
        let [Outgoing::Document { document, caption }] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!(caption.text(), "2 messages, whole");
        for text in [
            "ℹ️ Full (moon_phase)\n{",
            "Line one.\\nLine two.",
            "\"two\"",
            "✅ Build (Build completed)",
        ] {
            assert!(
                document.content().contains(text),
                "{text} in {}",
                document.content()
            );
        }
        assert_eq!(folded_details(&[]), []);
    }

    #[test]
    fn details_that_one_file_cannot_hold_come_in_several() {
        let events: Vec<Event> = (0..5)
            .map(|number| {
                let data = json!({ "note": "x".repeat(400), "deep": [[[[number]]]] });
                sample("moon_phase", &format!("Event {number}"), data)
            })
            .collect();
        let sent = details_within(1_500, &events);
        let mut names = Vec::new();
        let mut shown = String::new();
        for (number, part) in (1..).zip(&sent) {
            let Outgoing::Document { document, caption } = part else {
                panic!("{part:?}")
            };
            assert!(document.content().len() <= 1_500);
            let expected = format!("5 messages, whole: file {number} of {}", sent.len());
            assert_eq!(caption.text(), expected);
            names.push(document.name());
            shown.push_str(document.content());
        }
        assert!(
            names.starts_with(&["details-1.txt", "details-2.txt"]),
            "{names:?}"
        );
        assert!((0..5).all(|number| shown.contains(&format!("Event {number} ("))));
        let deep = sample(
            "moon_phase",
            "Deep",
            json!({ "deep": [[[[[[[[[[[[1]]]]]]]]]]]] }),
        );
        let sent = details_within(300, std::slice::from_ref(&deep));
        let [Outgoing::Document { document, .. }] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert!(document.content().contains("[[[[[[[[[[[[1]]]]]]]]]]]]"));
    }

    #[test]
    fn security_secrets_are_masked_in_lists_and_their_details() {
        let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let event = sample(
            "moon_phase",
            &secret,
            json!({ "a": secret, "password": "plain" }),
        );
        let sent = [
            folded(std::slice::from_ref(&event), keyboard()),
            folded_details(&[event]),
        ]
        .concat();
        let shown = format!("{sent:?}");
        assert!(
            !shown.contains("IOSFODNN7") && !shown.contains("plain\""),
            "{shown}"
        );
    }
}

//! The bridge's own words: answers, and the list of what was held back.

use super::super::Body;
use super::super::Document;
use super::super::Draft;
use super::super::Outgoing;
use super::fit::messages;
use super::headline::sign;
use super::headline::words;
use crate::event::Event;

/// Plain text, however long.
#[must_use]
pub fn notice(text: &str) -> Vec<Outgoing> {
    messages(&Body::default(), &Draft::new().plain(text).finish(), full)
}

/// What was held back while the bridge was mute, one line each.
#[must_use]
pub fn held(events: &[Event]) -> Vec<Outgoing> {
    let title = match events.len() {
        0 => return Vec::new(),
        1 => "While muted, 1 message was held:".to_owned(),
        many => format!("While muted, {many} messages were held:"),
    };
    let lines: Vec<String> = events.iter().map(entry).collect();
    let list = Draft::new().plain(&lines.join("\n")).finish();
    messages(&Draft::new().bold(&title).finish(), &list, full)
}

fn entry(event: &Event) -> String {
    let event = event.clone().redacted();
    let title = event.title.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{} {title} ({})", sign(&event), words(&event.kind))
}

fn full(whole: &Body) -> Document {
    Document::new("full.txt", whole.text())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    #[test]
    fn a_notice_is_its_text() {
        let sent = notice("Muted for 1 h.");
        let [
            Outgoing::Text {
                body,
                keyboard: None,
            },
        ] = &sent[..]
        else {
            panic!("{sent:?}")
        };
        assert_eq!((body.text(), body.entities()), ("Muted for 1 h.", &[][..]));
        assert_eq!(notice(""), []);
        assert_eq!(notice(&"x\n".repeat(20_000)).len(), 2);
    }

    #[test]
    fn what_was_held_is_listed() {
        let events = [
            sample("build_failed", "Build\n17", json!({})),
            sample("moon_phase", "Full", json!({"severity": "success"})),
        ];
        let sent = held(&events);
        let [Outgoing::Text { body, .. }] = &sent[..] else {
            panic!("{sent:?}")
        };
        let expected = "While muted, 2 messages were held:\n\n❌ Build 17 (Build failed)\n✅ Full (moon_phase)";
        assert_eq!(body.text(), expected);
        assert_eq!(held(&[]), []);
    }

    #[test]
    fn a_long_list_comes_as_a_file() {
        let events = vec![sample("build_failed", &"t".repeat(100), json!({})); 500];
        let sent = held(&events);
        let [Outgoing::Text { .. }, Outgoing::Document { document, .. }] = &sent[..] else {
            panic!()
        };
        assert_eq!(document.content().lines().count(), 502);
    }
}

//! How often an event came, told in its own message.

use super::super::Body;
use super::super::Draft;
use super::super::Keyboard;
use super::super::Outgoing;
use super::super::body::utf16_len;
use super::fit::MESSAGE;
use super::fit::head;
use crate::event::Event;
use crate::message::Entity;
use crate::message::redact::redact;

/// The messages of an event that came so often: the first says it at the end of its first line. Where it has no room for
/// that, one more message says it.
#[must_use]
pub fn counted(mut parts: Vec<Outgoing>, count: u32) -> Vec<Outgoing> {
    if count < 2 {
        return parts;
    }
    match parts.first_mut() {
        Some(Outgoing::Text { body, .. }) if let Some(marked) = marked(body, count) => {
            *body = marked;
        }
        Some(_) => parts.push(again(count)),
        None => {}
    }
    parts
}

/// The count as a message of its own.
#[must_use]
pub fn again(count: u32) -> Outgoing {
    Outgoing::Text {
        body: Draft::new()
            .plain(&format!("×{count}: this came {count} times."))
            .finish(),
        keyboard: None,
    }
}

/// The count as a message that names the event, where the one about it is out of reach.
#[must_use]
pub fn again_of(event: &Event, count: u32) -> Outgoing {
    let title = redact(&event.title);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = head(&Draft::new().bold(&title).finish(), TITLE);
    let text = format!(" ×{count}: this came {count} times.");
    Outgoing::Text {
        body: Draft::new().body(&title).plain(&text).finish(),
        keyboard: None,
    }
}

/// What the first message of an event becomes when the event came so often; `None` where it has no room for that or is
/// no text.
#[must_use]
pub fn edited(parts: Vec<Outgoing>, count: u32) -> Option<(Body, Option<Keyboard>)> {
    match parts.into_iter().next()? {
        Outgoing::Text { body, keyboard } => Some((marked(&body, count)?, keyboard)),
        Outgoing::Document { .. } => None,
    }
}

fn marked(body: &Body, count: u32) -> Option<Body> {
    let mark = Draft::new().plain(&format!(" ×{count}")).finish();
    if body.len().saturating_add(mark.len()) > MESSAGE {
        return None;
    }
    let line = body.text().lines().next().unwrap_or_default();
    let rest = body.text().get(line.len()..).unwrap_or_default();
    let (at, more) = (utf16_len(line), mark.len());
    let moved = body.entities().iter().map(|entity| {
        let end = entity.offset.saturating_add(entity.length);
        let (offset, length) = if entity.offset >= at {
            (entity.offset.saturating_add(more), entity.length)
        } else if end > at {
            (entity.offset, entity.length.saturating_add(more))
        } else {
            (entity.offset, entity.length)
        };
        Entity {
            kind: entity.kind.clone(),
            offset,
            length,
        }
    });
    let text = format!("{line}{}{rest}", mark.text());
    Some(Body::from_clean(text, moved.collect()))
}

/// So much of a title names its event.
const TITLE: usize = 300;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use jiff::tz::TimeZone;

    use super::super::manner::Manner;
    use super::super::manner::Style;
    use super::*;
    use crate::event::sample;

    fn event(event: &Event) -> Vec<Outgoing> {
        let manner = Manner {
            style: Style::Detailed,
            zone: TimeZone::UTC,
        };
        super::super::event(event, &manner)
    }

    /// The formatted stretches of a body.
    fn stretches(body: &Body) -> Vec<String> {
        let units: Vec<u16> = body.text().encode_utf16().collect();
        let cut = |entity: &Entity| {
            let end = entity.offset + entity.length;
            String::from_utf16(&units[entity.offset..end]).unwrap()
        };
        body.entities().iter().map(cut).collect()
    }

    #[test]
    fn the_count_stands_behind_the_title_and_formatting_stays_where_it_was() {
        let failed = sample(
            "build_failed",
            "Build 👍",
            json!({ "error": "boom\nbang", "a": 1 }),
        );
        let (body, _) = edited(event(&failed), 3).unwrap();
        assert!(
            body.text().starts_with("❌ Build 👍 ×3\nBuild failed\n"),
            "{}",
            body.text()
        );
        assert_eq!(stretches(&body), ["Build 👍", "boom\nbang", "a: 1"]);
        assert_eq!(counted(event(&failed), 1), event(&failed));
        let first = counted(event(&failed), 3).into_iter().next();
        assert!(matches!(first, Some(Outgoing::Text { body: first, .. }) if first == body));
    }

    #[test]
    fn a_title_of_several_lines_keeps_its_formatting() {
        let failed = sample("build_failed", "one\ntwo", json!({}));
        let (body, _) = edited(event(&failed), 2).unwrap();
        assert_eq!(body.text(), "❌ one ×2\ntwo\nBuild failed");
        assert_eq!(stretches(&body), ["one ×2\ntwo"]);
    }

    #[test]
    fn a_full_message_and_a_file_have_no_room() {
        let full = Draft::new().plain(&"x".repeat(MESSAGE)).finish();
        let part = Outgoing::Text {
            body: full,
            keyboard: None,
        };
        assert_eq!(edited(vec![part.clone()], 2), None);
        assert_eq!(counted(vec![part.clone()], 2), [part, again(2)]);
        assert_eq!(edited(Vec::new(), 2), None);
    }

    #[test]
    fn a_count_of_its_own_names_its_event() {
        let secret = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let title = format!("Build\n17 {secret}");
        let Outgoing::Text { body, .. } = again_of(&sample("build_failed", &title, json!({})), 3)
        else {
            panic!()
        };
        let expected = "Build 17 [redacted: aws access key] ×3: this came 3 times.";
        assert_eq!(body.text(), expected);
    }

    #[test]
    fn only_the_first_of_several_messages_changes() {
        let long = Event {
            description: Some("many words in a line\n".repeat(300)),
            ..sample("custom_event", "Title", json!({}))
        };
        let (plain, counted) = (event(&long), counted(event(&long), 2));
        assert!(plain.len() > 1);
        assert_ne!(plain.first(), counted.first());
        assert_eq!(plain[1..], counted[1..]);
    }
}

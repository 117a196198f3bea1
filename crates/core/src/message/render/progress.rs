//! How far something has come, in one message that later updates replace.

use super::super::Body;
use super::super::Draft;
use super::fit::MESSAGE;
use super::fit::head;
use super::fit::paragraph;
use super::headline::headline;
use super::manner::Manner;
use super::story::Story;
use crate::event::Event;

/// Always one message; what is too long ends with `…`.
#[must_use]
pub fn progress(event: &Event, manner: &Manner) -> Body {
    let event = event.clone().redacted();
    let draft = Draft::new().body(&head(&headline(&event, manner), 1_000));
    let below = Story::of(&event, manner).told(manner.style);
    if below.is_empty() {
        return draft.finish();
    }
    head(&paragraph(draft).body(&below).finish(), MESSAGE)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::super::manner::Style;
    use super::*;
    use crate::event::sample;

    fn utc() -> Manner {
        Manner {
            style: Style::Detailed,
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn it_is_one_message_however_long_its_fields_are() {
        let long = "word ".repeat(5_000);
        let event = Event {
            description: Some(long.clone()),
            ..sample(
                "task_progress",
                &long,
                json!({"progress": 40, "note": long}),
            )
        };
        let body = progress(&event, &utc());
        assert!(body.len() <= MESSAGE && body.text().ends_with('…'));
        assert!(body.text().contains("▓▓▓▓░░░░░░ 40 %"));
    }

    #[test]
    fn what_the_bar_does_not_use_is_shown_below() {
        let event = sample(
            "progress_update",
            "Migrating",
            json!({"current": 3, "total": 8, "step": "users", "table": "orders"}),
        );
        let expected = "⏳ Migrating\nProgress update\n\n▓▓▓░░░░░░░ 38 %, 3 of 8\nStep: users\n\ntable: orders";
        assert_eq!(progress(&event, &utc()).text(), expected);
    }
}

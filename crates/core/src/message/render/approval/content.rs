//! What a request for a decision consists of: what is asked, and the terms of an answer.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::super::Body;
use super::super::super::Draft;
use super::super::data::Unshown;
use super::super::data::plain;
use super::super::data::pretty;
use super::super::fit::line;
use super::super::fit::paragraph;
use super::super::headline::source_time;
use crate::event::Event;

/// What is asked: the description, the command, the change, and every other field.
pub(super) fn request(event: &Event, zone: &TimeZone) -> Body {
    let mut data = Unshown::of(&event.data);
    let mut draft = Draft::new();
    if let Some(description) = event
        .description
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    {
        draft = draft.plain(description);
    }
    for (name, heading, language) in [("command", "Command", "bash"), ("diff", "Change", "diff")] {
        if let Some(text) = data.take_text(&[name]) {
            draft = paragraph(draft)
                .plain(&format!("{heading}:\n"))
                .pre(Some(language), text);
        }
    }
    let _shown_with_the_terms = data.take(&["options"], |value| value.is_array().then_some(()));
    let fields = data.rest().fold(Draft::new(), |draft, (name, value)| {
        field(draft, name, value)
    });
    let fields = ids(fields, event, zone).finish();
    if fields.is_empty() {
        draft.finish()
    } else {
        paragraph(draft).body(&fields).finish()
    }
}

/// One field. What has several lines is set apart, so that it cannot pass for other fields.
fn field(draft: Draft, name: &str, value: &Value) -> Draft {
    if value.is_object() || value.is_array() {
        return line(draft, &format!("{name}:\n")).pre(Some("json"), &pretty(value));
    }
    let field = format!("{name}: {}", plain(value));
    if field.contains('\n') {
        line(draft, "").pre(None, &field)
    } else {
        line(draft, &field)
    }
}

fn ids(draft: Draft, event: &Event, zone: &TimeZone) -> Draft {
    let time = source_time(event, zone);
    let ids = [
        ("Time of the source", time.as_deref()),
        ("Correlation", event.correlation_id.as_deref()),
        ("Parent event", event.parent_event_id.as_deref()),
    ];
    let present = ids
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)));
    present.fold(draft, |draft, (name, text)| {
        line(draft, &format!("{name}: {text}"))
    })
}

/// What a decision is about: the end, the digest, the choices. The choices are last: only they can be long.
pub(super) fn terms(
    event: &Event,
    digest: &str,
    expires: Option<String>,
    [headline, request]: [&Body; 2],
) -> Body {
    let mut draft = Draft::new();
    let choices = format!("Choices: {}", event.options.join(" · "));
    let shown = [headline.text(), request.text(), &choices];
    if shown.iter().any(|text| text.contains("[redacted: ")) {
        draft = draft.plain("Secrets are masked here; the digest covers them.\n");
    }
    if let Some(expires) = expires {
        draft = draft.plain(&format!("Expires: {expires}\n"));
    }
    let short = digest.get(..16).unwrap_or(digest);
    let draft = draft.plain("Digest: ").code(short);
    line(draft, &choices).finish()
}

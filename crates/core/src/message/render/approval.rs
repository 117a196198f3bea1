//! A request for a decision. It is shown whole, in messages or in a file whose digest is named beside the buttons.

mod content;

use jiff::tz::TimeZone;

use self::content::request;
use self::content::terms;
use super::super::Body;
use super::super::Document;
use super::super::Draft;
use super::super::Keyboard;
use super::super::Outgoing;
use super::files::list;
use super::fit::MESSAGE;
use super::fit::attached;
use super::fit::few;
use super::fit::head;
use super::fit::head_beside;
use super::headline::headline;
use super::manner::Manner;
use super::manner::Style;
use crate::event::Event;
use crate::time::Timestamp;

/// Kept free in the last message for what an edit puts on top: how the request ended.
const STATUS: usize = 400;
/// Kept free in every part of a long request for the line that says which part it is.
const LABEL: usize = 120;
/// Entities of the label and of the status.
const OWN_ENTITIES: usize = 2;

/// The request, the same in either style; the last message has the buttons. A request that is too long for three messages comes as a file first.
#[must_use]
pub fn approval(
    event: &Event,
    digest: &str,
    expires: Option<Timestamp>,
    zone: &TimeZone,
    keyboard: Keyboard,
) -> Vec<Outgoing> {
    let Written {
        document,
        before,
        last,
    } = write(event, digest, expires, zone);
    let file = document.map(|document| {
        let caption = head(&Draft::new().bold(&event.title).finish(), 300);
        Outgoing::Document { document, caption }
    });
    let before = before.into_iter().map(|body| Outgoing::Text {
        body,
        keyboard: None,
    });
    let last = Outgoing::Text {
        body: last,
        keyboard: Some(keyboard),
    };
    file.into_iter().chain(before).chain([last]).collect()
}

/// The last message again, with what became of the request on top.
#[must_use]
pub fn approval_edit(
    event: &Event,
    digest: &str,
    expires: Option<Timestamp>,
    zone: &TimeZone,
    status: &str,
) -> Body {
    let status = head(
        &Draft::new().bold(status).finish(),
        STATUS.saturating_sub(2),
    );
    let last = write(event, digest, expires, zone).last;
    Draft::new()
        .body(&status)
        .plain("\n\n")
        .body(&last)
        .finish()
}

/// A request as it is sent.
struct Written {
    document: Option<Document>,
    before: Vec<Body>,
    last: Body,
}

fn write(event: &Event, digest: &str, expires: Option<Timestamp>, zone: &TimeZone) -> Written {
    let event = event.clone().redacted();
    let manner = Manner {
        style: Style::Detailed,
        zone: zone.clone(),
    };
    let (headline, request) = (headline(&event, &manner), request(&event, zone));
    let expires = expires.map(|end| end.date_time(zone));
    let files = list(&event);
    let terms = terms(&event, digest, expires, [&headline, &request]);
    let gap = if request.is_empty() { "" } else { "\n\n" };
    let draft = Draft::new().body(&headline).plain(gap).body(&request);
    let gap = if files.is_empty() { "" } else { "\n\n" };
    let draft = draft.plain(gap).body(&files);
    let whole = draft.plain("\n\n").body(&terms).finish();
    let room = MESSAGE.saturating_sub(STATUS);
    if whole.len() <= room
        && let Some(mut parts) = few(&whole, room, OWN_ENTITIES)
        && let (Some(last), true) = (parts.pop(), parts.is_empty())
    {
        return Written {
            document: None,
            before: Vec::new(),
            last,
        };
    }
    if let Some(parts) = few(&whole, room.saturating_sub(LABEL), OWN_ENTITIES) {
        let mut labelled = label(&event, &parts);
        if let Some(last) = labelled.pop() {
            return Written {
                document: None,
                before: labelled,
                last,
            };
        }
    }
    as_file(&whole, digest, [&headline, &request, &files, &terms])
}

/// A request that is too long for messages: the file, and the beginning of each section beside the buttons.
fn as_file(whole: &Body, digest: &str, [headline, request, files, terms]: [&Body; 4]) -> Written {
    let file = format!(
        "{}\nDigest of the request as it came (SHA-256): {digest}\n",
        whole.text()
    );
    let document = Document::new("request.txt", &file);
    let (headline, terms, attached) =
        (head(headline, 500), head(terms, 1_200), attached(&document));
    let others = [&headline, files, &terms, &attached].map(|body| body.entities().len());
    let others = others.into_iter().fold(OWN_ENTITIES, usize::saturating_add);
    let last = Draft::new()
        .body(&headline)
        .plain("\n\n")
        .body(&head_beside(
            request,
            1_200_usize.saturating_sub(files.len()).max(200),
            others,
        ))
        .plain("\n\nRead the file above before you decide: only the beginning is shown here.\n")
        .body(&attached)
        .plain(if files.is_empty() { "" } else { "\n\n" })
        .body(files)
        .plain("\n\n")
        .body(&terms);
    let last = head(&last.finish(), MESSAGE.saturating_sub(STATUS));
    Written {
        document: Some(document),
        before: Vec::new(),
        last,
    }
}

/// Says on top of every part which one it is, and of what.
fn label(event: &Event, parts: &[Body]) -> Vec<Body> {
    let title = head(
        &Draft::new().plain(&event.title.replace('\n', " ")).finish(),
        80,
    );
    let label = |(index, part): (usize, &Body)| {
        let number = format!(
            "Part {} of {}: {}\n",
            index.saturating_add(1),
            parts.len(),
            title.text()
        );
        Draft::new().italic(&number).body(part).finish()
    };
    parts.iter().enumerate().map(label).collect()
}

#[cfg(test)]
mod tests;

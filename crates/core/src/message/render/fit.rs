//! What fits a few messages is sent as messages, what does not as a beginning and a file.

use cctelegram_crypto::Digest;

use super::super::Body;
use super::super::Document;
use super::super::Draft;
use super::super::Outgoing;
use super::super::split::parts;

/// The longest text of a message, in UTF-16 units.
pub(super) const MESSAGE: usize = 4096;
/// More messages than this at once are a nuisance; a file is none.
pub(super) const MESSAGES: usize = 3;

/// Up to three messages; beyond that the headline, the beginning and where to find the rest, and the file.
pub(super) fn messages(
    headline: &Body,
    rest: &Body,
    file: impl FnOnce(&Body) -> Document,
) -> Vec<Outgoing> {
    let gap = if headline.is_empty() || rest.is_empty() {
        ""
    } else {
        "\n\n"
    };
    let whole = Draft::new().body(headline).plain(gap).body(rest).finish();
    if let Some(parts) = few(&whole, MESSAGE, 0) {
        return parts
            .into_iter()
            .map(|body| Outgoing::Text {
                body,
                keyboard: None,
            })
            .collect();
    }
    let document = file(&whole);
    let beginning = Draft::new()
        .body(&head(headline, 800))
        .plain(gap)
        .body(&head(rest, 2_400))
        .plain("\n\n")
        .body(&attached(&document))
        .finish();
    let caption = head(headline, 300);
    vec![
        Outgoing::Text {
            body: beginning,
            keyboard: None,
        },
        Outgoing::Document { document, caption },
    ]
}

/// The text as parts of `limit`, if they are few enough.
pub(super) fn few(body: &Body, limit: usize, reserved_entities: usize) -> Option<Vec<Body>> {
    let parts: Vec<Body> = parts(body, limit, reserved_entities)
        .take(MESSAGES + 1)
        .collect();
    (parts.len() <= MESSAGES).then_some(parts)
}

/// The beginning of a text. Where something is left out, it ends with `…`.
pub(super) fn head(body: &Body, limit: usize) -> Body {
    if body.len() <= limit {
        return body.clone();
    }
    cut(body, limit, 0)
}

/// The same, for a message that has so many entities besides.
pub(super) fn head_beside(body: &Body, limit: usize, entities: usize) -> Body {
    let first = parts(body, limit, entities).next().unwrap_or_default();
    if first.len() == body.len() {
        return first;
    }
    cut(body, limit, entities)
}

fn cut(body: &Body, limit: usize, entities: usize) -> Body {
    let first = parts(body, limit.saturating_sub(2), entities)
        .next()
        .unwrap_or_default();
    Draft::new().body(&first).plain(" …").finish()
}

/// Which file holds the whole, and how to know that it is that file.
pub(super) fn attached(document: &Document) -> Body {
    let (name, content) = (document.name(), document.content());
    Draft::new()
        .plain(&format!(
            "The full text is attached: {name}, {} characters.\nSHA-256: ",
            content.chars().count()
        ))
        .code(&Digest::of(content.as_bytes()).hex())
        .finish()
}

/// The draft, ready for the next paragraph.
pub(super) fn paragraph(draft: Draft) -> Draft {
    if draft.is_empty() {
        draft
    } else {
        draft.plain("\n\n")
    }
}

/// The draft with a line below what is there.
pub(super) fn line(draft: Draft, text: &str) -> Draft {
    let draft = if draft.is_empty() {
        draft
    } else {
        draft.line()
    };
    draft.plain(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Body {
        Draft::new().plain(text).finish()
    }

    fn full(whole: &Body) -> Document {
        Document::new("full.txt", whole.text())
    }

    #[test]
    fn three_messages_are_enough_or_it_is_a_file() {
        let line = "x".repeat(95) + "\n";
        for (lines, messages_expected, files) in
            [(0, 1, 0), (42, 1, 0), (84, 2, 0), (120, 3, 0), (200, 1, 1)]
        {
            let sent = messages(&text("Title"), &text(&line.repeat(lines)), full);
            let documents = sent
                .iter()
                .filter(|one| matches!(one, Outgoing::Document { .. }))
                .count();
            assert_eq!(
                (sent.len() - documents, documents),
                (messages_expected, files),
                "{lines}"
            );
        }
    }

    #[test]
    fn the_file_holds_everything_and_the_message_says_which_file_it_is() {
        let long = "one line of many\n".repeat(5_000);
        let sent = messages(&text("Title"), &text(&long), full);
        let [
            Outgoing::Text { body, .. },
            Outgoing::Document { document, caption },
        ] = &sent[..]
        else {
            panic!("{sent:?}");
        };
        assert_eq!(document.content(), format!("Title\n\n{long}"));
        assert!(body.text().starts_with("Title\n\none line of many\n"));
        assert!(
            body.text()
                .ends_with(&Digest::of(document.content().as_bytes()).hex())
        );
        assert!(body.len() <= MESSAGE && caption.len() <= 1024);
    }

    #[test]
    fn a_beginning_fits_and_shows_that_it_is_one() {
        assert_eq!(head(&text("short"), 5).text(), "short");
        assert_eq!(head(&text("two words"), 8).text(), "two …");
        assert!(head(&text(&"👍".repeat(50)), 21).len() <= 21);
    }
}

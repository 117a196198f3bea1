//! A piece of a message: one line, or a block with its heading.

use super::super::super::Body;
use super::super::super::Document;
use super::super::super::Draft;

/// Something that was read, ready to be put into a message.
#[derive(Debug)]
pub(in super::super) struct Piece {
    pub(in super::super) placement: Placement,
    pub(in super::super) body: Body,
    /// The same in one line, where the body has several.
    pub(in super::super) brief: Option<Body>,
    /// All of it, where the body shows a part.
    pub(in super::super) document: Option<Document>,
}

/// Where a piece stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Placement {
    /// Above the description.
    Top,
    Line,
    Link,
    Block,
}

/// So many characters of a line are enough where the whole is told elsewhere.
const BRIEF: usize = 200;

impl Piece {
    pub(super) fn line(draft: Draft) -> Self {
        Self::at(Placement::Line, draft.finish())
    }

    pub(super) fn top(draft: Draft) -> Self {
        Self::at(Placement::Top, draft.finish())
    }

    pub(super) fn link(url: &str) -> Self {
        let body = Draft::new().plain(&format!("Link: {url}")).finish();
        Self::at(Placement::Link, body)
    }

    /// Lines that are set apart from the others.
    pub(super) fn block(draft: Draft) -> Self {
        Self::at(Placement::Block, draft.finish())
    }

    /// `Label: text`; a text of several lines is set apart, so that it cannot pass for other facts.
    pub(super) fn labelled(label: &str, text: &str) -> Self {
        if text.trim().contains('\n') {
            return Self::block(Draft::new().plain(&format!("{label}:\n")).pre(None, text))
                .in_brief(label, text);
        }
        Self::line(Draft::new().plain(&format!("{label}: {}", text.trim())))
    }

    pub(super) fn in_brief(self, label: &str, text: &str) -> Self {
        let first = text.trim().lines().next().unwrap_or_default();
        let mut shown: String = first.chars().take(BRIEF).collect();
        if shown.len() < first.len() {
            shown.push('…');
        }
        let brief = Draft::new().plain(&format!("{label}: {shown}")).finish();
        Self {
            brief: Some(brief),
            ..self
        }
    }

    pub(super) fn with(self, document: Option<Document>) -> Self {
        Self { document, ..self }
    }

    fn at(placement: Placement, body: Body) -> Self {
        Self {
            placement,
            body,
            brief: None,
            document: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(text: &str) -> String {
        let body = Piece::labelled("Note", text).brief.unwrap();
        body.text().to_owned()
    }

    #[test]
    fn a_brief_is_one_line_of_two_hundred_characters_at_most() {
        assert_eq!(brief("one\ntwo"), "Note: one");
        let exact = "ä".repeat(200);
        assert_eq!(brief(&format!("{exact}\ntwo")), format!("Note: {exact}"));
        let long = format!("{exact}and more\ntwo");
        assert_eq!(brief(&long), format!("Note: {exact}…"));
    }
}

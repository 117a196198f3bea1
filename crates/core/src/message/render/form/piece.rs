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
        let brief = Draft::new().plain(&format!("{label}: {first}")).finish();
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

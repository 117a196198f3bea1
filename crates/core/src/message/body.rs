//! Text with entities. Its only maker is [`Draft`], which cleans everything that is put in.

use serde::Deserialize;
use serde::Serialize;

use super::redact::redact;
use super::visible::visible;

/// Text and its formatting, ready for Telegram: secrets are masked, deceiving characters are visible.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Body {
    text: String,
    entities: Vec<Entity>,
}

/// Formatting of a stretch of text. Offset and length count UTF-16 code units, as the Bot API does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entity {
    pub kind: EntityKind,
    pub offset: usize,
    pub length: usize,
}

/// The formats that we use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Bold,
    Italic,
    Code,
    Pre { language: Option<String> },
    Blockquote,
    ExpandableBlockquote,
}

impl Body {
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The length that Telegram limits, in UTF-16 code units.
    #[must_use]
    pub fn len(&self) -> usize {
        utf16_len(&self.text)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts parts of clean text together again; for the splitter.
    pub(super) const fn from_clean(text: String, entities: Vec<Entity>) -> Self {
        Self { text, entities }
    }
}

/// The number of UTF-16 code units of a text.
#[must_use]
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What every text goes through on its way out: secrets masked, deceiving characters shown.
pub(super) fn clean(text: &str) -> String {
    visible(&redact(text))
}

/// A body in the making.
#[derive(Default)]
pub struct Draft {
    body: Body,
    length: usize,
}

impl Draft {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn plain(mut self, text: &str) -> Self {
        self.push(text);
        self
    }

    #[must_use]
    pub fn bold(self, text: &str) -> Self {
        self.formatted(EntityKind::Bold, text)
    }

    #[must_use]
    pub fn italic(self, text: &str) -> Self {
        self.formatted(EntityKind::Italic, text)
    }

    #[must_use]
    pub fn code(self, text: &str) -> Self {
        self.formatted(EntityKind::Code, text)
    }

    #[must_use]
    pub fn pre(self, language: Option<&str>, text: &str) -> Self {
        self.formatted(
            EntityKind::Pre {
                language: language.map(str::to_owned),
            },
            text,
        )
    }

    #[must_use]
    pub fn quote(self, text: &str) -> Self {
        self.formatted(EntityKind::ExpandableBlockquote, text)
    }

    #[must_use]
    pub fn line(self) -> Self {
        self.plain("\n")
    }

    /// Adds what another draft already made, formatting included.
    #[must_use]
    pub fn body(mut self, other: &Body) -> Self {
        let shift = self.length;
        self.body.text.push_str(&other.text);
        self.length = self.length.saturating_add(other.len());
        let moved = other.entities.iter().cloned();
        self.body.entities.extend(moved.map(|e| Entity {
            offset: e.offset.saturating_add(shift),
            ..e
        }));
        self
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    #[must_use]
    pub fn finish(self) -> Body {
        self.body
    }

    fn formatted(mut self, kind: EntityKind, text: &str) -> Self {
        let (offset, length) = self.push(text);
        if length > 0 {
            self.body.entities.push(Entity {
                kind,
                offset,
                length,
            });
        }
        self
    }

    fn push(&mut self, text: &str) -> (usize, usize) {
        let text = clean(text);
        let (offset, length) = (self.length, utf16_len(&text));
        self.body.text.push_str(&text);
        self.length = offset.saturating_add(length);
        (offset, length)
    }
}

#[cfg(test)]
mod properties;

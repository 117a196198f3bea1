//! One call to Telegram's worth of message.

use super::Body;
use super::Keyboard;
use super::body::clean;

/// One message as it will be sent: at most one call to the Bot API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outgoing {
    Text {
        body: Body,
        keyboard: Option<Keyboard>,
    },
    Document {
        document: Document,
        caption: Body,
    },
}

/// A file made of text that went through the same cleaning as every message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    name: String,
    content: String,
}

impl Document {
    /// A text file. The name keeps only harmless characters.
    #[must_use]
    pub fn new(name: &str, content: &str) -> Self {
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name: String = name
            .chars()
            .map(|c| if harmless(c) { c } else { '_' })
            .collect();
        Self {
            name,
            content: clean(content),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }
}

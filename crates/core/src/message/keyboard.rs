//! Inline keyboards.

use super::body::clean;

/// One button under a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Button {
    label: String,
    action: Action,
}

/// What a button does. Telegram allows exactly one action, and 1 to 64 bytes of callback data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Sends this text back to the bot.
    Callback(String),
}

impl Button {
    /// A button whose label went through the same cleaning as every text.
    #[must_use]
    pub fn new(label: &str, action: Action) -> Self {
        Self {
            label: clean(label),
            action,
        }
    }

    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }
}

/// Rows of buttons.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keyboard(pub Vec<Vec<Button>>);

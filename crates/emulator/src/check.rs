//! What Telegram checks in texts, entities and keyboards.

pub(crate) mod entities;
pub(crate) mod keyboard;
pub(crate) mod text;

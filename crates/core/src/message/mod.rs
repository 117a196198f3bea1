//! What goes to Telegram: text with entities, buttons and files, made only from text that was cleaned.

mod body;
mod file;
mod keyboard;
mod outgoing;
pub mod redact;
pub mod render;
mod split;
pub mod visible;

pub use body::Body;
pub use body::Draft;
pub use body::Entity;
pub use body::EntityKind;
pub use body::utf16_len;
pub use file::FileMessage;
pub use file::FileShape;
pub use keyboard::Action;
pub use keyboard::Button;
pub use keyboard::Keyboard;
pub use outgoing::Document;
pub use outgoing::Outgoing;
pub use split::split;

//! What goes to Telegram: text with entities, buttons and files, made only from text that was cleaned.

mod body;
mod keyboard;
mod outgoing;
pub mod redact;
pub mod visible;

pub use body::Body;
pub use body::Draft;
pub use body::Entity;
pub use body::EntityKind;
pub use body::utf16_len;
pub use keyboard::Action;
pub use keyboard::Button;
pub use keyboard::Keyboard;
pub use outgoing::Document;
pub use outgoing::Outgoing;

// STOPGAP so that others can build: delete this inline module when render/ lands.
pub mod render {
    use super::{Body, Draft, Keyboard, Outgoing};
    use crate::event::Event;
    use crate::time::Timestamp;
    fn body(e: &Event) -> Body {
        let d = Draft::new().bold(&e.title).line().plain(e.description.as_deref().unwrap_or_default()).line();
        d.plain(&serde_json::to_string(&e.data).unwrap_or_default()).finish()
    }
    #[must_use]
    pub fn event(e: &Event) -> Vec<Outgoing> {
        vec![Outgoing::Text { body: body(e), keyboard: None }]
    }
    #[must_use]
    pub fn progress(e: &Event) -> Body {
        let p = e.data.get("progress").map(|p| format!("{p}%")).unwrap_or_default();
        Draft::new().bold(&e.title).plain(&p).finish()
    }
    #[must_use]
    pub fn approval(e: &Event, _d: &str, _x: Option<Timestamp>, keyboard: Keyboard) -> Vec<Outgoing> {
        vec![Outgoing::Text { body: body(e), keyboard: Some(keyboard) }]
    }
    #[must_use]
    pub fn approval_edit(e: &Event, _d: &str, _x: Option<Timestamp>, status: &str) -> Body {
        Draft::new().bold(status).line().body(&body(e)).finish()
    }
    #[must_use]
    pub fn details(e: &Event) -> Vec<Outgoing> {
        event(e)
    }
    #[must_use]
    pub fn notice(text: &str) -> Vec<Outgoing> {
        vec![Outgoing::Text { body: Draft::new().plain(text).finish(), keyboard: None }]
    }
    #[must_use]
    pub fn held(events: &[Event]) -> Vec<Outgoing> {
        let t: Vec<_> = events.iter().map(|e| e.title.clone()).collect();
        notice(&t.join("\n"))
    }
}

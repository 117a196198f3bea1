//! The events that are measured with: each different from all others, so that none is folded into another.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use serde_json::json;

/// Makes events and numbers them.
pub(crate) struct Events {
    next: AtomicU32,
}

/// An event as its producer writes it.
pub(crate) struct MadeEvent {
    pub(crate) title: String,
    pub(crate) json: String,
}

impl Events {
    pub(crate) const fn new() -> Self {
        Self {
            next: AtomicU32::new(1),
        }
    }

    /// The next event, of a type whose messages are never put together.
    pub(crate) fn next(&self, project: &str) -> MadeEvent {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let title = format!("Check {number:08} of the nightly run failed");
        let json = json!({
            "type": "error_occurred",
            "title": title,
            "event_id": format!("measured-{number:08}"),
            "project": project,
            "source": "ci",
            "description": format!("Step {number:08} ended with exit code 1 after 61 seconds."),
            "data": { "severity": "error", "error": "assertion failed", "duration_ms": 61_000 },
        });
        MadeEvent {
            title,
            json: json.to_string(),
        }
    }

    pub(crate) fn many(&self, count: u32, project: &str) -> Vec<MadeEvent> {
        (0..count).map(|_| self.next(project)).collect()
    }
}

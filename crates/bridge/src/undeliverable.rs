//! What follows when a message can never be delivered.

use cctelegram_core::delivery::Work;
use cctelegram_core::event::Kind;
use cctelegram_store::Leased;

use crate::alerts;
use crate::app::App;

/// Tells people that a message of theirs could not be delivered, and ends whoever waits for an answer to it.
pub(crate) async fn tell(app: &App, row: &Leased) {
    if matches!(row.work, Work::Approval { .. }) {
        app.wake.decided();
    }
    // An alert about an alert would never end.
    if row.event.as_ref().is_some_and(|event| event.id.is_alert()) {
        return;
    }
    let what = match &row.event {
        Some(event) => format!("“{}” (event {})", event.title, event.id),
        None => format!("A list of {} messages that were held back", row.held_events.len()),
    };
    if row.event.is_none() && row.held_events.is_empty() {
        return;
    }
    let description = format!("{what} was refused by Telegram for good. It is kept: `cctelegram queue` shows why.");
    let title = "A message could not be delivered";
    alerts::tell(app, Kind::AlertNotification, title, description).await;
}

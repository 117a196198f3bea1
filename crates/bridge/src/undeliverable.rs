//! What follows when a message can never be delivered.

use cctelegram_core::delivery::Work;
use cctelegram_core::event::Kind;
use cctelegram_core::id::EventId;
use cctelegram_store::GivenUp;
use cctelegram_store::Leased;

use crate::alerts;
use crate::app::App;

const TITLE: &str = "A message could not be delivered";

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
        None => format!("A list of {} messages", row.held_events.len()),
    };
    if row.event.is_none() && row.held_events.is_empty() {
        return;
    }
    let description = format!(
        "{what} was refused by Telegram for good. It is kept: `cctelegram queue` shows why."
    );
    alerts::tell(app, Kind::AlertNotification, TITLE, description).await;
}

/// Tells people of a message whose stored content cannot be read back, and ends whoever waits for an answer to it.
pub(crate) async fn tell_given_up(app: &App, row: &GivenUp) {
    tracing::error!(
        row = row.row,
        chat.id = row.chat.0,
        "this message cannot be read back from the database"
    );
    app.metrics.dead.inc();
    app.wake.decided();
    if row.event.as_ref().is_some_and(EventId::is_alert) {
        return;
    }
    let what = match &row.event {
        Some(event) => format!("What was stored of event {event}"),
        None => format!("What was stored of message {}", row.row),
    };
    let description = format!(
        "{what} cannot be read back from the database. `cctelegram queue` shows where it was to go."
    );
    alerts::tell(app, Kind::AlertNotification, TITLE, description).await;
}

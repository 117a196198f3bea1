//! What follows when a message can never be delivered.

use cctelegram_core::delivery::Work;
use cctelegram_core::event::Kind;
use cctelegram_store::Leased;

use crate::alerts;
use crate::alerts::Alert;
use crate::app::App;

/// The episode of messages that Telegram refuses; told once an hour at most would hide the second, so it is told for each.
const EPISODE: &str = "undeliverable";

/// Tells people that a message of theirs could not be delivered, and ends whoever waits for an answer to it.
pub(crate) async fn tell(app: &App, row: &Leased) {
    if matches!(row.work, Work::Approval { .. }) {
        app.wake.decided();
    }
    let Some(event) = &row.event else { return };
    // An alert about an alert would never end.
    if event.source.as_deref() == Some("cctelegram") {
        return;
    }
    let description = format!(
        "“{}” (event {}) was refused by Telegram for good. It is kept: `cctelegram queue` shows why.",
        event.title, event.id
    );
    let title = "A message could not be delivered";
    let alert = Alert { episode: EPISODE, kind: Kind::AlertNotification, title, description };
    alerts::raise(app, alert).await;
    app.alerts.over(EPISODE);
}

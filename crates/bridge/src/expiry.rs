//! Requests that nobody answered in time come to their end here.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Without a wake-up, expired requests are looked for this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);

/// Ends requests whose time is over, until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let woken = app.wake.timers.notified();
        let expired = app.store.expire_due(app.now()).await?;
        if !expired.is_empty() {
            tracing::info!(count = expired.len(), "requests expired without a decision");
            app.wake.decided();
        }
        let next = app.store.next_expiry().await?;
        let wait = next.map_or(LOOK_ANYWAY, |at| at.since(app.now()).saturating_add(Duration::from_millis(1)));
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait.min(LOOK_ANYWAY)) => {}
        }
    }
    Ok(())
}

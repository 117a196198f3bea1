//! Files that travel with events: taken in, kept in the store, and sent to Telegram piece by piece.

mod calls;
mod incoming;
mod outgoing;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;

pub(crate) use calls::before_the_question;
pub(crate) use calls::files_sent;
pub(crate) use calls::then_files;
pub(crate) use incoming::Incoming;
pub(crate) use incoming::Unfit;
pub(crate) use outgoing::send;

/// A file that no event has named within this span is dropped.
const UNUSED: Duration = Duration::from_hours(1);
/// How often that is looked for.
const LOOK: Duration = Duration::from_mins(10);

/// Drops what nobody needs any more, until `stop` is cancelled.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        match app.store.clear_attachments(app.now().minus(UNUSED)).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "files that nobody needs any more were dropped"),
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(error, "files that nobody needs cannot be dropped");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

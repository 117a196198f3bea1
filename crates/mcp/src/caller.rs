//! The client that made one call: who it is, whether it still waits, and word of how long it has been waiting.

use std::pin::pin;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A client that waits hears so often that it is still being waited.
const PROGRESS_EVERY: Duration = Duration::from_secs(20);

/// The other end of one call.
pub(crate) struct Caller {
    context: RequestContext<RoleServer>,
    stopping: CancellationToken,
}

impl Caller {
    pub(crate) const fn new(
        context: RequestContext<RoleServer>,
        stopping: CancellationToken,
    ) -> Self {
        Self { context, stopping }
    }

    /// What the client calls itself.
    pub(crate) fn name(&self) -> String {
        let name = self.context.client_info().map(|client| client.name);
        name.filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| "an MCP client".to_owned())
    }

    /// Waits for `work`; ends without it when the client takes the call back or goes away.
    pub(crate) async fn while_waiting<T>(
        &self,
        longest: Duration,
        what: &str,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        let begun = Instant::now();
        // The first tick comes at once: the client learns that the call is in hand.
        let mut ticks = tokio::time::interval(PROGRESS_EVERY);
        loop {
            tokio::select! {
                // Whoever hears that the call is in hand may rely on it: the work has begun.
                biased;
                done = &mut work => return Some(done),
                () = self.context.ct.cancelled() => return None,
                () = self.stopping.cancelled() => return None,
                _ = ticks.tick() => self.tell(begun.elapsed(), longest, what).await,
            }
        }
    }

    async fn tell(&self, waited: Duration, longest: Duration, what: &str) {
        let Some(token) = self.context.meta.get_progress_token() else {
            return;
        };
        let progress = ProgressNotificationParam::new(token, waited.as_secs_f64())
            .with_total(longest.as_secs_f64())
            .with_message(what);
        if let Err(error) = self.context.peer.notify_progress(progress).await {
            tracing::debug!(%error, "the client did not take a notice of progress");
        }
    }
}

//! What all calls of one client share.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::access::NotReached;
use crate::agent_place::AgentPlace;
use crate::arguments::Failed;
use crate::mailbox::Mailbox;
use crate::rate::CallRate;

/// A bridge that went away is looked for again after this span.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The one client's end of things.
pub(crate) struct Desk {
    pub(crate) access: Access,
    pub(crate) place: AgentPlace,
    /// Set when the client has gone: whoever waits for people stops, and takes the question back.
    pub(crate) stopping: CancellationToken,
    /// The calls in hand.
    pub(crate) calls: TaskTracker,
    mailbox: Mutex<Mailbox>,
    rate: Mutex<CallRate>,
}

impl Desk {
    pub(crate) fn new(access: Access, place: AgentPlace) -> Self {
        Self {
            access,
            place,
            stopping: CancellationToken::new(),
            calls: TaskTracker::new(),
            mailbox: Mutex::default(),
            rate: Mutex::new(CallRate::new(Instant::now())),
        }
    }

    /// One call more, unless there were too many of late.
    pub(crate) fn admit(&self) -> Result<(), Failed> {
        let taken = self
            .rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(Instant::now());
        taken.map_err(|pause| {
            let text = format!(
                "too many calls: 60 at once and two a second are let through\nTry again in {} s.",
                pause.as_secs().saturating_add(1)
            );
            Failed(text)
        })
    }

    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        // Nobody leaves it half changed: a panic elsewhere does not matter.
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an event that is about to be sent, so that no answer to it can be missed.
    pub(crate) async fn expect_answers(&self, event: &str) -> Result<(), NotReached> {
        let begun = self.mailbox().looked_at().is_some();
        if !begun {
            let page = self.access.responses(i64::MAX, None, 0).await?;
            self.mailbox().begin_after(page.newest);
        }
        self.mailbox().note_sent(event);
        Ok(())
    }

    /// Notes that an event was not taken. One whose storing broke off may have been, and may be answered.
    pub(crate) fn expect_none(&self, event: &str, error: &NotReached) {
        match error {
            NotReached::NoBridge(_) | NotReached::Refused(_) => self.mailbox().forget(event),
            NotReached::Broken(_) => {}
        }
    }

    /// Fetches new answers, waiting for one for so many seconds.
    pub(crate) async fn collect(&self, mut wait_s: u64) -> Result<(), NotReached> {
        loop {
            // Nothing was sent yet: there is nothing to answer.
            let Some(after) = self.mailbox().looked_at() else {
                return Ok(());
            };
            let page = self.access.responses(after, None, wait_s).await?;
            if !self.mailbox().take_in(&page) {
                return Ok(());
            }
            wait_s = 0;
        }
    }
}

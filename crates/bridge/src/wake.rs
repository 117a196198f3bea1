//! Who is woken when something changed. A wake-up is only a hint: the truth is in the store.

use tokio::sync::Notify;
use tokio::sync::watch;

/// The wake-ups between tasks: each has one task that waits for it. Arm one before looking for work, so that none is
/// missed.
pub(crate) struct Wake {
    /// There may be something to send.
    pub(crate) outbox: Notify,
    /// There may be updates to handle.
    pub(crate) inbox: Notify,
    /// There may be answer files to write.
    pub(crate) responses: Notify,
    /// There may be files to take in, or room for more.
    pub(crate) spool: Notify,
    /// The time of the next expiry may have changed.
    pub(crate) expiry: Notify,
    /// The time of the end of a mute may have changed.
    pub(crate) modes: Notify,
    /// Counts changes of approvals and marked messages; waiters compare before and after.
    changes: watch::Sender<u64>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            outbox: Notify::new(),
            inbox: Notify::new(),
            responses: Notify::new(),
            spool: Notify::new(),
            expiry: Notify::new(),
            modes: Notify::new(),
            changes: watch::Sender::new(0),
        }
    }

    /// Something about an approval or a sent message changed.
    pub(crate) fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A decision was made or a request ended: answers are to be written, copies edited, waiters told.
    pub(crate) fn decided(&self) {
        self.outbox.notify_one();
        self.responses.notify_one();
        self.expiry.notify_one();
        self.changed();
    }
}

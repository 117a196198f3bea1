//! Who is woken when something changed. A wake-up is only a hint: the truth is in the store.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use cctelegram_core::id::ChatId;
use tokio::sync::Notify;
use tokio::sync::watch;

/// The wake-ups between tasks: each has one task that waits for it. Arm one before looking for work, so that none is
/// missed.
pub(crate) struct Wake {
    /// There may be something to send.
    pub(crate) outbox: Notify,
    /// Messages were stored for these chats, which the sender may write to now or not.
    pub(crate) stored: Stored,
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

/// The chats of messages that were stored since the sender last asked.
#[derive(Default)]
pub(crate) struct Stored {
    chats: Mutex<BTreeSet<ChatId>>,
    added: Notify,
}

impl Stored {
    pub(crate) fn add(&self, chats: impl IntoIterator<Item = ChatId>) {
        self.lock().extend(chats);
        self.added.notify_one();
    }

    /// Waits until there are some and takes them. Nothing is lost when the waiting is given up.
    pub(crate) async fn next(&self) -> BTreeSet<ChatId> {
        loop {
            let chats = mem::take(&mut *self.lock());
            if !chats.is_empty() {
                return chats;
            }
            self.added.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<ChatId>> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            outbox: Notify::new(),
            stored: Stored::default(),
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

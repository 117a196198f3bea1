//! Who waits for the end of a request, and what is left behind when they go away without it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use cctelegram_core::audit::Actor;
use cctelegram_core::id::ApprovalId;

use crate::app::App;

/// Requests that nobody waits for any more, until they are taken back.
#[derive(Default)]
pub(crate) struct Abandoned(Mutex<Vec<(ApprovalId, Actor)>>);

impl Abandoned {
    /// The one that was left first; it stays until it is `settled`.
    pub(crate) fn first(&self) -> Option<(ApprovalId, Actor)> {
        self.lock().first().cloned()
    }

    pub(crate) fn settled(&self, id: ApprovalId) {
        self.lock().retain(|(left, _)| *left != id);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ApprovalId, Actor)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is there as long as their connection: when this goes without `answered`, they went away.
pub(crate) struct Attendance {
    app: Arc<App>,
    ids: Vec<ApprovalId>,
    who: Option<Actor>,
}

impl Attendance {
    pub(crate) fn new(app: Arc<App>, ids: Vec<ApprovalId>, who: Actor) -> Self {
        let who = Some(who);
        Self { app, ids, who }
    }

    /// They are told something, and come again or do not, as they like.
    pub(crate) fn answered(mut self) {
        self.who = None;
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if let Some(who) = self.who.take() {
            let left = self.ids.iter().map(|id| (*id, who.clone()));
            self.app.abandoned.lock().extend(left);
            self.app.wake.expiry.notify_one();
        }
    }
}

//! Who waits for the end of a request, and what is left behind when they go away without it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use cctelegram_core::audit::Actor;
use cctelegram_core::id::ApprovalId;
use tokio::time::Instant;

use crate::app::App;

/// Requests that nobody waits for any more, until they are taken back.
#[derive(Default)]
pub(crate) struct Abandoned(Mutex<Vec<(ApprovalId, Actor)>>);

impl Abandoned {
    /// The one that was left first; it stays until it is `settled`.
    pub(crate) fn first(&self) -> Option<(ApprovalId, Actor)> {
        self.lock().first().cloned()
    }

    pub(crate) fn add(&self, id: ApprovalId, who: Actor) {
        self.lock().push((id, who));
    }

    pub(crate) fn settled(&self, id: ApprovalId) {
        self.lock().retain(|(left, _)| *left != id);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ApprovalId, Actor)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits for the requests that last only as long as somebody does. It is known in memory only: after a restart everybody
/// has the time to come again.
#[derive(Default)]
pub(crate) struct Attended(Mutex<HashMap<ApprovalId, Presence>>);

struct Presence {
    connections: usize,
    /// When somebody was last there.
    last: Instant,
}

/// What a look came to.
pub(crate) struct Absent {
    /// Nobody waits for these any more.
    pub(crate) gone: Vec<ApprovalId>,
    /// When it is time to look again.
    pub(crate) next: Option<Duration>,
}

impl Attended {
    /// Looks after the requests that wait; what is not among them is forgotten unless somebody is there. The time of a new one
    /// begins with the first look.
    pub(crate) fn look(&self, waiting: &[ApprovalId]) -> Absent {
        let now = Instant::now();
        let mut known = self.lock();
        known.retain(|id, presence| presence.connections > 0 || waiting.contains(id));
        let (mut gone, mut next) = (Vec::new(), None);
        for id in waiting {
            let presence = known.entry(*id).or_insert(Presence {
                connections: 0,
                last: now,
            });
            if presence.connections > 0 {
                continue;
            }
            let left = AWAY.saturating_sub(now.duration_since(presence.last));
            if left.is_zero() {
                gone.push(*id);
            } else {
                next = Some(next.map_or(left, |next: Duration| next.min(left)));
            }
        }
        Absent { gone, next }
    }

    fn come(&self, ids: &[ApprovalId]) {
        let mut known = self.lock();
        for id in ids {
            let last = Instant::now();
            let presence = known.entry(*id).or_insert(Presence {
                connections: 0,
                last,
            });
            presence.connections += 1;
        }
    }

    fn go(&self, ids: &[ApprovalId]) {
        let mut known = self.lock();
        for id in ids {
            if let Some(presence) = known.get_mut(id) {
                presence.connections = presence.connections.saturating_sub(1);
                presence.last = Instant::now();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ApprovalId, Presence>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So long nobody has to be there: between two connections, and while the bridge restarts.
const AWAY: Duration = Duration::from_secs(10);

/// Somebody who is there as long as their connection: when this goes without `answered`, they went away.
pub(crate) struct Attendance {
    app: Arc<App>,
    ids: Vec<ApprovalId>,
    who: Option<Actor>,
}

impl Attendance {
    pub(crate) fn new(app: Arc<App>, ids: Vec<ApprovalId>, who: Actor) -> Self {
        let who = Some(who);
        app.attended.come(&ids);
        Self { app, ids, who }
    }

    /// They are told something, and come again or do not, as they like.
    pub(crate) fn answered(mut self) {
        self.who = None;
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if self.ids.is_empty() {
            return;
        }
        self.app.attended.go(&self.ids);
        if let Some(who) = self.who.take() {
            let left = self.ids.iter().map(|id| (*id, who.clone()));
            self.app.abandoned.lock().extend(left);
        }
        self.app.wake.expiry.notify_one();
    }
}

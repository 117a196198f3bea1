//! What all calls of one client share.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cctelegram_core::agent::Trace;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::access::Access;
use crate::access::NotReached;
use crate::agent_means::AgentMeans;
use crate::agent_place::AgentPlace;
use crate::arguments::Failed;
use crate::letter::Letter;
use crate::rate::CallRate;
use crate::server::ServerExtras;
use crate::tools::Todo;

/// A bridge that went away is looked for again after this span.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The one client's end of things.
pub(crate) struct Desk {
    pub(crate) access: Access,
    pub(crate) place: AgentPlace,
    pub(crate) means: AgentMeans,
    pub(crate) extras: ServerExtras,
    /// The agent's name of its session, else one of our own: what is sent from here belongs to it.
    pub(crate) session_id: String,
    /// The same as it stands in the ids of events.
    pub(crate) session: Trace,
    /// Set when the client has gone: whoever waits for people stops, and takes the question back.
    pub(crate) stopping: CancellationToken,
    /// The calls in hand.
    pub(crate) calls: TaskTracker,
    has_sent: AtomicBool,
    todos: Mutex<Vec<Todo>>,
    rate: Mutex<CallRate>,
}

impl Desk {
    pub(crate) fn new(
        access: Access,
        place: AgentPlace,
        means: AgentMeans,
        extras: ServerExtras,
    ) -> Self {
        let own = || Uuid::now_v7().to_string();
        let session_id = place.session.clone().unwrap_or_else(own);
        Self {
            session: Trace::of(&session_id),
            session_id,
            means,
            extras,
            todos: Mutex::default(),
            access,
            place,
            stopping: CancellationToken::new(),
            calls: TaskTracker::new(),
            has_sent: AtomicBool::new(false),
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

    pub(crate) fn todos(&self) -> MutexGuard<'_, Vec<Todo>> {
        // Nobody leaves it half changed: a panic elsewhere does not matter.
        self.todos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something was sent: there may be answers from now on.
    pub(crate) fn note_sent(&self) {
        self.has_sent.store(true, Ordering::Relaxed);
    }

    /// Can there be answers? The agent's hooks send for a session that the agent told of.
    pub(crate) fn may_have_answers(&self) -> bool {
        self.place.session.is_some() || self.has_sent.load(Ordering::Relaxed)
    }

    /// The newest answers to what the session sent, the oldest of them first.
    pub(crate) async fn answers(&self, limit: usize) -> Result<Vec<Letter>, NotReached> {
        if !self.may_have_answers() {
            return Ok(Vec::new());
        }
        let entries = self.access.answers_in(&self.session, limit).await?;
        Ok(entries.iter().filter_map(Letter::of).collect())
    }
}

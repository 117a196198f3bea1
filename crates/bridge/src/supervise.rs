//! The long-lived tasks: whichever ends first, by return, error or panic, stops the others.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Owns every task of the process. This is the only wrapper round `tokio::spawn`.
pub(crate) struct Supervisor {
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
    /// Tasks that others need until their own end: stopped last.
    foundations: JoinSet<(&'static str, anyhow::Result<()>)>,
    stop: CancellationToken,
    stop_foundations: CancellationToken,
}

/// The part of the grace that belongs to ordinary tasks; the rest is the foundations'.
const FOR_TASKS: f32 = 0.7;

/// How the process came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// Asked to stop, and everything in hand was finished.
    Clean,
    /// A task ended by itself: the process may not go on without it.
    TaskFailed,
    /// Something was still running when the grace was over.
    TimedOut,
}

type Joined = Result<(&'static str, anyhow::Result<()>), JoinError>;

impl Supervisor {
    pub(crate) fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            foundations: JoinSet::new(),
            stop: CancellationToken::new(),
            stop_foundations: CancellationToken::new(),
        }
    }

    /// Starts a task that finishes its unit of work and returns once the token is cancelled.
    pub(crate) fn spawn<F>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let task = task(self.stop.clone());
        self.tasks.spawn(async move { (name, task.await) });
    }

    /// Starts a task that is told to stop only when all ordinary tasks are done.
    pub(crate) fn spawn_foundation<F>(
        &mut self,
        name: &'static str,
        task: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let task = task(self.stop_foundations.clone());
        self.foundations.spawn(async move { (name, task.await) });
    }

    /// Waits for `shutdown` or for the first task to end, then lets everything finish within `grace`.
    pub(crate) async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
        grace: Duration,
    ) -> Ending {
        let ended_by_itself = tokio::select! {
            () = shutdown => false,
            Some(joined) = self.tasks.join_next() => { tell(joined); true }
            Some(joined) = self.foundations.join_next() => { tell(joined); true }
        };
        self.stop.cancel();
        // What hangs is cut off in time for the store to finish what it has taken.
        let in_time = tokio::time::timeout(grace.mul_f32(FOR_TASKS), drain(&mut self.tasks))
            .await
            .is_ok();
        self.tasks.abort_all();
        self.stop_foundations.cancel();
        let rest = tokio::time::timeout(grace.mul_f32(1.0 - FOR_TASKS), async {
            drain(&mut self.tasks).await;
            drain(&mut self.foundations).await;
        });
        match rest.await {
            Ok(()) if ended_by_itself => Ending::TaskFailed,
            Ok(()) if in_time => Ending::Clean,
            Ok(()) | Err(_) => Ending::TimedOut,
        }
    }
}

async fn drain(tasks: &mut JoinSet<(&'static str, anyhow::Result<()>)>) {
    while let Some(joined) = tasks.join_next().await {
        tell(joined);
    }
}

fn tell(joined: Joined) {
    match joined {
        Ok((task, Ok(()))) => tracing::debug!(task, "task ended"),
        Ok((task, Err(error))) => {
            tracing::error!(task, error = format!("{error:#}"), "task failed");
        }
        Err(error) => tracing::error!(%error, "task panicked"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn one_task_that_ends_stops_all_and_is_a_failure() {
        let stopped = Arc::new(AtomicBool::new(false));
        let seen = stopped.clone();
        let mut supervisor = Supervisor::new();
        supervisor.spawn("steady", |stop| async move {
            stop.cancelled().await;
            seen.store(true, Ordering::SeqCst);
            Ok(())
        });
        supervisor.spawn("failing", |_stop| async { anyhow::bail!("no") });
        let ending = supervisor.run(std::future::pending(), GRACE).await;
        assert_eq!(ending, Ending::TaskFailed);
        assert!(stopped.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn foundations_outlive_the_tasks_that_stand_on_them() {
        let mut supervisor = Supervisor::new();
        let (done, waits) = tokio::sync::oneshot::channel::<()>();
        supervisor.spawn_foundation("store", |stop| async move {
            stop.cancelled().await;
            waits
                .await
                .map_err(|_| anyhow::anyhow!("the sender was gone before the store stopped"))
        });
        supervisor.spawn("sender", |stop| async move {
            stop.cancelled().await;
            done.send(())
                .map_err(|()| anyhow::anyhow!("the store was gone first"))
        });
        assert_eq!(supervisor.run(async {}, GRACE).await, Ending::Clean);
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_told_apart() {
        let mut supervisor = Supervisor::new();
        supervisor.spawn("stuck", |_stop| std::future::pending());
        assert_eq!(
            supervisor.run(async {}, Duration::ZERO).await,
            Ending::TimedOut
        );
    }
}

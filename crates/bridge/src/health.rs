//! Is the bridge doing its work? Every task reports here; the health page and `status` ask.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use cctelegram_core::time::Timestamp;
use cctelegram_core::time::span;

/// The poller asks Telegram to wait so long before it answers with nothing (seconds).
pub(crate) const POLL_SECONDS: u64 = 30;
/// Telegram has to be heard from within this span: one poll, its time-out, and a second try.
const HEARD_WITHIN: Duration = Duration::from_secs(POLL_SECONDS * 2 + 15);
/// Failing to send for so long is a problem; before that it is weather.
const SENDING_MAY_FAIL_FOR: Duration = Duration::from_secs(30);

/// What the tasks last reported.
#[derive(Default)]
pub(crate) struct Health(Mutex<Facts>);

#[derive(Default)]
struct Facts {
    heard: Option<Timestamp>,
    poll_problem: Option<String>,
    conflict: Option<String>,
    failing_since: Option<Timestamp>,
    send_problem: Option<String>,
    paused: Option<String>,
    store_problem: Option<String>,
    spool_problem: Option<String>,
    responses_problem: Option<String>,
}

impl Health {
    fn with<T>(&self, act: impl FnOnce(&mut Facts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Telegram answered a poll or a getMe.
    pub(crate) fn heard(&self, at: Timestamp) {
        self.with(|facts| {
            facts.heard = Some(at);
            facts.poll_problem = None;
            facts.conflict = None;
        });
    }

    /// When Telegram last answered a poll or a getMe.
    pub(crate) fn last_heard(&self) -> Option<Timestamp> {
        self.with(|facts| facts.heard)
    }

    pub(crate) fn poll_failed(&self, problem: String) {
        self.with(|facts| facts.poll_problem = Some(problem));
    }

    /// Telegram hands our updates to somebody else: a second poller, or a webhook.
    pub(crate) fn poll_conflict(&self, problem: String) {
        self.with(|facts| facts.conflict = Some(problem));
    }

    pub(crate) fn sent(&self) {
        self.with(|facts| {
            facts.failing_since = None;
            facts.send_problem = None;
        });
    }

    pub(crate) fn send_failed(&self, at: Timestamp, problem: String) {
        self.with(|facts| {
            facts.failing_since.get_or_insert(at);
            facts.send_problem = Some(problem);
        });
    }

    /// The token does not work: nothing is sent until it does.
    pub(crate) fn pause(&self, problem: String) {
        self.with(|facts| facts.paused = Some(problem));
    }

    pub(crate) fn resume(&self) {
        self.with(|facts| facts.paused = None);
    }

    pub(crate) fn store(&self, problem: Option<String>) {
        self.with(|facts| facts.store_problem = problem);
    }

    pub(crate) fn spool(&self, problem: Option<String>) {
        self.with(|facts| facts.spool_problem = problem);
    }

    pub(crate) fn responses(&self, problem: Option<String>) {
        self.with(|facts| facts.responses_problem = problem);
    }

    /// What is wrong at `now`, one sentence each; nothing means healthy.
    pub(crate) fn problems(&self, now: Timestamp) -> Vec<String> {
        self.with(|facts| facts.problems(now))
    }
}

impl Facts {
    fn problems(&self, now: Timestamp) -> Vec<String> {
        let mut problems = Vec::new();
        problems.extend(
            self.paused
                .as_ref()
                .map(|why| format!("The bot token does not work: {why}.")),
        );
        problems.extend(self.silence(now));
        let failing = self.failing_since.map(|since| now.since(since));
        if let (Some(failing), Some(problem)) = (failing, &self.send_problem)
            && failing >= SENDING_MAY_FAIL_FOR
        {
            problems.push(format!(
                "Nothing could be sent for {}: {problem}.",
                span(failing)
            ));
        }
        problems.extend(
            self.store_problem
                .as_ref()
                .map(|why| format!("The database does not take changes: {why}.")),
        );
        problems.extend(self.spool_problem.clone());
        problems.extend(self.responses_problem.clone());
        problems
    }

    fn silence(&self, now: Timestamp) -> Option<String> {
        if let Some(conflict) = &self.conflict {
            return Some(format!("Answers may go to someone else: {conflict}."));
        }
        let because = self
            .poll_problem
            .as_ref()
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        match self.heard {
            None => Some(format!("Telegram was not heard from yet{because}.")),
            Some(at) if now.since(at) > HEARD_WITHIN => Some(format!(
                "Telegram was not heard from for {}{because}.",
                span(now.since(at))
            )),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_bridge_that_never_heard_from_telegram_is_not_healthy() {
        let health = Health::default();
        assert_eq!(health.problems(at(1)), ["Telegram was not heard from yet."]);
        health.heard(at(2));
        assert!(health.problems(at(3)).is_empty());
        assert_eq!(
            health.problems(at(80)),
            ["Telegram was not heard from for 1 min 18 s."]
        );
    }

    #[test]
    fn failing_to_send_becomes_a_problem_after_half_a_minute() {
        let health = Health::default();
        health.heard(at(100));
        health.send_failed(at(70), "connection refused".to_owned());
        health.send_failed(at(90), "connection refused".to_owned());
        assert_eq!(
            health.problems(at(100)),
            ["Nothing could be sent for 30 s: connection refused."]
        );
        health.sent();
        assert!(health.problems(at(100)).is_empty());
    }

    #[test]
    fn somebody_else_who_polls_is_a_problem_at_once() {
        let health = Health::default();
        health.heard(at(100));
        health.poll_conflict("Conflict".to_owned());
        assert_eq!(
            health.problems(at(100)),
            ["Answers may go to someone else: Conflict."]
        );
        health.heard(at(101));
        assert!(health.problems(at(101)).is_empty());
    }

    #[test]
    fn a_token_that_does_not_work_is_a_problem_at_once() {
        let health = Health::default();
        health.heard(at(100));
        health.pause("Unauthorized".to_owned());
        assert_eq!(
            health.problems(at(100)),
            ["The bot token does not work: Unauthorized."]
        );
        health.resume();
        assert!(health.problems(at(100)).is_empty());
    }
}

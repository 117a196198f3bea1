//! The emulator's clock: real time since the start, plus what a test moved it forward.

use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// Counts from the start of the emulator. Expiry rules, limits and dates read it.
pub(crate) struct Clock {
    started: Instant,
    started_unix: Duration,
    advanced: Duration,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub(crate) fn start() -> Self {
        let started_unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            started: Instant::now(),
            started_unix,
            advanced: Duration::ZERO,
        }
    }

    /// Time since the start as Telegram would see it, including [`Clock::advance`].
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed() + self.advanced
    }

    /// Real milliseconds since the start: what the call log shows.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The date that goes into messages.
    pub(crate) fn unix(&self) -> i64 {
        i64::try_from((self.started_unix + self.now()).as_secs()).unwrap_or(i64::MAX)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced += by;
    }
}

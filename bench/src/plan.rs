//! How much is measured.

use std::time::Duration;

/// The size of a run.
pub(crate) struct Plan {
    /// A smoke run proves that the harness works; its figures say nothing.
    pub(crate) is_quick: bool,
    /// Baseline and program take turns so often.
    pub(crate) rounds: u32,
    /// Messages of a round, one after the other, for the time to the wire.
    pub(crate) samples: u32,
    /// Events of a round for intake.
    pub(crate) events: u32,
    /// Files that lie there at once: few, for comparison, and many.
    pub(crate) files: (u32, u32),
    /// Messages of a round to each of the chats.
    pub(crate) messages: u32,
    /// Messages and chats where the overall limit binds.
    pub(crate) overall: (u32, u32),
    /// Messages to a single chat under its limit.
    pub(crate) one_chat: u32,
    pub(crate) starts: u32,
    /// How long the idle program is watched.
    pub(crate) idle: Duration,
}

/// Producers that post at the same time.
pub(crate) const PRODUCERS: u32 = 16;
/// Chats that are written to at the same time, without limits.
pub(crate) const CHATS: u32 = 16;

impl Plan {
    pub(crate) const fn full() -> Self {
        Self {
            is_quick: false,
            rounds: 15,
            samples: 120,
            events: 2_400,
            files: (1_000, 10_000),
            messages: 100,
            overall: (1_000, 40),
            one_chat: 60,
            starts: 30,
            idle: Duration::from_mins(1),
        }
    }

    pub(crate) const fn quick() -> Self {
        Self {
            is_quick: true,
            rounds: 1,
            samples: 4,
            events: 32,
            files: (4, 40),
            messages: 3,
            overall: (60, 40),
            one_chat: 4,
            starts: 1,
            idle: Duration::from_millis(200),
        }
    }
}

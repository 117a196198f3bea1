//! Telegram's sending limits: one message a second in a chat with short bursts, 20 a minute in a
//! group, 30 a second overall (Bot API FAQ). The burst of 3 is this emulator's reading of "short
//! bursts".

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;

const CHAT: Rate = Rate {
    every: Duration::from_secs(1),
    burst: 3,
};
const OVERALL: Rate = Rate {
    every: Duration::from_nanos(33_333_333),
    burst: 30,
};
const GROUP_WINDOW: Duration = Duration::from_mins(1);
const GROUP_MESSAGES: usize = 20;

/// Counts what was sent; a refused call is not counted.
pub(crate) struct Limits {
    pub(crate) on: bool,
    overall: Bucket,
    chats: HashMap<i64, Bucket>,
    groups: HashMap<i64, VecDeque<Duration>>,
}

impl Limits {
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            overall: Bucket::default(),
            chats: HashMap::new(),
            groups: HashMap::new(),
        }
    }

    /// Takes one message's worth, or says after how many seconds there will be one.
    pub(crate) fn take(&mut self, chat: i64, now: Duration) -> Result<(), u64> {
        if !self.on {
            return Ok(());
        }
        let bucket = self.chats.entry(chat).or_default();
        let mut wait = bucket.wait(CHAT, now).max(self.overall.wait(OVERALL, now));
        if chat < 0 {
            wait = wait.max(group_wait(self.groups.entry(chat).or_default(), now));
        }
        if wait > Duration::ZERO {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        bucket.take(CHAT, now);
        self.overall.take(OVERALL, now);
        if chat < 0 {
            self.groups.entry(chat).or_default().push_back(now);
        }
        Ok(())
    }
}

fn group_wait(sent: &mut VecDeque<Duration>, now: Duration) -> Duration {
    while sent.front().is_some_and(|at| *at + GROUP_WINDOW <= now) {
        sent.pop_front();
    }
    match sent.front() {
        Some(oldest) if sent.len() >= GROUP_MESSAGES => {
            (*oldest + GROUP_WINDOW).saturating_sub(now)
        }
        Some(_) | None => Duration::ZERO,
    }
}

#[derive(Clone, Copy)]
struct Rate {
    every: Duration,
    burst: u32,
}

/// A token bucket as one point in time: when it would be full again (GCRA).
#[derive(Default)]
struct Bucket {
    full_at: Duration,
}

impl Bucket {
    fn wait(&self, rate: Rate, now: Duration) -> Duration {
        let tolerated = rate.every * (rate.burst - 1);
        self.full_at.saturating_sub(tolerated).saturating_sub(now)
    }

    fn take(&mut self, rate: Rate, now: Duration) {
        self.full_at = self.full_at.max(now) + rate.every;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_chat_takes_three_at_once_then_one_a_second() {
        let mut limits = Limits::new(true);
        for _ in 0..3 {
            assert_eq!(limits.take(7, at(1000)), Ok(()));
        }
        assert_eq!(limits.take(7, at(1000)), Err(1));
        assert_eq!(limits.take(7, at(1999)), Err(1));
        assert_eq!(limits.take(7, at(2000)), Ok(()));
        assert_eq!(limits.take(7, at(2000)), Err(1));
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let mut limits = Limits::new(true);
        for second in 0..20 {
            assert_eq!(limits.take(-5, at(second * 1000)), Ok(()), "{second}");
        }
        assert_eq!(limits.take(-5, at(20_000)), Err(40));
        assert_eq!(limits.take(-5, at(60_000)), Ok(()));
    }

    #[test]
    fn all_chats_together_take_thirty_at_once() {
        let mut limits = Limits::new(true);
        for chat in 1..=30 {
            assert_eq!(limits.take(chat, at(0)), Ok(()));
        }
        assert_eq!(limits.take(31, at(0)), Err(1));
        assert_eq!(limits.take(31, at(34)), Ok(()));
    }

    #[test]
    fn off_means_off() {
        let mut limits = Limits::new(false);
        assert!((0..1000).all(|_| limits.take(1, at(0)).is_ok()));
    }
}

//! One token bucket of the server, as seen from here.

use std::time::Duration;

use super::LONGEST_HOLD;
use crate::time::Timestamp;

/// How a bucket fills. Spans are microseconds, because a thirtieth of a second is no whole number of milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Between two tokens, rounded up.
    every: i64,
    burst: i64,
}

/// The longest time between two tokens: an hour. It keeps every sum below far from overflow.
const LONGEST_EVERY_S: f64 = 3_600.0;
const MICROS_PER_SECOND: f64 = 1e6;

impl Rate {
    /// `None` is no limit.
    pub(super) fn new(per_second: f64, burst: u32) -> Option<Self> {
        if !per_second.is_finite() || per_second <= 0.0 {
            return None;
        }
        let every = (1.0 / per_second).min(LONGEST_EVERY_S) * MICROS_PER_SECOND;
        Some(Self {
            every: i64::from(whole(every.ceil())).max(1),
            burst: i64::from(burst.max(1)),
        })
    }

    const fn span(self, tokens: i64) -> i64 {
        self.every.saturating_mul(tokens)
    }
}

/// A number without its fraction; what doesn't fit is the nearest that does.
pub(super) fn whole(number: f64) -> u32 {
    format!("{:.0}", number.trunc())
        .parse()
        .unwrap_or(if number > 1.0 { u32::MAX } else { 0 })
}

/// The bucket is one point in time: when it would be full, had every answered call arrived with its answer (the
/// "theoretical arrival time" of the generic cell rate algorithm). The server's own is never later than ours plus one
/// token for each call under way, so a call that waits for that sum is accepted whenever it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    full_at: i64,
    under_way: u32,
    held_until: i64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            full_at: i64::MIN,
            under_way: 0,
            held_until: i64::MIN,
        }
    }
}

impl Bucket {
    /// With all tokens under way this is the earliest that one may be back.
    pub(super) fn ready_at(&self, rate: Option<Rate>, now: Timestamp) -> Timestamp {
        let present = micros(now);
        let free_at = rate.map_or(present, |rate| {
            let missing = i64::from(self.under_way)
                .saturating_add(1)
                .saturating_sub(rate.burst);
            self.full_at.max(present).saturating_add(rate.span(missing))
        });
        if free_at.max(self.held_until) <= present {
            return now;
        }
        timestamp(free_at.max(self.held_until)).max(now)
    }

    pub(super) const fn release(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) const fn reserve(&mut self) {
        self.under_way = self.under_way.saturating_add(1);
    }

    pub(super) fn settle(&mut self, rate: Option<Rate>, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(rate) = rate else { return };
        self.full_at = self.full_at.max(end_of(now)).saturating_add(rate.every);
    }

    pub(super) fn hold(&mut self, rate: Option<Rate>, until: Timestamp) {
        let until = micros(until);
        self.held_until = self.held_until.max(until);
        let Some(rate) = rate else { return };
        let one_token = until.saturating_add(rate.span(rate.burst.saturating_sub(1)));
        self.full_at = self.full_at.max(one_token);
    }

    /// No server owes more than a whole bucket, and no hold lasts longer than the longest.
    pub(super) fn repair(&mut self, rate: Option<Rate>, now: Timestamp) {
        self.held_until = self.held_until.min(micros(now.plus(LONGEST_HOLD)));
        let empty_from = end_of(now).max(self.held_until);
        let most = rate.map_or(i64::MIN, |rate| {
            empty_from.saturating_add(rate.span(rate.burst))
        });
        self.full_at = self.full_at.min(most);
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let present = micros(now);
        self.under_way == 0 && self.full_at <= present && self.held_until <= present
    }
}

const MICROS_PER_MILLI: i64 = 1_000;

fn micros(time: Timestamp) -> i64 {
    time.as_millis().saturating_mul(MICROS_PER_MILLI)
}

/// The end of the millisecond that the clock shows: it has shown it for up to that long already.
fn end_of(time: Timestamp) -> i64 {
    micros(time.plus(Duration::from_millis(1)))
}

/// The first millisecond that is not before this time.
fn timestamp(micros: i64) -> Timestamp {
    let floor = micros.div_euclid(MICROS_PER_MILLI);
    let rest = micros.rem_euclid(MICROS_PER_MILLI);
    Timestamp::from_millis(floor.saturating_add(i64::from(rest > 0)))
}

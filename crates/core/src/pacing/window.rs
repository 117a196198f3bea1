//! A limit on the calls in any minute, as seen from here.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);

/// When the answered calls of the last minute stop counting, in order, and how many calls are under way.
#[derive(Debug, Default)]
pub(super) struct Window {
    ends: VecDeque<Timestamp>,
    under_way: usize,
}

impl Window {
    /// With all places taken by calls under way this is the earliest that one may be free.
    pub(super) fn ready_at(&self, limit: usize, now: Timestamp) -> Timestamp {
        let Some(room) = limit.checked_sub(self.under_way).filter(|room| *room > 0) else {
            return now.plus(MINUTE);
        };
        let from_the_end = self.ends.len().checked_sub(room);
        from_the_end
            .and_then(|index| self.ends.get(index))
            .map_or(now, |end| now.max(*end))
    }

    pub(super) const fn reserve(&mut self) {
        self.under_way = self.under_way.saturating_add(1);
    }

    pub(super) const fn release(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The clock may have shown this millisecond for up to one already, hence one more.
    pub(super) fn settle(&mut self, limit: usize, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        let end = now.plus(MINUTE).plus(Duration::from_millis(1));
        let last = self.ends.back().map_or(end, |last| end.max(*last));
        self.ends.push_back(last);
        while self.ends.len() > limit || self.ends.front().is_some_and(|end| *end <= now) {
            self.ends.pop_front();
        }
    }

    /// No call of the past counts for longer than a minute from now.
    pub(super) fn repair(&mut self, now: Timestamp) {
        let latest = now.plus(MINUTE).plus(Duration::from_millis(1));
        for end in &mut self.ends {
            *end = latest.min(*end);
        }
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        self.under_way == 0 && self.ends.back().is_none_or(|last| *last <= now)
    }
}

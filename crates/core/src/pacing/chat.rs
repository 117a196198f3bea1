//! The limits of one chat.

use super::bucket::Bucket;
use super::bucket::Rate;
use super::window::Window;
use crate::id::ChatId;
use crate::time::Timestamp;

/// What every chat allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChatLimits {
    pub(super) rate: Option<Rate>,
    /// 0 is no limit.
    pub(super) per_group_per_minute: u32,
}

impl ChatLimits {
    fn per_minute(self) -> Option<usize> {
        let limit = usize::try_from(self.per_group_per_minute).unwrap_or(usize::MAX);
        (limit > 0).then_some(limit)
    }
}

/// What one chat has taken. Only groups have the limit by the minute.
#[derive(Debug)]
pub(super) struct Chat {
    bucket: Bucket,
    minute: Option<Window>,
}

impl Chat {
    pub(super) fn new(id: ChatId) -> Self {
        Self {
            bucket: Bucket::default(),
            minute: id.is_group().then(Window::default),
        }
    }

    pub(super) fn ready_at(&self, limits: ChatLimits, now: Timestamp) -> Timestamp {
        let by_second = self.bucket.ready_at(limits.rate, now);
        let window = self.minute.as_ref().zip(limits.per_minute());
        window.map_or(by_second, |(window, limit)| {
            by_second.max(window.ready_at(limit, now))
        })
    }

    pub(super) const fn reserve(&mut self) {
        self.bucket.reserve();
        if let Some(window) = &mut self.minute {
            window.reserve();
        }
    }

    pub(super) fn release(&mut self) {
        self.bucket.release();
        if let Some(window) = &mut self.minute {
            window.release();
        }
    }

    pub(super) fn settle(&mut self, limits: ChatLimits, now: Timestamp) {
        self.bucket.settle(limits.rate, now);
        if let Some(window) = &mut self.minute {
            window.settle(limits.per_minute().unwrap_or(0), now);
        }
    }

    pub(super) fn hold(&mut self, limits: ChatLimits, until: Timestamp) {
        self.bucket.hold(limits.rate, until);
    }

    pub(super) fn repair(&mut self, limits: ChatLimits, now: Timestamp) {
        self.bucket.repair(limits.rate, now);
        if let Some(window) = &mut self.minute {
            window.repair(now);
        }
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let minute_over = self
            .minute
            .as_ref()
            .is_none_or(|window| window.is_idle(now));
        self.bucket.is_idle(now) && minute_over
    }
}

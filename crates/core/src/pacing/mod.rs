//! When a chat may be written to: Telegram's limits in virtual time.
//!
//! The server counts a call when it arrives, which is some time between our start and the answer. So a call under way
//! counts as one that may arrive at any moment, and an answered one as having arrived with its answer. Both are the
//! worst case, hence no latency can make the server see more than it allows.

mod bucket;
mod chat;
mod window;

#[cfg(test)]
mod simulation;

use std::collections::HashMap;
use std::time::Duration;

use crate::id::ChatId;
use crate::time::Timestamp;
use bucket::Bucket;
use bucket::Rate;
use chat::Chat;
use chat::ChatLimits;

/// How much Telegram accepts (Bot API FAQ, "My bot is hitting limits"). A rate of 0, or one that is no number, is off.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    pub per_chat_per_second: f64,
    /// How many messages one chat takes at once after a silence; Telegram says "short bursts". At least 1.
    pub per_chat_burst: u32,
    /// In any 60 seconds, edits included.
    pub per_group_per_minute: u32,
    pub global_per_second: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_chat_per_second: 1.0,
            per_chat_burst: 3,
            per_group_per_minute: 20,
            global_per_second: 30.0,
        }
    }
}

/// Overall, calls are spread evenly but for this part of a second's worth. Telegram says "about 30 a second" and not how
/// it measures. Ten at once leave room for calls that take a third of a second, and few enough for a server that counts
/// any second by itself.
const GLOBAL_BURST_S: f64 = 1.0 / 3.0;

/// Telegram's counters as they look from here. It remembers only chats that were written to lately.
#[derive(Debug)]
pub struct Pacer {
    limits: ChatLimits,
    global_rate: Option<Rate>,
    global: Bucket,
    chats: HashMap<ChatId, Chat>,
}

impl Pacer {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let global_burst = bucket::whole(limits.global_per_second * GLOBAL_BURST_S);
        Self {
            limits: ChatLimits {
                rate: Rate::new(limits.per_chat_per_second, limits.per_chat_burst),
                per_group_per_minute: limits.per_group_per_minute,
            },
            global_rate: Rate::new(limits.global_per_second, global_burst),
            global: Bucket::default(),
            chats: HashMap::new(),
        }
    }

    /// The earliest time at which a call to this chat may start: `now`, or a later time at which to ask again. While
    /// calls are under way, their answers may make it a little earlier or later.
    #[must_use]
    pub fn ready_at(&self, chat: ChatId, now: Timestamp) -> Timestamp {
        let overall = self.global.ready_at(self.global_rate, now);
        let here = self
            .chats
            .get(&chat)
            .map_or(now, |bucket| bucket.ready_at(self.limits, now));
        overall.max(here)
    }

    /// Is it the chat's own limit that makes it wait? Never where it has none.
    #[must_use]
    pub fn waits_for_its_limit(&self, chat: ChatId, now: Timestamp) -> bool {
        let by_minute = chat.is_group() && self.limits.per_group_per_minute > 0;
        let here = self.chats.get(&chat);
        (self.limits.rate.is_some() || by_minute)
            && here.is_some_and(|bucket| bucket.ready_at(self.limits, now) > now)
    }

    /// A call to this chat starts.
    pub fn reserve(&mut self, chat: ChatId, _now: Timestamp) {
        self.global.reserve();
        self.chats
            .entry(chat)
            .or_insert_with(|| Chat::new(chat))
            .reserve();
    }

    /// The call's answer arrived, whatever it says. From now on what it took comes back.
    pub fn settle(&mut self, chat: ChatId, now: Timestamp) {
        self.global.settle(self.global_rate, now);
        let limits = self.limits;
        self.chats
            .entry(chat)
            .or_insert_with(|| Chat::new(chat))
            .settle(limits, now);
    }

    /// The call was not made after all: what was reserved comes back at once.
    pub fn release(&mut self, chat: ChatId) {
        self.global.release();
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.release();
        }
    }

    /// Telegram refused a call to this chat (429): nothing before `until`, and then one at a time.
    pub fn hold(&mut self, chat: ChatId, until: Timestamp) {
        let limits = self.limits;
        self.chats
            .entry(chat)
            .or_insert_with(|| Chat::new(chat))
            .hold(limits, until);
    }

    /// Telegram refused calls to several chats: nothing to anybody before `until`.
    pub fn hold_all(&mut self, until: Timestamp) {
        self.global.hold(self.global_rate, until);
    }

    /// Forgets the chats whose limits are untouched again. It also puts right what a clock that was set back left in
    /// the future; call it every minute or so.
    pub fn forget_idle(&mut self, now: Timestamp) {
        self.global.repair(self.global_rate, now);
        let limits = self.limits;
        self.chats.retain(|_, chat| {
            chat.repair(limits, now);
            !chat.is_idle(now)
        });
    }
}

/// The longest hold that survives [`Pacer::forget_idle`]: longer ones come from a clock that was set back.
const LONGEST_HOLD: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ChatId = ChatId(7);
    const GROUP: ChatId = ChatId(-7);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_763_733_727_000 + millis)
    }

    /// Makes calls that take no time until one would have to wait for longer than the clock is coarse, and returns how
    /// many there were and when the next may start.
    fn fill(pacer: &mut Pacer, chat: ChatId, now: Timestamp) -> (u32, Timestamp) {
        let mut calls = 0;
        while calls < 1_000 && pacer.ready_at(chat, now) <= now.plus(Duration::from_millis(1)) {
            pacer.reserve(chat, now);
            pacer.settle(chat, now);
            calls += 1;
        }
        (calls, pacer.ready_at(chat, now))
    }

    #[test]
    fn a_chat_takes_a_burst_and_then_one_a_second() {
        let mut pacer = Pacer::new(Limits::default());
        assert_eq!(fill(&mut pacer, ALICE, at(0)), (3, at(1_001)));
        assert_eq!(fill(&mut pacer, ALICE, at(1_001)), (1, at(2_001)));
        assert_eq!(fill(&mut pacer, ALICE, at(60_000)), (3, at(61_001)));
    }

    #[test]
    fn a_group_takes_twenty_in_any_minute() {
        let mut pacer = Pacer::new(Limits {
            per_chat_burst: 100,
            ..Limits::default()
        });
        let mut sent = 0;
        for tick in 0..60 {
            sent += fill(&mut pacer, GROUP, at(tick * 1_000)).0;
        }
        assert_eq!(sent, 20);
        assert!(pacer.ready_at(GROUP, at(60_000)) >= at(60_001));
        assert_eq!(
            pacer.ready_at(ALICE, at(60_000)),
            at(60_000),
            "people have no such limit"
        );
    }

    #[test]
    fn all_chats_together_take_thirty_a_second() {
        let mut pacer = Pacer::new(Limits::default());
        let mut sent = 0;
        for millis in 0..10_000 {
            sent += fill(&mut pacer, ChatId(1 + millis), at(millis)).0;
        }
        assert!((300..=310).contains(&sent), "{sent}");
    }

    #[test]
    fn a_call_under_way_keeps_its_place_until_the_answer() {
        let mut pacer = Pacer::new(Limits::default());
        for _ in 0..3 {
            assert_eq!(pacer.ready_at(ALICE, at(0)), at(0));
            pacer.reserve(ALICE, at(0));
        }
        assert!(
            pacer.ready_at(ALICE, at(30_000)) > at(30_000),
            "none came back"
        );
        pacer.settle(ALICE, at(30_000));
        assert_eq!(
            pacer.ready_at(ALICE, at(30_000)),
            at(31_001),
            "it comes back from the answer on"
        );
    }

    #[test]
    fn a_refused_chat_waits_and_others_do_not() {
        let mut pacer = Pacer::new(Limits::default());
        pacer.hold(ALICE, at(17_000));
        assert_eq!(pacer.ready_at(ALICE, at(0)), at(17_000));
        assert_eq!(pacer.ready_at(GROUP, at(0)), at(0));
        assert_eq!(fill(&mut pacer, ALICE, at(17_000)), (1, at(18_000)));
        pacer.hold_all(at(40_000));
        assert_eq!(pacer.ready_at(GROUP, at(0)), at(40_000));
    }

    #[test]
    fn holds_hold_without_limits_too() {
        let off = Limits {
            per_chat_per_second: 0.0,
            per_chat_burst: 0,
            per_group_per_minute: 0,
            global_per_second: f64::NAN,
        };
        let mut pacer = Pacer::new(off);
        assert_eq!(fill(&mut pacer, GROUP, at(0)).0, 1_000);
        pacer.hold(GROUP, at(5_000));
        assert_eq!(pacer.ready_at(GROUP, at(0)), at(5_000));
        pacer.hold_all(at(6_000));
        assert_eq!(pacer.ready_at(ALICE, at(0)), at(6_000));
    }

    #[test]
    fn a_chat_waits_for_its_limit_but_not_for_that_of_all() {
        let mut pacer = Pacer::new(Limits::default());
        assert!(!pacer.waits_for_its_limit(ALICE, at(0)));
        fill(&mut pacer, ALICE, at(0));
        assert!(pacer.waits_for_its_limit(ALICE, at(0)));
        assert!(!pacer.waits_for_its_limit(ALICE, at(1_001)));
        pacer.hold_all(at(9_000));
        assert!(!pacer.waits_for_its_limit(GROUP, at(0)));
        let mut off = Pacer::new(Limits {
            per_chat_per_second: 0.0,
            ..Limits::default()
        });
        off.hold(ALICE, at(5_000));
        assert!(!off.waits_for_its_limit(ALICE, at(0)), "it has no limit");
        off.hold(GROUP, at(5_000));
        assert!(off.waits_for_its_limit(GROUP, at(0)));
    }

    #[test]
    fn odd_limits_neither_fail_nor_stop_everything() {
        for rate in [f64::INFINITY, -1.0, 1e-300, 1e300, f64::MIN_POSITIVE, 1e9] {
            let limits = Limits {
                per_chat_per_second: rate,
                per_chat_burst: u32::MAX,
                per_group_per_minute: u32::MAX,
                global_per_second: rate,
            };
            let mut pacer = Pacer::new(limits);
            assert!(fill(&mut pacer, GROUP, at(0)).0 >= 1, "{rate}");
        }
    }

    #[test]
    fn what_is_full_again_is_forgotten() {
        let mut pacer = Pacer::new(Limits::default());
        for id in 1..=500 {
            pacer.reserve(ChatId(-id), at(0));
            pacer.settle(ChatId(-id), at(0));
        }
        pacer.reserve(ALICE, at(0));
        pacer.hold(ChatId(9), at(3_600_000));
        pacer.forget_idle(at(59_000));
        assert_eq!(pacer.chats.len(), 502, "the groups' minute is not over");
        pacer.forget_idle(at(61_000));
        assert_eq!(pacer.chats.len(), 2, "the call under way and the hold");
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nobody_for_long() {
        let day = 86_400_000;
        let mut pacer = Pacer::new(Limits::default());
        fill(&mut pacer, GROUP, at(day));
        fill(&mut pacer, ALICE, at(day));
        pacer.forget_idle(at(0));
        assert!(pacer.ready_at(ALICE, at(0)) <= at(1_100));
        assert!(pacer.ready_at(GROUP, at(0)) <= at(60_100));
    }
}

//! The pacer between a bot with any work and a server that counts what arrives in windows of its own: no limit is ever
//! exceeded, whatever calls take and come to, and every message goes out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::collections::VecDeque;
use std::time::Duration;

use arbitrary::Result;
use arbitrary::Unstructured;
use cctelegram_core::id::ChatId;
use cctelegram_core::pacing::Limits;
use cctelegram_core::pacing::Pacer;
use cctelegram_core::time::Timestamp;

/// Times are microseconds, since the server counts exactly and our clock shows whole milliseconds.
const SECOND: i64 = 1_000_000;
const START: i64 = 1_763_733_727_000_000;

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    if let Ok(plan) = Plan::read(&mut Unstructured::new(data)) {
        run(&plan);
    }
}

/// What is to be sent when, and what becomes of the calls.
struct Plan {
    limits: Limits,
    calls_at_once: usize,
    messages: Vec<(i64, ChatId)>,
    calls: Vec<Call>,
}

#[derive(Clone, Copy)]
struct Call {
    there: i64,
    back: i64,
    fate: Fate,
}

#[derive(Clone, Copy)]
enum Fate {
    Sent,
    /// Refused by the server (429) for so many seconds.
    Refused(i64),
    /// Reserved, and then not made.
    Released,
}

impl Plan {
    fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let limits = Limits {
            per_chat_per_second: *input.choose(&[1.0, 0.0, 0.3, 2.0, 7.0])?,
            per_chat_burst: input.int_in_range(1..=5)?,
            per_group_per_minute: *input.choose(&[20, 0, 1, 3, 60])?,
            global_per_second: *input.choose(&[30.0, 0.0, 1.0, 4.0, 100.0])?,
        };
        let calls_at_once = input.int_in_range(1..=4)?;
        let mut calls = Vec::new();
        for _ in 0..input.int_in_range(1..=60_u8)? {
            let fate = match input.int_in_range(0..=7_u8)? {
                0 => Fate::Refused(input.int_in_range(1..=40)?),
                1 => Fate::Released,
                _ => Fate::Sent,
            };
            let slow = if input.ratio(1_u8, 8_u8)? { 20 } else { 1 };
            calls.push(Call {
                there: i64::from(input.arbitrary::<u16>()?) * 5 * slow,
                back: i64::from(input.arbitrary::<u16>()?) * 5 * slow,
                fate,
            });
        }
        let (mut messages, mut now) = (Vec::new(), START);
        while messages.len() < 150 && !input.is_empty() {
            let chat = input.int_in_range(-3..=8_i64)?;
            let pause = i64::from(input.arbitrary::<u8>()?);
            now += pause * pause * pause;
            messages.push((now, ChatId(if chat == 0 { 9 } else { chat })));
        }
        Ok(Self {
            limits,
            calls_at_once,
            messages,
            calls,
        })
    }

    /// When everything must be out, however the work is arranged: one message after the other, each after a whole
    /// minute, the slowest call and every refusal.
    fn deadline(&self) -> i64 {
        let last = self.messages.last().map_or(START, |(at, _)| *at);
        let slowest = self.calls.iter().map(|call| call.there + call.back).max();
        let refusals = self.calls.iter().map(|call| match call.fate {
            Fate::Refused(seconds) => seconds * SECOND,
            Fate::Sent | Fate::Released => 0,
        });
        let count = i64::try_from(self.messages.len() + self.calls.len()).unwrap_or(i64::MAX);
        last + refusals.sum::<i64>() + count * (61 * SECOND + slowest.unwrap_or(0))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Written,
    Arrival,
    /// With the second until which the server refuses, or none.
    Answer(Option<i64>),
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<i64>,
    under_way: usize,
    held_until: i64,
    arrivals: Vec<i64>,
}

fn clock(now: i64) -> Timestamp {
    Timestamp::from_millis(now / 1_000)
}

fn run(plan: &Plan) {
    let deadline = plan.deadline();
    let mut bot = Bot::new(plan);
    let mut now = START;
    loop {
        let next = bot.start_calls(now);
        let step = bot.steps.peek();
        let step = step.map_or(i64::MAX, |Reverse((time, ..))| *time);
        now = step.min(next);
        if now == i64::MAX {
            break;
        }
        assert!(now <= deadline, "a message waits for ever");
        if step > now {
            // As the bridge does it, at any time.
            bot.pacer.forget_idle(clock(now));
        } else if let Some(Reverse((_, step, chat))) = bot.steps.pop() {
            bot.take(step, chat, now);
        }
    }
    count(plan, &bot.lines);
}

/// The bot's side: what waits, what is under way, and what will happen when.
struct Bot {
    pacer: Pacer,
    lines: BTreeMap<ChatId, Line>,
    steps: BinaryHeap<Reverse<(i64, Step, ChatId)>>,
    calls: Vec<Call>,
    made: usize,
    calls_at_once: usize,
}

impl Bot {
    fn new(plan: &Plan) -> Self {
        let written = |(at, chat): &(i64, ChatId)| Reverse((*at, Step::Written, *chat));
        Self {
            pacer: Pacer::new(plan.limits),
            lines: BTreeMap::new(),
            steps: plan.messages.iter().map(written).collect(),
            calls: plan.calls.clone(),
            made: 0,
            calls_at_once: plan.calls_at_once,
        }
    }

    /// Starts all calls that may start, the oldest message's chat first; returns when the next one may.
    fn start_calls(&mut self, now: i64) -> i64 {
        let mut next = i64::MAX;
        let mut order: Vec<ChatId> = self.lines.keys().copied().collect();
        order.sort_by_key(|chat| self.lines[chat].waiting.front().copied());
        for chat in order {
            while self.may_want_to_call(chat) {
                let ready = self.pacer.ready_at(chat, clock(now));
                if ready > clock(now) {
                    next = next.min(ready.as_millis() * 1_000);
                    break;
                }
                self.start(chat, now);
            }
        }
        next
    }

    fn may_want_to_call(&self, chat: ChatId) -> bool {
        let line = &self.lines[&chat];
        !line.waiting.is_empty() && line.under_way < self.calls_at_once
    }

    fn start(&mut self, chat: ChatId, now: i64) {
        let line = self.lines.entry(chat).or_default();
        assert!(now >= line.held_until, "a call during a hold");
        self.pacer.reserve(chat, clock(now));
        let call = self.calls[self.made % self.calls.len()];
        // What goes wrong goes wrong once, so that the work has an end.
        let fate = if self.made < self.calls.len() {
            call.fate
        } else {
            Fate::Sent
        };
        self.made += 1;
        let refused = match fate {
            Fate::Released => return self.pacer.release(chat),
            Fate::Refused(seconds) => Some(seconds),
            Fate::Sent => None,
        };
        if refused.is_none() {
            line.waiting.pop_front();
        }
        line.under_way += 1;
        let arrival = now + call.there;
        self.steps.push(Reverse((arrival, Step::Arrival, chat)));
        self.steps
            .push(Reverse((arrival + call.back, Step::Answer(refused), chat)));
    }

    fn take(&mut self, step: Step, chat: ChatId, now: i64) {
        let line = self.lines.entry(chat).or_default();
        match step {
            Step::Written => line.waiting.push_back(now),
            Step::Arrival => line.arrivals.push(now),
            Step::Answer(refused) => {
                self.pacer.settle(chat, clock(now));
                line.under_way -= 1;
                if let Some(seconds) = refused {
                    let until = clock(now).plus(Duration::from_secs(seconds.unsigned_abs()));
                    self.pacer.hold(chat, until);
                    line.held_until = line.held_until.max(until.as_millis() * 1_000);
                }
            }
        }
    }
}

/// What the server saw: in every window no more than its limits, and everything.
fn count(plan: &Plan, lines: &BTreeMap<ChatId, Line>) {
    let mut all = Vec::new();
    for (chat, line) in lines {
        assert!(line.waiting.is_empty() && line.under_way == 0);
        within(
            &line.arrivals,
            plan.limits.per_chat_per_second,
            plan.limits.per_chat_burst,
        );
        let per_minute = usize::try_from(plan.limits.per_group_per_minute).unwrap_or(usize::MAX);
        if chat.is_group() && per_minute > 0 {
            for pair in line.arrivals.windows(per_minute + 1) {
                assert!(
                    pair[per_minute] - pair[0] >= 60 * SECOND,
                    "a group's minute is too full"
                );
            }
        }
        all.extend(&line.arrivals);
    }
    assert!(all.len() >= plan.messages.len(), "a message is lost");
    all.sort_unstable();
    // A third of a second's worth passes at once.
    let burst = match plan.limits.global_per_second {
        rate if rate >= 100.0 => 33,
        rate if rate >= 30.0 => 10,
        _ => 1,
    };
    within(&all, plan.limits.global_per_second, burst);
}

/// In any span of time no more than a burst and what the rate gives in it. No rate is no limit.
fn within(arrivals: &[i64], per_second: f64, burst: u32) {
    if per_second <= 0.0 {
        return;
    }
    for (first, from) in arrivals.iter().enumerate() {
        for (last, to) in arrivals.iter().enumerate().skip(first) {
            let span = Duration::from_micros((to - from).unsigned_abs()).as_secs_f64();
            let count = u32::try_from(last - first + 1).unwrap_or(u32::MAX);
            let most = f64::from(burst) + span * per_second;
            assert!(
                f64::from(count) <= most + 1e-6,
                "{count} in {span} s, at most {most}"
            );
        }
    }
}

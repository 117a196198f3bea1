//! The pacer against a simulated server with latency: never refused, and hardly slower than the limits themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::collections::VecDeque;

use proptest::prelude::*;

use super::Limits;
use super::Pacer;
use crate::id::ChatId;
use crate::time::Timestamp;

const SECOND: i64 = 1_000_000;
/// When the simulation starts, within a millisecond: the clock shows whole ones, the server counts exactly.
const START: i64 = 1_763_733_727_000_000;

/// The server's buckets in exact time: one a second with a burst of 3 in a chat, 20 in any minute in a group, and
/// 30 a second with a burst of 30 overall.
#[derive(Default)]
struct Server {
    overall: i64,
    chats: HashMap<ChatId, i64>,
    groups: HashMap<ChatId, VecDeque<i64>>,
}

fn take(full_at: &mut i64, every: i64, burst: i64, now: i64) -> bool {
    let accepted = *full_at - every * (burst - 1) <= now;
    *full_at = (*full_at).max(now) + every;
    accepted
}

impl Server {
    fn accepts(&mut self, chat: ChatId, now: i64) -> bool {
        let mut accepted = take(&mut self.overall, SECOND / 30, 30, now);
        accepted &= take(self.chats.entry(chat).or_default(), SECOND, 3, now);
        if chat.is_group() {
            let sent = self.groups.entry(chat).or_default();
            sent.retain(|at| at + 60 * SECOND > now);
            sent.push_back(now);
            accepted &= sent.len() <= 20;
        }
        accepted
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Arrival,
    Answer,
}

/// Who sends what, and how long each call takes to the server and back, in microseconds.
struct Load {
    chats: Vec<(ChatId, u32)>,
    calls_at_once: u32,
    latencies: Vec<(i64, i64)>,
}

struct Came {
    refused: u32,
    seconds: f64,
    busiest_second: usize,
}

fn clock(now: i64) -> Timestamp {
    Timestamp::from_millis(now / 1_000)
}

fn run(load: Load) -> Came {
    let (mut pacer, mut server) = (Pacer::new(Limits::default()), Server::default());
    let mut latencies = load.latencies.into_iter().cycle();
    let mut waiting = load.chats;
    let mut under_way: HashMap<ChatId, u32> = HashMap::new();
    let mut steps = BinaryHeap::new();
    let (mut now, mut refused, mut arrivals) = (START + 437, 0, Vec::new());
    loop {
        let mut next = i64::MAX;
        // The chat with the most to do goes first, or the last ones would be left with a whole chat's limit to wait for.
        waiting.sort_by_key(|(_, left)| Reverse(*left));
        for (chat, left) in &mut waiting {
            let calls = under_way.entry(*chat).or_default();
            while *left > 0 && *calls < load.calls_at_once {
                let ready = pacer.ready_at(*chat, clock(now));
                if ready > clock(now) {
                    next = next.min(ready.as_millis() * 1_000);
                    break;
                }
                pacer.reserve(*chat, clock(now));
                let (there, back) = latencies.next().unwrap();
                steps.push(Reverse((now + there, Step::Arrival, *chat)));
                steps.push(Reverse((now + there + back, Step::Answer, *chat)));
                (*left, *calls) = (*left - 1, *calls + 1);
            }
        }
        let step = steps.peek().map_or(i64::MAX, |Reverse((time, ..))| *time);
        now = step.min(next);
        if now == i64::MAX {
            break;
        }
        if step > now {
            continue;
        }
        let Some(Reverse((_, step, chat))) = steps.pop() else {
            break;
        };
        if step == Step::Arrival {
            arrivals.push(now);
            refused += u32::from(!server.accepts(chat, now));
        } else {
            pacer.settle(chat, clock(now));
            *under_way.get_mut(&chat).unwrap() -= 1;
        }
    }
    let first = arrivals[0];
    let busiest_second = (0..arrivals.len())
        .map(|i| {
            arrivals[i..]
                .iter()
                .take_while(|at| **at < arrivals[i] + SECOND)
                .count()
        })
        .max();
    Came {
        refused,
        seconds: std::time::Duration::from_micros(
            (arrivals[arrivals.len() - 1] - first).unsigned_abs(),
        )
        .as_secs_f64(),
        busiest_second: busiest_second.unwrap_or(0),
    }
}

fn people(count: i64, messages: u32) -> Vec<(ChatId, u32)> {
    (1..=count).map(|id| (ChatId(id), messages)).collect()
}

fn latency(millis: std::ops::Range<i64>) -> impl Strategy<Value = Vec<(i64, i64)>> {
    let half = millis.start * 500..millis.end * 500;
    prop::collection::vec((half.clone(), half), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// 1,000 messages to 40 people need 970/30 seconds: 30 pass at once.
    #[test]
    fn many_chats_are_never_refused_and_hardly_slowed(latencies in latency(5..50)) {
        let came = run(Load { chats: people(40, 25), calls_at_once: 1, latencies });
        prop_assert_eq!(came.refused, 0);
        prop_assert!(came.seconds <= 970.0 / 30.0 * 1.03, "{} s", came.seconds);
        prop_assert!(came.busiest_second <= 45, "{} in a second", came.busiest_second);
    }

    /// 60 messages to one person need 57 seconds: 3 pass at once.
    #[test]
    fn one_chat_is_never_refused_and_hardly_slowed(latencies in latency(5..50)) {
        let came = run(Load { chats: people(1, 60), calls_at_once: 1, latencies });
        prop_assert_eq!(came.refused, 0);
        prop_assert!(came.seconds <= 57.0 * 1.001, "{} s", came.seconds);
    }

    /// 60 messages to one group need two minutes and the 17 seconds that 20 take.
    #[test]
    fn one_group_is_never_refused_and_hardly_slowed(latencies in latency(5..50)) {
        let chats = vec![(ChatId(-5), 60)];
        let came = run(Load { chats, calls_at_once: 1, latencies });
        prop_assert_eq!(came.refused, 0);
        prop_assert!(came.seconds <= 137.0 * 1.01, "{} s", came.seconds);
    }

    /// Seconds of latency, several calls to a chat at once, people and groups: slower, and still never refused.
    #[test]
    fn no_latency_causes_a_refusal(
        latencies in latency(0..9_000),
        calls_at_once in 1..6_u32,
        chats in prop::collection::hash_map(-6..30_i64, 1..40_u32, 1..20),
    ) {
        let chats = chats.into_iter().map(|(id, count)| (ChatId(id), count)).collect();
        let came = run(Load { chats, calls_at_once, latencies });
        prop_assert_eq!(came.refused, 0);
    }

    /// A slow network doesn't lower what many chats get together: 300 ms both ways, at 30 a second.
    #[test]
    fn a_third_of_a_second_of_latency_costs_nothing_overall(latencies in latency(200..300)) {
        let came = run(Load { chats: people(40, 25), calls_at_once: 1, latencies });
        prop_assert_eq!(came.refused, 0);
        prop_assert!(came.seconds <= 970.0 / 30.0 * 1.04, "{} s", came.seconds);
    }
}

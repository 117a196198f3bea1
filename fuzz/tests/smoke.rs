//! Every target on its seeds, on random bytes and on thousands of mutations of the seeds: a few seconds, no fuzzer.

use std::fs;
use std::path::Path;

use cctelegram_fuzz::entities;
use cctelegram_fuzz::event_parse;
use cctelegram_fuzz::hook_input;
use cctelegram_fuzz::pacer;
use cctelegram_fuzz::redact;
use cctelegram_fuzz::shell_policy;
use cctelegram_fuzz::split;
use cctelegram_fuzz::update_decode;

#[test]
fn security_entities_lie_within_their_text() {
    smoke("entities", entities::check, 600);
}

#[test]
fn security_whatever_is_no_event_is_refused_with_its_field() {
    smoke("event_parse", event_parse::check, 10_000);
}

#[test]
fn security_no_use_of_a_tool_is_taken_for_anything_else() {
    smoke("hook_input", hook_input::check, 6_000);
}

#[test]
fn no_limit_is_exceeded_and_no_message_waits_for_ever() {
    smoke("pacer", pacer::check, 800);
}

#[test]
fn security_no_surroundings_save_a_secret() {
    smoke("redact", redact::check, 1_500);
}

#[test]
fn nothing_is_lost_at_a_cut() {
    smoke("split", split::check, 600);
}

#[test]
fn security_a_deny_holds_whatever_stands_behind_it() {
    smoke("shell_policy", shell_policy::check, 3_000);
}

#[test]
fn security_no_update_makes_decoding_fail_or_lose_a_mark() {
    smoke("update_decode", update_decode::check, 20_000);
}

fn smoke(target: &str, check: fn(&[u8]), rounds: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let mut seeds: Vec<Vec<u8>> = fs::read_dir(&folder)
        .expect("the target's seeds")
        .map(|entry| fs::read(entry.expect("a seed").path()).expect("a seed that can be read"))
        .collect();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    seeds.sort();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        check(seed);
    }
    for round in 0..rounds {
        let data = if round % 4 == 0 {
            let length = random.below(2_000);
            (0..length).map(|_| random.byte()).collect()
        } else {
            mutated(&seeds, &mut random)
        };
        check(&data);
    }
}

/// A seed with a few bytes or parts changed, left out, doubled or taken from another seed.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        let from = random.below(data.len() + 1);
        let to = (from + random.below(12)).min(data.len());
        match random.below(5) {
            0 if from < data.len() => data[from] = random.byte(),
            1 => drop(data.drain(from..to)),
            2 => {
                let part = data[from..to].to_vec();
                data.splice(to..to, part);
            }
            3 => {
                let odd: [&[u8]; 10] = [
                    b"null",
                    b"true",
                    b"0",
                    b"-1",
                    b"1e300",
                    b"\"\"",
                    b"[]",
                    b"{}",
                    b"\\u0000",
                    "é👍".as_bytes(),
                ];
                data.splice(from..to, odd[random.below(odd.len())].iter().copied());
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let start = random.below(other.len() + 1);
                let part = other[start..(start + 40).min(other.len())].to_vec();
                data.splice(from..to, part);
            }
        }
    }
    data
}

/// The same numbers at every run (xorshift64), so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 8).map_or(0, |number| number % limit.max(1))
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}

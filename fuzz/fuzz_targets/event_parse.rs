//! libFuzzer calls `event_parse::check`.
#![no_main]

use cctelegram_fuzz::event_parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| event_parse::check(data));

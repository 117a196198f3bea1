//! libFuzzer calls `hook_input::check`.
#![no_main]

use cctelegram_fuzz::hook_input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| hook_input::check(data));

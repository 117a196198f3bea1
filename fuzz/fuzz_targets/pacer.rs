//! libFuzzer calls `pacer::check`.
#![no_main]

use cctelegram_fuzz::pacer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pacer::check(data));

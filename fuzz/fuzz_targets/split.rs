//! libFuzzer calls `split::check`.
#![no_main]

use cctelegram_fuzz::split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| split::check(data));

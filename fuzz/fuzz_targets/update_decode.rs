//! libFuzzer calls `update_decode::check`.
#![no_main]

use cctelegram_fuzz::update_decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| update_decode::check(data));

//! libFuzzer calls `entities::check`.
#![no_main]

use cctelegram_fuzz::entities;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| entities::check(data));

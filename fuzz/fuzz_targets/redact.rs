//! libFuzzer calls `redact::check`.
#![no_main]

use cctelegram_fuzz::redact;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| redact::check(data));

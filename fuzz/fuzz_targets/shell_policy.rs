//! libFuzzer calls `shell_policy::check`.
#![no_main]

use cctelegram_fuzz::shell_policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| shell_policy::check(data));

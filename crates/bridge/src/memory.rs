//! How much memory the process holds.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use cctelegram_core::time::Timestamp;

/// A reading is used for so long before the kernel is asked again.
const FRESH: Duration = Duration::from_millis(250);

/// Resident memory against `MEMORY_LIMIT_MB`: at 90 % of it, producers are told to wait.
pub(crate) struct MemoryGauge {
    limit_bytes: u64,
    last: Mutex<Option<(Timestamp, u64)>>,
}

impl MemoryGauge {
    pub(crate) const fn new(limit_mb: u64) -> Self {
        Self {
            limit_bytes: limit_mb.saturating_mul(1024 * 1024),
            last: Mutex::new(None),
        }
    }

    /// Is so much in use that nothing more should be taken in?
    pub(crate) fn is_short(&self, now: Timestamp) -> bool {
        self.resident(now).saturating_mul(10) >= self.limit_bytes.saturating_mul(9)
    }

    /// Resident bytes, at most a quarter of a second old. Where the kernel does not tell, 0.
    pub(crate) fn resident(&self, now: Timestamp) -> u64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = last.filter(|(at, _)| now.since(*at) < FRESH) {
            return bytes;
        }
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let bytes = resident_bytes(&status).unwrap_or(0);
        *last = Some((now, bytes));
        bytes
    }
}

/// Finds `VmRSS:   20480 kB` in the text of `/proc/self/status` (proc(5)).
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_percent_of_the_limit_is_short() {
        let gauge = MemoryGauge::new(100);
        let now = Timestamp::from_millis(0);
        for (megabytes, short) in [(89, false), (90, true), (200, true)] {
            *gauge.last.lock().unwrap() = Some((now, megabytes * 1024 * 1024));
            assert_eq!(gauge.is_short(now), short, "{megabytes} MB");
        }
    }

    #[test]
    fn the_kernels_own_words_are_understood() {
        assert_eq!(
            resident_bytes("Name:\tx\nVmRSS:\t   20480 kB\n"),
            Some(20_971_520)
        );
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }
}

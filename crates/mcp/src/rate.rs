//! How many calls a client may make: a bucket of tokens that fills with time.

use std::time::Duration;

use tokio::time::Instant;

/// So many calls may come at once.
const BURST: u32 = 60;
/// After that, one in this span.
const EVERY: Duration = Duration::from_millis(500);

/// The bucket of one client.
#[derive(Debug)]
pub(crate) struct CallRate {
    full_at: Instant,
}

impl CallRate {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes a token, or says how long to wait for the next one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + EVERY;
        let over = full_at.saturating_duration_since(now + EVERY * BURST);
        if over.is_zero() {
            self.full_at = full_at;
            Ok(())
        } else {
            Err(over)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_two_calls_a_second() {
        let start = Instant::now();
        let mut rate = CallRate::new(start);
        for _ in 0..BURST {
            assert_eq!(rate.take(start), Ok(()));
        }
        assert_eq!(rate.take(start), Err(EVERY));
        assert_eq!(rate.take(start), Err(EVERY), "a refusal costs nothing");
        assert_eq!(rate.take(start + EVERY), Ok(()));
        assert_eq!(rate.take(start + EVERY), Err(EVERY));
        let rested = start + Duration::from_hours(1);
        for _ in 0..BURST {
            assert_eq!(rate.take(rested), Ok(()));
        }
        assert!(rate.take(rested).is_err());
    }
}

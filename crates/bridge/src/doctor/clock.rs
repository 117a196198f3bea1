//! Does this machine's clock agree with Telegram's?

use std::time::Duration;

use cctelegram_core::time::Timestamp;
use cctelegram_core::time::span;

use super::Diagnosis;
use super::Patient;
use super::Reaching;
use super::bot;

const CLOCK: &str = "clock";
/// Codes and expiries are still right.
const NOTICEABLE: Duration = Duration::from_secs(30);
/// Certificates and requests may count as expired.
const WRONG: Duration = Duration::from_mins(5);
const REMEDY: &str = "Let the machine keep its time: `timedatectl set-ntp true`.";

pub(super) async fn check(patient: &Patient<'_>, reaching: Reaching) -> Vec<Diagnosis> {
    let client = match bot::client(patient, reaching) {
        Ok(client) => client,
        Err(why) => return vec![Diagnosis::skipped(CLOCK, why)],
    };
    vec![match bot::within(client.server_time()).await {
        Ok(Some(theirs)) => compare(patient.now, theirs),
        Ok(None) => Diagnosis::skipped(CLOCK, "the server does not tell the time"),
        Err(error) => Diagnosis::skipped(CLOCK, error.to_string()),
    }]
}

/// `ours` was read a moment before the server answered.
fn compare(ours: Timestamp, theirs: Timestamp) -> Diagnosis {
    let ahead = ours.since(theirs);
    let off = ahead.max(theirs.since(ours));
    let way = if ahead.is_zero() {
        "behind"
    } else {
        "ahead of"
    };
    let text = format!("this machine is {} {way} Telegram", span(off));
    if off > WRONG {
        Diagnosis::failed(CLOCK, text, REMEDY)
    } else if off > NOTICEABLE {
        Diagnosis::warning(CLOCK, text, REMEDY)
    } else {
        Diagnosis::ok(CLOCK, "it agrees with Telegram's to within 30 s")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn half_a_minute_is_noticed_and_five_are_wrong_in_both_directions() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        for (seconds, grade) in [(30, Grade::Ok), (31, Grade::Warning), (301, Grade::Failed)] {
            let off = Duration::from_secs(seconds);
            assert_eq!(compare(now, now.plus(off)).grade, grade, "{seconds} behind");
            assert_eq!(compare(now, now.minus(off)).grade, grade, "{seconds} ahead");
        }
    }
}

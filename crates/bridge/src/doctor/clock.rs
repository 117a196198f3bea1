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
    let before = patient.clock.now();
    let answer = bot::within(client.server_time()).await;
    let after = patient.clock.now();
    vec![match answer {
        Ok(Some(theirs)) => judge(before, after, theirs),
        Ok(None) => Diagnosis::skipped(CLOCK, "the server does not tell the time"),
        Err(error) => Diagnosis::skipped(CLOCK, error.to_string()),
    }]
}

/// The server answered somewhere between `before` and `after`.
fn judge(before: Timestamp, after: Timestamp, theirs: Timestamp) -> Diagnosis {
    let took = after.since(before);
    if took > NOTICEABLE {
        let why = format!("the answer took {}: too long to compare", span(took));
        return Diagnosis::skipped(CLOCK, why);
    }
    if before > after {
        return Diagnosis::skipped(CLOCK, "this machine's clock was set back meanwhile");
    }
    compare(before.plus(took / 2), theirs)
}

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
    fn the_middle_of_the_answers_way_is_compared_unless_it_took_too_long() {
        let sent = Timestamp::from_millis(1_800_000_000_000);
        let later = |seconds| sent.plus(Duration::from_secs(seconds));
        for (before, after, theirs, grade) in [
            (0, 28, 44, Grade::Ok),
            (0, 28, 45, Grade::Warning),
            (20, 28, 54, Grade::Ok),
            (0, 31, 15, Grade::Skipped),
            (1, 0, 0, Grade::Skipped),
        ] {
            let found = judge(later(before), later(after), later(theirs));
            assert_eq!(found.grade, grade, "{before} {after} {theirs}");
        }
    }

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

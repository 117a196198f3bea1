//! What disturbs people: which messages ring and when, which waiting ones become a list, which are the same again.

mod fold;
mod hours;
mod repeat;

use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::event::Event;
use crate::event::Kind;
use crate::event::Severity;
use crate::time::Timestamp;

pub use fold::Candidate;
pub use fold::fold;
pub use hours::BadHours;
pub use hours::Hours;
pub use repeat::likeness;

/// When messages make a sound.
#[derive(Clone, Debug)]
pub struct Quiet {
    pub hours: Hours,
    pub ring_for: RingFor,
}

/// What rings within quiet hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RingFor {
    Nothing,
    /// Critical events, security alerts among them.
    #[default]
    Critical,
    /// Those, and errors.
    Errors,
    /// Critical events, and requests for a decision.
    Approvals,
}

impl Quiet {
    /// Does a new message about this event ring? Requests for a decision, failures and the bridge's own alerts do.
    #[must_use]
    pub fn rings(&self, event: &Event, now: Timestamp, zone: &TimeZone) -> bool {
        let severity = event.severity();
        let critical = severity == Severity::Critical || event.kind == Kind::SecurityAlert;
        let failed = severity >= Severity::Error;
        if !self.is_quiet(now, zone) {
            return critical || failed || event.asks() || event.id.is_alert();
        }
        match self.ring_for {
            RingFor::Nothing => false,
            RingFor::Critical => critical,
            RingFor::Errors => critical || failed,
            RingFor::Approvals => critical || event.asks(),
        }
    }

    /// Does an answer to somebody who just wrote ring? It does as any chat would, but not within quiet hours.
    #[must_use]
    pub fn answer_rings(&self, now: Timestamp, zone: &TimeZone) -> bool {
        !self.is_quiet(now, zone)
    }

    /// Does a question of the bridge itself ring? It does, but within quiet hours only where requests for a decision do.
    #[must_use]
    pub fn question_rings(&self, now: Timestamp, zone: &TimeZone) -> bool {
        !self.is_quiet(now, zone) || self.ring_for == RingFor::Approvals
    }

    /// By the clock on the wall, so an hour that summer time takes away is not there, and one that it gives back is
    /// quiet twice. A time that no calendar has is not quiet: what rings too much is noticed.
    fn is_quiet(&self, now: Timestamp, zone: &TimeZone) -> bool {
        now.civil(zone)
            .is_some_and(|local| self.hours.contain(local.time()))
    }
}

/// What is wrong with the word for what rings.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not one of nothing, critical, errors and approvals")]
pub struct BadRingFor(String);

impl FromStr for RingFor {
    type Err = BadRingFor;

    fn from_str(text: &str) -> Result<Self, BadRingFor> {
        match text.trim().to_ascii_lowercase().as_str() {
            "nothing" => Ok(Self::Nothing),
            "critical" => Ok(Self::Critical),
            "errors" => Ok(Self::Errors),
            "approvals" => Ok(Self::Approvals),
            _ => Err(BadRingFor(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    /// Vienna's rules, written out so that no time zone data is needed.
    const VIENNA: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn quiet(hours: &str, ring_for: RingFor) -> Quiet {
        Quiet {
            hours: hours.parse().unwrap(),
            ring_for,
        }
    }

    fn at(utc: &str) -> Timestamp {
        let stamp: jiff::Timestamp = utc.parse().unwrap();
        Timestamp::from_millis(stamp.as_millisecond())
    }

    fn event(kind: &str, severity: &str) -> Event {
        sample(kind, "Title", json!({ "severity": severity }))
    }

    #[test]
    fn only_requests_failures_and_alerts_ring() {
        let day = quiet("", RingFor::Nothing);
        let alert = Event {
            id: crate::id::EventId::for_alert(uuid::Uuid::nil()),
            ..sample("alert_notification", "The queue is full", json!({}))
        };
        let cases = [
            (sample("approval_request", "May I?", json!({})), true),
            (sample("build_failed", "Build", json!({})), true),
            (sample("security_alert", "Login", json!({})), true),
            (event("security_alert", "info"), true),
            (event("task_progress", "critical"), true),
            (
                sample("task_completion", "Done", json!({ "status": "failed" })),
                true,
            ),
            (alert, true),
            (sample("alert_notification", "Look", json!({})), false),
            (event("build_failed", "warning"), false),
            (sample("task_completion", "Done", json!({})), false),
            (sample("task_progress", "Half", json!({})), false),
            (sample("moon_phase", "Full", json!({})), false),
        ];
        for (event, rings) in cases {
            assert_eq!(
                day.rings(&event, at("2026-01-01T12:00:00Z"), &TimeZone::UTC),
                rings,
                "{event:?}"
            );
        }
    }

    #[test]
    fn within_quiet_hours_only_the_chosen_rings() {
        let events = [
            sample("security_alert", "Login", json!({})),
            sample("build_failed", "Build", json!({})),
            sample("approval_request", "May I?", json!({})),
            sample("task_completion", "Done", json!({})),
        ];
        let cases = [
            (RingFor::Nothing, [false, false, false, false]),
            (RingFor::Critical, [true, false, false, false]),
            (RingFor::Errors, [true, true, false, false]),
            (RingFor::Approvals, [true, false, true, false]),
        ];
        for (ring_for, expected) in cases {
            let quiet = quiet("22:00-07:00", ring_for);
            let night = at("2026-01-01T23:30:00Z");
            let rings: Vec<bool> = events
                .iter()
                .map(|event| quiet.rings(event, night, &TimeZone::UTC))
                .collect();
            assert_eq!(rings, expected, "{ring_for:?}");
            assert!(!quiet.answer_rings(night, &TimeZone::UTC));
            assert!(quiet.answer_rings(at("2026-01-01T07:00:00Z"), &TimeZone::UTC));
        }
    }

    #[test]
    fn a_question_of_the_bridge_rings_at_night_only_where_requests_do() {
        let (night, day) = (at("2026-01-01T23:30:00Z"), at("2026-01-01T07:00:00Z"));
        for ring_for in [
            RingFor::Nothing,
            RingFor::Critical,
            RingFor::Errors,
            RingFor::Approvals,
        ] {
            let quiet = quiet("22:00-07:00", ring_for);
            let at_night = quiet.question_rings(night, &TimeZone::UTC);
            assert_eq!(at_night, ring_for == RingFor::Approvals, "{ring_for:?}");
            assert!(quiet.question_rings(day, &TimeZone::UTC), "{ring_for:?}");
        }
    }

    #[test]
    fn the_hours_follow_the_clock_on_the_wall_when_summer_time_begins_and_ends() {
        let zone = TimeZone::posix(VIENNA).unwrap();
        let quiet = quiet("22:00-07:00, 02:30-03:00", RingFor::Nothing);
        let cases = [
            // The last Sunday of March: 02:00 becomes 03:00, and seven o'clock comes an hour earlier.
            ("2026-03-28T20:59:59Z", false),
            ("2026-03-28T21:00:00Z", true),
            ("2026-03-29T04:59:59Z", true),
            ("2026-03-29T05:00:00Z", false),
            // The last Sunday of October: 03:00 becomes 02:00.
            ("2026-10-24T20:00:00Z", true),
            ("2026-10-25T05:59:59Z", true),
            ("2026-10-25T06:00:00Z", false),
        ];
        for (utc, expected) in cases {
            assert_eq!(quiet.answer_rings(at(utc), &zone), !expected, "{utc}");
        }
    }

    #[test]
    fn an_hour_that_is_there_twice_is_quiet_twice_and_a_missing_one_never() {
        let zone = TimeZone::posix(VIENNA).unwrap();
        let quiet = quiet("02:00-03:00", RingFor::Nothing);
        for utc in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            assert!(!quiet.answer_rings(at(utc), &zone), "{utc}");
        }
        for utc in [
            "2026-03-29T00:59:59Z",
            "2026-03-29T01:00:00Z",
            "2026-10-25T02:00:00Z",
        ] {
            assert!(quiet.answer_rings(at(utc), &zone), "{utc}");
        }
    }

    #[test]
    fn what_rings_is_one_of_four_words() {
        assert_eq!(" Errors".parse(), Ok(RingFor::Errors));
        for word in ["", "all", "critical,errors"] {
            assert!(word.parse::<RingFor>().is_err(), "{word}");
        }
    }
}

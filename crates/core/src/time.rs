//! Points in time, as milliseconds, and where they come from.

use std::fmt;
use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Serialize;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The time of day for people, in their zone: `14:02 UTC`.
    #[must_use]
    pub fn clock_time(self, zone: &TimeZone) -> String {
        self.told(zone, "%H:%M %Z")
    }

    /// Date and time of day for people, in their zone: `2026-11-21 15:02 CET`.
    #[must_use]
    pub fn date_time(self, zone: &TimeZone) -> String {
        self.told(zone, "%Y-%m-%d %H:%M %Z")
    }

    fn told(self, zone: &TimeZone, form: &str) -> String {
        self.civil(zone)
            .map_or_else(|| self.to_string(), |time| time.strftime(form).to_string())
    }

    /// Reads RFC 3339: `2026-11-21T14:02:07Z`, with any offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.trim().parse().ok()?;
        Some(Self(stamp.as_millisecond()))
    }

    /// Date and time of day in a zone; `None` outside the years -9999 to 9999.
    #[must_use]
    pub fn civil(self, zone: &TimeZone) -> Option<Zoned> {
        let stamp = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(stamp.to_zoned(zone.clone()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T14:02:07.123Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => write!(f, "{stamp:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where the present comes from: the system's clock in production, a clock set by hand in tests.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A span for people: `850 ms`, `12 s`, `4 min 5 s`, `2 h 10 min`.
#[must_use]
pub fn span(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds} s"),
        60..3_600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if (seconds / 60).is_multiple_of(60) => format!("{} h", seconds / 3_600),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// What is wrong with a span that somebody typed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a number and s, m, h or d, for example `90s`, `10m`, `2h`")]
pub struct BadSpan(String);

/// Reads what people type for a span: `45s`, `10m`, `1h30m`, `2d`. A bare number is refused: nobody knows its unit.
pub fn parse_span(text: &str) -> Result<Duration, BadSpan> {
    let bad = || BadSpan(text.to_owned());
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        let seconds = match unit.trim() {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(bad()),
        };
        let number: u64 = number.parse().map_err(|_| bad())?;
        let part = number.checked_mul(seconds).ok_or_else(bad)?;
        total = total
            .checked_add(Duration::from_secs(part))
            .ok_or_else(bad)?;
        rest = next;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_type_them() {
        for (text, seconds) in [("45s", 45), ("10m", 600), ("1h30m", 5_400), ("2d", 172_800)] {
            assert_eq!(parse_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "10", "m", "5 weeks", "-3m", "99999999999999999999h"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_kept_in_utc_and_told_in_a_zone() {
        let time = Timestamp::from_millis(1_763_733_727_123);
        assert_eq!(time.to_string(), "2025-11-21T14:02:07.123Z");
        assert_eq!(time.clock_time(&TimeZone::UTC), "14:02 UTC");
        let vienna = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(time.clock_time(&vienna), "15:02 CET");
        assert_eq!(time.date_time(&vienna), "2025-11-21 15:02 CET");
        let summer = Timestamp::parse("2026-07-01T00:30:00+02:00").unwrap();
        assert_eq!(summer.date_time(&vienna), "2026-07-01 00:30 CEST");
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn spans_are_shown_short() {
        for (millis, text) in [
            (850, "850 ms"),
            (12_000, "12 s"),
            (245_000, "4 min 5 s"),
            (7_800_000, "2 h 10 min"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}

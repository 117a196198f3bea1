//! Spans of the day, as people write them: `22:00-07:00, 12:30-13:30`.

use std::str::FromStr;

use jiff::civil::Time;

/// Spans of every day, by the clock on the wall. None is never.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hours(Vec<Span>);

/// From its first minute to just before its last; `from` after `to` goes over midnight, both at 00:00 is the whole day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    from: Time,
    to: Time,
}

impl Hours {
    #[must_use]
    pub fn contain(&self, time: Time) -> bool {
        self.0.iter().any(|span| span.contains(time))
    }
}

impl Span {
    fn contains(self, time: Time) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }
}

/// What is wrong with spans that somebody wrote.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadHours {
    #[error("`{0}` is not a span of the day")]
    Span(String),
    #[error("`{0}` begins and ends at the same time")]
    Empty(String),
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let spans: Result<Vec<Span>, BadHours> = text.split(',').map(span).collect();
        spans.map(Self)
    }
}

fn span(text: &str) -> Result<Span, BadHours> {
    let bad = || BadHours::Span(text.trim().to_owned());
    let (from, to) = text.split_once(['-', '–']).ok_or_else(bad)?;
    let from = time(from).ok_or_else(bad)?;
    let whole_day = to.trim() == MIDNIGHT;
    let to = if whole_day {
        Time::midnight()
    } else {
        time(to).ok_or_else(bad)?
    };
    if from == to && !whole_day {
        return Err(BadHours::Empty(text.trim().to_owned()));
    }
    Ok(Span { from, to })
}

/// `7:05` or `07:05`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(hour, 2) || !digits(minute, 2) || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// The end of the day as an end; as a beginning it is written 00:00.
const MIDNIGHT: &str = "24:00";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i8, minute: i8) -> Time {
        Time::constant(hour, minute, 59, 0)
    }

    #[test]
    fn a_span_begins_with_its_first_minute_and_ends_before_its_last() {
        let cases = [
            (
                "22:00-07:00",
                vec![(22, 0), (23, 59), (0, 0), (6, 59)],
                vec![(7, 0), (12, 0), (21, 59)],
            ),
            (
                "12:30 – 13:30",
                vec![(12, 30), (13, 29)],
                vec![(12, 29), (13, 30), (0, 0)],
            ),
            (
                "22:00-24:00",
                vec![(22, 0), (23, 59)],
                vec![(0, 0), (21, 59)],
            ),
            ("00:00-24:00", vec![(0, 0), (12, 0), (23, 59)], vec![]),
            (
                "1:00-2:00,3:00-4:00",
                vec![(1, 0), (3, 59)],
                vec![(2, 0), (4, 0)],
            ),
            (" ", vec![], vec![(0, 0), (23, 59)]),
        ];
        for (text, inside, outside) in cases {
            let hours: Hours = text.parse().unwrap();
            for (hour, minute) in inside {
                assert!(hours.contain(at(hour, minute)), "{hour}:{minute} in {text}");
            }
            for (hour, minute) in outside {
                assert!(
                    !hours.contain(at(hour, minute)),
                    "{hour}:{minute} in {text}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_span_is_told() {
        for text in [
            "22-7",
            "22:00",
            "24:00-07:00",
            "22:60-07:00",
            "22:00-07:00-08:00",
            "22:0-7:00",
            "22:00-25:00",
            "night",
            "22:00-07:00,",
            "+2:00-07:00",
            "22:00:00-07:00",
        ] {
            assert!(
                matches!(text.parse::<Hours>(), Err(BadHours::Span(_))),
                "{text}"
            );
        }
        let same = "07:00-07:00".parse::<Hours>();
        assert_eq!(same, Err(BadHours::Empty("07:00-07:00".to_owned())));
    }
}

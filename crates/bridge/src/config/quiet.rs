//! How much messages disturb.

use std::time::Duration;

use cctelegram_core::quiet::BadRingFor;
use cctelegram_core::quiet::Hours;
use cctelegram_core::quiet::Quiet;
use cctelegram_core::quiet::RingFor;

use super::raw::Raw;
use super::setting::Setting;
use super::settings;

/// The section `[quiet]`.
#[derive(Clone, Debug)]
pub(crate) struct Quietness {
    pub(crate) ringing: Quiet,
    /// More waiting messages than this become one list; 0 is never.
    pub(crate) fold_above: u32,
    /// The same again within this span is counted.
    pub(crate) repeats: Option<Duration>,
}

pub(super) fn quiet(raw: &mut Raw) -> Quietness {
    let seconds = raw.whole(&settings::REPEATS);
    Quietness {
        ringing: Quiet {
            hours: hours(raw),
            ring_for: ring_for(raw),
        },
        fold_above: u32::try_from(raw.whole(&settings::FOLD_ABOVE)).unwrap_or(u32::MAX),
        repeats: (seconds > 0).then_some(Duration::from_secs(seconds)),
    }
}

fn hours(raw: &mut Raw) -> Hours {
    let text = raw.text(&settings::QUIET_HOURS).unwrap_or_default();
    text.parse().unwrap_or_else(|error| {
        let remedy =
            "Write a span like 22:00-07:00, or a list of them; 00:00-24:00 is the whole day.";
        mistake(raw, &settings::QUIET_HOURS, &error, remedy);
        Hours::default()
    })
}

fn ring_for(raw: &mut Raw) -> RingFor {
    let text = raw.text(&settings::RING_FOR).unwrap_or_default();
    text.parse().unwrap_or_else(|error: BadRingFor| {
        mistake(raw, &settings::RING_FOR, &error, "Write one of the four.");
        RingFor::default()
    })
}

fn mistake(raw: &mut Raw, setting: &Setting, what: &dyn std::error::Error, remedy: &str) {
    let place = raw.place(setting);
    raw.mistake(&place, setting.name(), what.to_string(), remedy);
}

#[cfg(test)]
mod tests {
    use super::super::mistake::Place;
    use super::super::raw::Value;
    use super::*;

    fn read(settings: &[(&'static Setting, &str)]) -> (Quietness, Vec<String>) {
        let mut raw = Raw::default();
        for (setting, text) in settings {
            raw.keep(
                setting,
                Value::Text((*text).to_owned()),
                &Place::Environment,
            );
        }
        let quietness = quiet(&mut raw);
        let told = raw.mistakes.into_iter();
        (quietness, told.map(|mistake| mistake.what).collect())
    }

    #[test]
    fn by_default_ten_may_wait_and_five_seconds_count_repeats() {
        let (quietness, mistakes) = read(&[]);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(quietness.fold_above, 10);
        assert_eq!(quietness.repeats, Some(Duration::from_secs(5)));
        assert_eq!(quietness.ringing.hours, Hours::default());
        assert_eq!(quietness.ringing.ring_for, RingFor::Critical);
    }

    #[test]
    fn hours_and_words_that_are_none_are_mistakes() {
        let (quietness, mistakes) = read(&[
            (&settings::QUIET_HOURS, "22:00-07:00, 12:30-13:30"),
            (&settings::RING_FOR, "errors"),
        ]);
        assert_eq!(mistakes, [""; 0]);
        assert_ne!(quietness.ringing.hours, Hours::default());
        assert_eq!(quietness.ringing.ring_for, RingFor::Errors);
        let (_, mistakes) = read(&[
            (&settings::QUIET_HOURS, "22-7"),
            (&settings::RING_FOR, "everything"),
        ]);
        let expected = [
            "`22-7` is not a span of the day",
            "`everything` is not one of nothing, critical, errors and approvals",
        ];
        assert_eq!(mistakes, expected);
    }
}

//! How messages are written.

use cctelegram_core::message::render::Manner;
use cctelegram_core::message::render::Style;
use jiff::tz::TimeZone;

use super::raw::Raw;
use super::settings;

/// The section `[messages]`.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    /// How much is said at once.
    pub(crate) style: Style,
    /// In which times are shown.
    pub(crate) zone: TimeZone,
}

impl Messages {
    /// How events are written.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            style: self.style,
            zone: self.zone.clone(),
        }
    }
}

pub(super) fn messages(raw: &mut Raw) -> Messages {
    Messages {
        style: style(raw),
        zone: zone(raw),
    }
}

fn style(raw: &mut Raw) -> Style {
    let word = raw.text(&settings::STYLE).unwrap_or_default();
    word.parse().unwrap_or_else(|error| {
        let place = raw.place(&settings::STYLE);
        raw.mistake(
            &place,
            settings::STYLE.name(),
            format!("{error}"),
            "Write detailed or concise.",
        );
        Style::Detailed
    })
}

/// The named zone, else the machine's own, else UTC.
fn zone(raw: &mut Raw) -> TimeZone {
    let Some(name) = raw.text(&settings::TIME_ZONE) else {
        return TimeZone::try_system().unwrap_or(TimeZone::UTC);
    };
    TimeZone::get(&name).unwrap_or_else(|_| {
        let place = raw.place(&settings::TIME_ZONE);
        raw.mistake(
            &place,
            settings::TIME_ZONE.name(),
            format!("`{name}` is not a time zone that this machine knows"),
            "Write one like Europe/Vienna or UTC; `timedatectl list-timezones` lists them.",
        );
        TimeZone::UTC
    })
}

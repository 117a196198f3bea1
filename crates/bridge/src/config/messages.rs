//! How messages are written.

use jiff::tz::TimeZone;

use super::raw::Raw;
use super::settings;

/// The section `[messages]`.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    /// In which times are shown.
    pub(crate) zone: TimeZone,
}

pub(super) fn messages(raw: &mut Raw) -> Messages {
    Messages { zone: zone(raw) }
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

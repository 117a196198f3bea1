//! What holds while people are away.

use std::time::Duration;

use cctelegram_core::time::parse_span;

use super::raw::Raw;
use super::settings;

/// The section `[nomad]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Nomad {
    /// The end of an agent's turn waits so long for a reply.
    pub(crate) wait_for_reply: Option<Duration>,
}

/// Nobody's agent is held up for longer.
const LONGEST: Duration = Duration::from_hours(1);

pub(super) fn nomad(raw: &mut Raw) -> Nomad {
    let text = raw.text(&settings::WAIT_FOR_REPLY).unwrap_or_default();
    if matches!(text.trim(), "" | "off") {
        return Nomad {
            wait_for_reply: None,
        };
    }
    let read = parse_span(&text).map_err(|error| error.to_string());
    let within = Duration::from_secs(1)..=LONGEST;
    let wait = read.and_then(|wait| {
        let outside = format!("`{text}` is not between 1s and 1h");
        within.contains(&wait).then_some(wait).ok_or(outside)
    });
    let wait_for_reply = wait.map_err(|wrong| {
        let place = raw.place(&settings::WAIT_FOR_REPLY);
        let name = settings::WAIT_FOR_REPLY.name();
        raw.mistake(&place, name, wrong, "Write a duration like 5m, or off.");
    });
    Nomad {
        wait_for_reply: wait_for_reply.ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mistake::Place;
    use super::super::raw::Value;
    use super::*;

    fn read(text: &str) -> (Option<Duration>, Vec<String>) {
        let mut raw = Raw::default();
        let value = Value::Text(text.to_owned());
        raw.keep(&settings::WAIT_FOR_REPLY, value, &Place::Environment);
        let wait = nomad(&mut raw).wait_for_reply;
        let told = raw.mistakes.into_iter();
        (wait, told.map(|mistake| mistake.what).collect())
    }

    #[test]
    fn a_wait_is_a_duration_of_an_hour_at_most() {
        assert_eq!(read("off"), (None, Vec::new()));
        assert_eq!(read("5m"), (Some(Duration::from_mins(5)), Vec::new()));
        assert_eq!(read("1h").0, Some(LONGEST));
        for wrong in ["2h", "0s", "5", "soon"] {
            let (wait, mistakes) = read(wrong);
            assert_eq!((wait, mistakes.len()), (None, 1), "{wrong}");
        }
    }
}

//! The three modes: at the desk, away, silent.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::event::Event;
use crate::event::Kind;
use crate::time::Timestamp;

/// What is sent. `local` and `nomad` differ only in what agents' hooks report; `mute` holds all but security alerts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Local,
    Nomad,
    Mute,
}

impl Mode {
    /// Is this event kept back while the mode stands?
    #[must_use]
    pub fn holds(self, event: &Event) -> bool {
        self == Self::Mute && event.kind != Kind::SecurityAlert
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Nomad => "nomad",
            Self::Mute => "mute",
        })
    }
}

/// What is wrong with a mode's name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a mode: use local, nomad or mute")]
pub struct BadMode(String);

impl FromStr for Mode {
    type Err = BadMode;

    fn from_str(text: &str) -> Result<Self, BadMode> {
        match text.trim().to_ascii_lowercase().as_str() {
            "local" => Ok(Self::Local),
            "nomad" => Ok(Self::Nomad),
            "mute" => Ok(Self::Mute),
            _ => Err(BadMode(text.to_owned())),
        }
    }
}

/// A switch that somebody made. It is stored and wins over the setting until it is reset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Switch {
    pub mode: Mode,
    /// For `mute` with a duration: when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What comes back then: the switch that stood before, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Mode>,
}

impl Switch {
    /// The switch as it stands at `now`: a mute that is over gives way to what was before.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Option<Self> {
        match self.until {
            Some(end) if end <= now => self.before.map(|mode| Self {
                mode,
                until: None,
                before: None,
            }),
            _ => Some(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_that_is_over_gives_way_to_what_was_before() {
        let end = Timestamp::from_millis(100);
        let mute = Switch {
            mode: Mode::Mute,
            until: Some(end),
            before: Some(Mode::Nomad),
        };
        assert_eq!(mute.at(Timestamp::from_millis(99)), Some(mute));
        assert_eq!(mute.at(end).map(|s| s.mode), Some(Mode::Nomad));
        let over_setting = Switch {
            before: None,
            ..mute
        };
        assert_eq!(over_setting.at(end), None);
    }
}

//! How the owner wants messages written.

use std::str::FromStr;

use jiff::tz::TimeZone;

/// What every rendering is told besides the event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manner {
    pub style: Style,
    /// In which times are shown.
    pub zone: TimeZone,
}

/// How much is said at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Everything that is understood, and the rest folded away.
    Detailed,
    /// The one or two facts that matter and the link; everything else folded away.
    Concise,
}

/// What is wrong with a style that somebody wrote.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a style of messages")]
pub struct BadStyle(String);

impl FromStr for Style {
    type Err = BadStyle;

    fn from_str(word: &str) -> Result<Self, BadStyle> {
        match word {
            "detailed" => Ok(Self::Detailed),
            "concise" => Ok(Self::Concise),
            _ => Err(BadStyle(word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_styles() {
        assert_eq!("detailed".parse(), Ok(Style::Detailed));
        assert_eq!("concise".parse(), Ok(Style::Concise));
        for word in ["", "Concise", "short"] {
            assert_eq!(word.parse::<Style>(), Err(BadStyle(word.to_owned())));
        }
    }
}

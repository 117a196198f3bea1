//! How a request may be answered beside one press, and what an answer is.

use serde::Deserialize;
use serde::Serialize;

/// What a request takes as its answer, beside a press on one of its options.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerForm {
    /// A press marks an option or takes the mark away; Done answers with what is marked.
    pub several: bool,
    /// A reply to the message answers in one's own words.
    pub words: bool,
}

/// What somebody answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenAnswer {
    /// Index into the request's options.
    Choice(usize),
    /// Indexes into the request's options, in their order.
    Several(Vec<usize>),
    /// What somebody wrote.
    Words(String),
}

/// The options that are marked: one bit for each, the first option's is the lowest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u32);

impl Marks {
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// With this option marked if it was not, and the other way round. There is no mark beyond the 32nd option.
    #[must_use]
    pub fn toggled(self, option: usize) -> Self {
        Self(self.0 ^ bit(option))
    }

    #[must_use]
    pub fn has(self, option: usize) -> bool {
        self.0 & bit(option) != 0
    }

    /// The marked options in their order.
    #[must_use]
    pub fn list(self) -> Vec<usize> {
        (0..32).filter(|option| self.has(*option)).collect()
    }
}

fn bit(option: usize) -> u32 {
    let place = u32::try_from(option).unwrap_or(u32::MAX);
    1_u32.checked_shl(place).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_press_takes_the_mark_away() {
        let marks = Marks::default().toggled(2).toggled(0);
        assert_eq!(marks.list(), [0, 2]);
        assert!(marks.has(2) && !marks.has(1));
        assert_eq!(marks.toggled(2).toggled(0), Marks::default());
        assert_eq!(marks.toggled(usize::MAX), marks);
        assert_eq!(Marks::from_bits(marks.bits()), marks);
    }

    #[test]
    fn a_choice_is_written_as_it_was_before_there_were_other_answers() {
        let written = |answer| serde_json::to_value(answer).unwrap();
        assert_eq!(
            written(GivenAnswer::Choice(1)),
            serde_json::json!({ "choice": 1 })
        );
        let several = GivenAnswer::Several(vec![0, 2]);
        assert_eq!(written(several), serde_json::json!({ "several": [0, 2] }));
    }
}

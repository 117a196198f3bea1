//! One line of the page: what was measured, against what, and whether that is good enough.

use anyhow::Context as _;
use anyhow::Result;

use crate::spread::Spread;

/// A measured figure and its target.
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) baseline: String,
    pub(crate) measured: String,
    /// Measured to baseline, where there is one.
    pub(crate) ratio: String,
    pub(crate) target: String,
    pub(crate) is_met: bool,
}

/// The ratio's median is what counts.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }

    pub(crate) fn text(self, unit: &str) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}{unit}"),
            Self::AtLeast(limit) => format!("≥ {limit}{unit}"),
        }
    }
}

impl Figure {
    /// A figure against a baseline; `rounds` holds the ratio of each round.
    pub(crate) fn relative(
        what: &str,
        (baseline, measured): (String, String),
        rounds: &[f64],
        target: Target,
    ) -> Result<Self> {
        let spread = Spread::of(rounds).with_context(|| format!("no round of: {what}"))?;
        Ok(Self {
            what: what.to_owned(),
            baseline,
            measured,
            ratio: ratio(spread),
            target: target.text("×"),
            is_met: target.is_met_by(spread.median),
        })
    }

    /// A figure that stands alone.
    pub(crate) fn alone(what: &str, value: f64, unit: &str, target: Target) -> Self {
        Self {
            what: what.to_owned(),
            baseline: String::new(),
            measured: format!("{}{unit}", short(value)),
            ratio: String::new(),
            target: target.text(unit),
            is_met: target.is_met_by(value),
        }
    }
}

/// A ratio and how far its rounds reach.
fn ratio(spread: Spread) -> String {
    let Spread {
        least,
        median,
        most,
    } = spread;
    format!("{median:.2}× ({least:.2}–{most:.2})")
}

/// Three digits that matter, more for large numbers.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> (String, String) {
        ("1 ms".to_owned(), "2 ms".to_owned())
    }

    #[test]
    fn the_median_of_the_rounds_decides() {
        for (rounds, target, met) in [
            ([1.0, 1.9, 9.0], Target::AtMost(2.0), true),
            ([1.0, 2.1, 2.2], Target::AtMost(2.0), false),
            ([0.1, 0.5, 0.6], Target::AtLeast(0.5), true),
            ([0.4, 0.4, 0.9], Target::AtLeast(0.5), false),
        ] {
            let figure = Figure::relative("a", texts(), &rounds, target).unwrap();
            assert_eq!(figure.is_met, met, "{rounds:?}");
        }
        assert!(Figure::relative("a", texts(), &[], Target::AtMost(1.0)).is_err());
    }

    #[test]
    fn numbers_are_short_and_still_exact_enough() {
        for (value, text) in [
            (1234.5, "1234"),
            (12.34, "12.3"),
            (1.234, "1.23"),
            (0.0123, "0.012"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}

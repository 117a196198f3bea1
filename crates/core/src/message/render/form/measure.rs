//! A measured value against its threshold.

use serde_json::Number;
use serde_json::Value;

use super::super::super::Draft;
use super::super::data::Unshown;
use super::Names;
use super::Piece;
use super::number::unit_of;
use super::number::with_unit;

/// A number and its unit, as far as it is known.
struct Reading {
    number: Number,
    unit: String,
}

/// `p95 latency 840 ms, threshold 500 ms (+68 %)`. Without a value nothing is said.
pub(super) fn measure(
    names: Names,
    metric: Names,
    unit: Names,
    threshold: Names,
    data: &mut Unshown<'_>,
) -> Option<Piece> {
    let mut value = data.take_named(names, reading)?;
    let mut limit = data.take_named(threshold, reading);
    let metric = data.take_text(metric).unwrap_or("Value");
    let (metric, unit_of_metric) = unit_of(metric).unwrap_or((metric, ""));
    let given = data.take_text(unit).unwrap_or(unit_of_metric);
    let borrowed = limit.as_ref().map(|limit| limit.unit.clone());
    value.know(&[given, &borrowed.unwrap_or_default()]);
    if let Some(limit) = &mut limit {
        limit.know(&[given, &value.unit]);
    }
    let text = format!("{} {}", metric.replace('_', " "), value.told());
    let text = match limit {
        Some(limit) => {
            let excess = excess(&value, &limit).unwrap_or_default();
            format!("{text}, threshold {}{excess}", limit.told())
        }
        None => text,
    };
    Some(Piece::line(Draft::new().plain(&text)))
}

impl Reading {
    /// Takes the first unit that is one, where it has none of its own.
    fn know(&mut self, units: &[&str]) {
        if self.unit.is_empty() {
            let unit = units.iter().find(|unit| !unit.is_empty());
            self.unit = unit.map(|unit| (*unit).to_owned()).unwrap_or_default();
        }
    }

    fn told(&self) -> String {
        with_unit(&self.number, &self.unit)
    }
}

/// `840`, `"840 ms"` or `"840ms"`.
fn reading(name: &str, value: &Value) -> Option<Reading> {
    let from_name = unit_of(name).map_or("", |(_, unit)| unit);
    match value {
        Value::Number(number) => Some(Reading {
            number: number.clone(),
            unit: from_name.to_owned(),
        }),
        Value::String(text) => {
            let text = text.trim();
            let end = text
                .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'))
                .unwrap_or(text.len());
            let (number, unit) = text.split_at_checked(end)?;
            let number = serde_json::from_str(number).ok()?;
            let unit = unit.trim();
            let unit = if unit.is_empty() { from_name } else { unit };
            Some(Reading {
                number,
                unit: unit.to_owned(),
            })
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// ` (+68 %)`: how far the value is from its threshold, where both count the same.
fn excess(value: &Reading, limit: &Reading) -> Option<String> {
    if value.unit != limit.unit {
        return None;
    }
    let (value, limit) = (value.number.as_f64()?, limit.number.as_f64()?);
    let share = 100.0 * (value - limit) / limit;
    (limit > 0.0 && share.is_finite() && share.abs() < 100_000.0)
        .then(|| format!(" ({share:+.0} %)"))
}

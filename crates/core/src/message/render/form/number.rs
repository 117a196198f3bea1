//! Forms of numbers: spans, quantities, counts.

use std::time::Duration;

use serde_json::Number;
use serde_json::Value;

use super::super::super::Draft;
use super::super::data::Unshown;
use super::super::data::scalar;
use super::Fact;
use super::Names;
use super::Piece;
use crate::time::span;

/// What the end of a field's name says about its unit. The longer ending stands first.
const UNITS: [(&str, &str); 16] = [
    ("_ms", "ms"),
    ("_millis", "ms"),
    ("_seconds", "s"),
    ("_secs", "s"),
    ("_s", "s"),
    ("_percent", "%"),
    ("_percentage", "%"),
    ("_pct", "%"),
    ("_bytes", "bytes"),
    ("_kb", "kB"),
    ("_mb", "MB"),
    ("_gb", "GB"),
    ("_rps", "/s"),
    ("_per_second", "/s"),
    ("_usd", "USD"),
    ("_celsius", "°C"),
];

/// The unit that a field's name ends with, and the name without it.
pub(super) fn unit_of(name: &str) -> Option<(&str, &'static str)> {
    let found = |(ending, unit): &(&str, &'static str)| Some((name.strip_suffix(ending)?, *unit));
    UNITS.iter().find_map(found)
}

/// At most two digits behind the point.
pub(super) fn short(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let text = format!("{float:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Some(_) | None => number.to_string(),
    }
}

/// `840 ms`, `87.5 %`, `1.2 MB`.
pub(super) fn with_unit(number: &Number, unit: &str) -> String {
    match (unit, number.as_f64()) {
        ("bytes", Some(bytes)) => size(bytes),
        ("", _) => short(number),
        _ => format!("{} {unit}", short(number)),
    }
}

fn size(bytes: f64) -> String {
    for (least, unit) in [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")] {
        if bytes >= least {
            return format!("{:.1} {unit}", bytes / least);
        }
    }
    format!("{bytes} bytes")
}

pub(super) fn duration(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let in_words = |name: &str, value: &Value| {
        let per_unit = match unit_of(name) {
            Some((_, "ms")) => 0.001,
            _ if name.ends_with("_minutes") => 60.0,
            _ if name.ends_with("_hours") => 3_600.0,
            _ => 1.0,
        };
        let seconds = value.as_f64()? * per_unit;
        Duration::try_from_secs_f64(seconds).ok().map(span)
    };
    let words = data.take_named(fact.names, in_words);
    let words = words.or_else(|| data.take_text(fact.names).map(str::to_owned))?;
    Some(Piece::labelled(fact.label, &words))
}

pub(super) fn quantity(fact: &Fact, unit: &str, data: &mut Unshown<'_>) -> Option<Piece> {
    let text = amount(fact.names, unit, data)?;
    Some(Piece::labelled(fact.label, &text))
}

pub(super) fn usage(parts: &[(&str, Names)], data: &mut Unshown<'_>) -> Option<Piece> {
    let amounts = parts
        .iter()
        .filter_map(|(word, names)| Some(format!("{word} {}", amount(names, "%", data)?)));
    let amounts = amounts.collect::<Vec<_>>().join(", ");
    (!amounts.is_empty()).then(|| Piece::line(Draft::new().plain(&amounts)))
}

/// A number with the unit that its name says, else with this one; a text as it is.
fn amount(names: Names, unit: &str, data: &mut Unshown<'_>) -> Option<String> {
    data.take_named(names, |name, value| match value {
        Value::Number(number) => {
            let unit = unit_of(name).map_or(unit, |(_, unit)| unit);
            Some(with_unit(number, unit))
        }
        Value::String(_) => scalar(value),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// A list is counted here and stands under the details.
pub(super) fn count(fact: &Fact, data: &mut Unshown<'_>) -> Option<Piece> {
    let number = |value: &Value| value.is_number().then(|| value.to_string());
    let length = |value: &Value| value.as_array().map(|list| list.len().to_string());
    let count = data
        .take(fact.names, number)
        .or_else(|| data.look(fact.names, length))?;
    Some(Piece::labelled(fact.label, &count))
}

pub(super) fn churn(fact: &Fact, removed: Names, data: &mut Unshown<'_>) -> Option<Piece> {
    let number = |value: &Value| value.as_u64().map(|number| number.to_string());
    let added = data.take(fact.names, number);
    let removed = data.take(removed, number);
    if added.is_none() && removed.is_none() {
        return None;
    }
    let zero = || "0".to_owned();
    let (added, removed) = (added.unwrap_or_else(zero), removed.unwrap_or_else(zero));
    let text = format!("{}: +{added} -{removed}", fact.label);
    Some(Piece::line(Draft::new().plain(&text)))
}

/// A total alone may count anything, so it stays a detail.
pub(super) fn tally(parts: &[(&str, Names)], data: &mut Unshown<'_>) -> Option<Piece> {
    let number = |value: &Value| value.is_number().then(|| value.to_string());
    let mut counts: Vec<String> = Vec::new();
    for (word, names) in parts {
        if *word == "total" && counts.is_empty() {
            continue;
        }
        let count = data.take(names, number);
        counts.extend(count.map(|count| format!("{count} {word}")));
    }
    (!counts.is_empty()).then(|| Piece::line(Draft::new().plain(&counts.join(", "))))
}

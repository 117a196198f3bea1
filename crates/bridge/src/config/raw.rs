//! Values as they were written, each with the place that won: environment, `.env`, `config.toml`, default.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::mistake::Mistake;
use super::mistake::Place;
use super::setting::Effect;
use super::setting::Setting;
use super::setting::Shape;

/// A value of the right shape and in range.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    Whole(u64),
    Number(f64),
}

/// A value and where it comes from.
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// All settings that were set, and everything that was wrong on the way.
#[derive(Default)]
pub(super) struct Raw {
    found: BTreeMap<&'static str, Found>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) warnings: Vec<String>,
}

impl Raw {
    /// Takes a value from a place that wins over all later ones.
    pub(super) fn offer(
        &mut self,
        setting: &'static Setting,
        key: &str,
        text: &str,
        place: &Place,
    ) {
        match read(setting.shape, text) {
            Ok(value) => self.keep(setting, value, place),
            Err(wanted) => {
                let remedy = format!("Write {wanted}, or remove it{}.", or_default(setting));
                self.mistake(place, key, format!("`{text}` is not {wanted}"), &remedy);
            }
        }
    }

    pub(super) fn keep(&mut self, setting: &'static Setting, value: Value, place: &Place) {
        self.found.entry(setting.name()).or_insert_with(|| Found {
            value,
            place: place.clone(),
        });
    }

    pub(super) fn mistake(
        &mut self,
        place: &Place,
        key: &str,
        what: impl AsRef<str>,
        remedy: &str,
    ) {
        self.mistakes.push(Mistake::new(place, key, what, remedy));
    }

    pub(super) fn found(&self, setting: &Setting) -> Option<&Found> {
        self.found.get(setting.name())
    }

    pub(super) fn place(&self, setting: &Setting) -> Place {
        self.found(setting)
            .map_or(Place::Environment, |found| found.place.clone())
    }

    /// The text that was set, else the default; `None` when there is neither.
    pub(super) fn text(&self, setting: &Setting) -> Option<String> {
        match self.value(setting) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn flag(&self, setting: &Setting) -> bool {
        matches!(self.value(setting), Some(Value::Flag(true)))
    }

    pub(super) fn whole(&self, setting: &Setting) -> u64 {
        match self.value(setting) {
            Some(Value::Whole(number)) => number,
            _ => 0,
        }
    }

    pub(super) fn number(&self, setting: &Setting) -> f64 {
        match self.value(setting) {
            Some(Value::Number(number)) => number,
            _ => 0.0,
        }
    }

    fn value(&self, setting: &Setting) -> Option<Value> {
        match self.found(setting) {
            Some(found) => Some(found.value.clone()),
            None if setting.default.is_empty() => None,
            None => read(setting.shape, setting.default).ok(),
        }
    }

    /// A sentence for each setting that was set and does nothing yet.
    pub(super) fn not_in_effect(&self, settings: &[&Setting]) -> Vec<String> {
        let sentence = |setting: &&Setting| {
            let Effect::NotYet(why) = setting.effect else {
                return None;
            };
            let Found { value, place } = self.found(setting)?;
            Some(format!(
                "{}={} ({place}): {why}",
                setting.name(),
                shown(value)
            ))
        };
        settings.iter().filter_map(sentence).collect()
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
    }
}

fn or_default(setting: &Setting) -> String {
    match setting.default {
        "" => String::new(),
        default => format!(" for the default, {default}"),
    }
}

/// Reads a value, or says what would be one.
pub(super) fn read(shape: Shape, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    let value = match shape {
        Shape::Text | Shape::Secret | Shape::Parts => Some(Value::Text(trimmed.to_owned())),
        Shape::Flag => flag(trimmed).map(Value::Flag),
        Shape::Whole { least, most } => {
            let number = trimmed
                .parse()
                .ok()
                .filter(|number| (least..=most).contains(number));
            number.map(Value::Whole)
        }
        Shape::Number { least, most } => {
            let number = trimmed
                .parse()
                .ok()
                .filter(|number| (least..=most).contains(number));
            number.map(Value::Number)
        }
        Shape::Addresses => addresses(trimmed).then(|| Value::Text(trimmed.to_owned())),
    };
    value.ok_or_else(|| wanted(shape))
}

pub(super) fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Text | Shape::Secret => "text".to_owned(),
        Shape::Parts => "text or a list of texts".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::Whole { least, most } => format!("a whole number from {least} to {most}"),
        Shape::Number { least, most } => format!("a number from {least} to {most}"),
        Shape::Addresses => {
            "a list of IP addresses, like [\"127.0.0.1\", \"10.0.0.0/8\"]".to_owned()
        }
    }
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// The list as `config.toml` shows it: `["127.0.0.1", "10.0.0.0/8"]`.
fn addresses(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        return false;
    };
    let entries = inner.split(',').map(|entry| entry.trim().trim_matches('"'));
    entries.filter(|entry| !entry.is_empty()).all(is_address)
}

fn is_address(entry: &str) -> bool {
    let (address, prefix) = entry
        .split_once('/')
        .map_or((entry, None), |(a, p)| (a, Some(p)));
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|length| length <= longest))
}

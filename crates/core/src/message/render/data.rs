//! The fields of `data` that nobody has shown yet.

use serde_json::Map;
use serde_json::Value;

/// What is left to be shown.
pub(super) struct Unshown<'a>(Vec<(&'a str, &'a Value)>);

impl<'a> Unshown<'a> {
    pub(super) fn of(data: &'a Map<String, Value>) -> Self {
        Self(
            data.iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
        )
    }

    /// Takes out the first of `names` that `read` can make sense of. What it cannot stays, so that nothing is lost.
    pub(super) fn take<T>(
        &mut self,
        names: &[&str],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.take_named(names, |_, value| read(value))
    }

    /// As [`Self::take`], where the name says something too, for example the unit.
    pub(super) fn take_named<T>(
        &mut self,
        names: &[&str],
        read: impl Fn(&str, &'a Value) -> Option<T>,
    ) -> Option<T> {
        for name in names {
            let place = self.0.iter().position(|(field, _)| field == name);
            let found = place.and_then(|place| Some((place, read(name, self.0.get(place)?.1)?)));
            if let Some((place, value)) = found {
                self.0.remove(place);
                return Some(value);
            }
        }
        None
    }

    /// As [`Self::take`], but the field is still to be shown.
    pub(super) fn look<T>(
        &self,
        names: &[&str],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let found = |name: &&str| {
            let (_, value) = self.0.iter().find(|(field, _)| field == name)?;
            read(value)
        };
        names.iter().find_map(found)
    }

    pub(super) fn take_text(&mut self, names: &[&str]) -> Option<&'a str> {
        self.take(names, |value| {
            value.as_str().filter(|text| !text.trim().is_empty())
        })
    }

    /// Everything that is still there.
    pub(super) fn rest(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.into_iter()
    }
}

/// Text that is not blank, a number, or true and false.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value on one line where it can be: text as it is, everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as JSON over several lines.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_read_stays() {
        let Value::Object(map) = json!({"url": 5, "link": "a", "note": " "}) else {
            panic!()
        };
        let mut data = Unshown::of(&map);
        assert_eq!(data.take_text(&["url", "link"]), Some("a"));
        assert_eq!(data.take_text(&["url", "link", "note"]), None);
        let rest: Vec<_> = data
            .rest()
            .map(|(name, value)| format!("{name}={}", plain(value)))
            .collect();
        assert_eq!(rest, ["note= ", "url=5"]);
    }
}

//! One line of the log, for people.

use serde_json::Map;
use serde_json::Value;

use super::Level;

/// A line as it was stored. One that is no log entry is kept as it stands.
pub(super) struct Entry<'a> {
    line: &'a str,
    fields: Option<Map<String, Value>>,
}

impl<'a> Entry<'a> {
    pub(super) fn read(line: &'a str) -> Self {
        let fields = match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => Some(fields),
            Ok(_) | Err(_) => None,
        };
        Self { line, fields }
    }

    /// What has no level cannot be left out for being harmless.
    pub(super) fn is_at_least(&self, level: Level) -> bool {
        self.level().is_none_or(|own| own <= level)
    }

    fn level(&self) -> Option<Level> {
        match self.text_of("level")? {
            "ERROR" => Some(Level::Error),
            "WARN" => Some(Level::Warn),
            "INFO" => Some(Level::Info),
            "DEBUG" => Some(Level::Debug),
            "TRACE" => Some(Level::Trace),
            _ => None,
        }
    }

    fn text_of(&self, name: &str) -> Option<&str> {
        self.fields.as_ref()?.get(name)?.as_str()
    }

    /// `2026-11-21T14:02:07.123456Z WARN the message name=value`, on one line.
    pub(super) fn text(&self) -> String {
        let Some(fields) = &self.fields else {
            return self.line.to_owned();
        };
        let named = |name| self.text_of(name).unwrap_or_default();
        let mut text = format!(
            "{} {:5} {}",
            named("timestamp"),
            named("level"),
            named("message")
        );
        for (name, value) in fields {
            if matches!(name.as_str(), "timestamp" | "level" | "message" | "target") {
                continue;
            }
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            text.extend([" ", name, "=", &value]);
        }
        text.replace('\n', " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"timestamp":"2026-11-21T14:02:07.1Z","level":"WARN","message":"no\nword","uid":7,"target":"x"}"#;

    #[test]
    fn an_entry_is_one_line_and_others_stay_as_they_are() {
        assert_eq!(
            Entry::read(LINE).text(),
            "2026-11-21T14:02:07.1Z WARN  no word uid=7"
        );
        assert_eq!(Entry::read("thread panicked").text(), "thread panicked");
    }

    #[test]
    fn the_level_chooses_and_what_has_none_is_shown() {
        assert!(Entry::read(LINE).is_at_least(Level::Warn));
        assert!(Entry::read(LINE).is_at_least(Level::Debug));
        assert!(!Entry::read(LINE).is_at_least(Level::Error));
        assert!(Entry::read("thread panicked").is_at_least(Level::Error));
    }
}

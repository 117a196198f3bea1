//! Takes secrets out of an event.

use serde_json::Map;
use serde_json::Value;

use super::Event;
use super::Kind;
use super::insert_beside;
use crate::message::redact::Tags;
use crate::message::redact::redact;
use crate::message::redact::redact_named;
use crate::message::redact::redact_tagged;

impl Event {
    /// The event with every secret masked, in keys and choices too. Its id stays: it is the event's address.
    #[must_use]
    pub fn redacted(self) -> Self {
        self.masked(None)
    }

    /// As [`Event::redacted`], with tags by which equal secrets can be told.
    #[must_use]
    pub fn redacted_tagged(self, tags: &Tags) -> Self {
        self.masked(Some(tags))
    }

    fn masked(self, tags: Option<&Tags>) -> Self {
        let text = |text: &str| redacted_text(text, tags);
        let optional = |given: Option<String>| given.map(|given| text(&given));
        Self {
            id: self.id,
            kind: Kind::from(text(self.kind.name())),
            title: text(&self.title),
            description: optional(self.description),
            source: optional(self.source),
            timestamp: optional(self.timestamp),
            task_id: optional(self.task_id),
            project: optional(self.project),
            correlation_id: optional(self.correlation_id),
            parent_event_id: optional(self.parent_event_id),
            data: redacted_map(self.data, tags),
            options: self.options.iter().map(|option| text(option)).collect(),
            // Their names were cleaned when they were taken.
            attachments: self.attachments,
        }
    }
}

fn redacted_text(text: &str, tags: Option<&Tags>) -> String {
    match tags {
        Some(tags) => redact_tagged(text, tags),
        None => redact(text),
    }
}

fn redacted_map(map: Map<String, Value>, tags: Option<&Tags>) -> Map<String, Value> {
    let mut masked = Map::new();
    for (key, value) in map {
        let value = redacted_value(&key, value, tags);
        insert_beside(&mut masked, redacted_text(&key, tags), value);
    }
    masked
}

/// `name` is the key that leads to the value: what stands under `password` is one, whatever it looks like.
fn redacted_value(name: &str, value: Value, tags: Option<&Tags>) -> Value {
    match value {
        Value::String(text) => Value::String(redact_named(name, &text, tags)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| redacted_value(name, item, tags))
            .collect::<Vec<_>>()
            .into(),
        Value::Object(map) => Value::Object(redacted_map(map, tags)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use cctelegram_crypto::MacKey;
    use serde_json::json;

    use super::super::sample;
    use super::*;

    fn key(tail: &str) -> String {
        format!("AKIA{tail}")
    }

    #[test]
    fn security_no_field_keeps_a_secret() {
        let secret = key("IOSFODNN7EXAMPLE");
        let text = || Some(secret.clone());
        let data = json!({"a": [{"b": secret}], secret.clone(): 1});
        let event = Event {
            kind: secret.as_str().into(),
            description: text(),
            source: text(),
            timestamp: text(),
            task_id: text(),
            project: text(),
            correlation_id: text(),
            parent_event_id: text(),
            options: vec![secret.clone(), format!("Use {secret}")],
            ..sample("custom_event", &secret, data)
        };
        let masked = serde_json::to_string(&event.redacted()).unwrap();
        assert!(!masked.contains("IOSFODNN"), "{masked}");
        assert_eq!(
            masked.matches("[redacted: aws access key]").count(),
            13,
            "{masked}"
        );
    }

    #[test]
    fn security_what_stands_under_a_telling_name_is_masked() {
        let data = json!({"password": "swordfish", "nested": {"api_key": ["plain", "words"]}, "tokens": 12});
        let masked = sample("custom_event", "Login", data).redacted();
        let expected = json!({
            "password": "[redacted: password]",
            "nested": {"api_key": ["[redacted: secret]", "[redacted: secret]"]},
            "tokens": 12,
        });
        assert_eq!(Value::Object(masked.data), expected);
    }

    #[test]
    fn security_equal_secrets_have_equal_tags_and_others_have_others() {
        let tags = |key: &[u8]| Tags::new(MacKey::from_bytes(key));
        let (one, two) = (key("IOSFODNN7EXAMPL1"), key("IOSFODNN7EXAMPL2"));
        let data = json!({"password": one, "a": one, "b": [two, "plain"], "c": "$KEY"});
        let event = sample(
            "custom_event",
            &format!("https://me:{one}@local {two}"),
            data,
        );
        let tagged = event.clone().redacted_tagged(&tags(b"one bridge"));
        let tag = |text: &str| text.rsplit(' ').next().unwrap().to_owned();
        let value = |pointer: &str| {
            let data = Value::Object(tagged.data.clone());
            data.pointer(pointer).unwrap().as_str().unwrap().to_owned()
        };
        let (first, second) = (tag(&value("/a")), tag(&value("/b/0")));
        assert_eq!(first.len(), "0a1b2c]".len());
        assert_ne!(first, second);
        assert_eq!(value("/password"), format!("[redacted: password {first}"));
        assert!(tagged.title.contains(&first) && tagged.title.ends_with(&second));
        assert_eq!(
            (value("/b/1"), value("/c")),
            ("plain".to_owned(), "$KEY".to_owned())
        );
        assert_eq!(tagged.clone().redacted_tagged(&tags(b"one bridge")), tagged);
        assert_eq!(
            tagged.clone().redacted(),
            tagged,
            "rendering changes nothing"
        );
        assert_ne!(
            event.redacted_tagged(&tags(b"another")),
            tagged,
            "the tag says nothing without the key"
        );
    }

    #[test]
    fn keys_that_look_alike_once_masked_are_all_kept() {
        let data = json!({key("IOSFODNN7EXAMPL1"): 1, key("IOSFODNN7EXAMPL2"): 2, key("IOSFODNN7EXAMPL3"): 3});
        let masked = sample("custom_event", "Keys", data).redacted();
        let mut values: Vec<i64> = masked.data.values().filter_map(Value::as_i64).collect();
        values.sort_unstable();
        assert_eq!(values, [1, 2, 3]);
    }

    #[test]
    fn an_event_without_secrets_stays_as_it_is() {
        let event = sample(
            "git_commit",
            "Commit",
            json!({"sha": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}),
        );
        assert_eq!(event.clone().redacted(), event);
    }
}

//! The digest that binds a decision to exactly what was asked.

use cctelegram_crypto::Digest;
use serde_json::Map;
use serde_json::Value;

use super::Attachment;
use super::Event;

impl Event {
    /// SHA-256 of the whole event as it came, before anything is masked: JSON with sorted keys and no white space.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut json = String::new();
        write_canonical(&Value::Object(self.fields()), &mut json);
        Digest::of(json.as_bytes())
    }

    fn fields(&self) -> Map<String, Value> {
        let texts = [
            ("id", Some(self.id.as_str())),
            ("type", Some(self.kind.name())),
            ("title", Some(self.title.as_str())),
            ("description", self.description.as_deref()),
            ("source", self.source.as_deref()),
            ("timestamp", self.timestamp.as_deref()),
            ("task_id", self.task_id.as_deref()),
            ("project", self.project.as_deref()),
            ("correlation_id", self.correlation_id.as_deref()),
            ("parent_event_id", self.parent_event_id.as_deref()),
        ];
        let present = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?)));
        let mut fields: Map<String, Value> = present
            .map(|(name, text)| (name.to_owned(), Value::from(text)))
            .collect();
        fields.insert("data".to_owned(), Value::Object(self.data.clone()));
        fields.insert("options".to_owned(), Value::from(self.options.clone()));
        if !self.attachments.is_empty() {
            let files = self.attachments.iter().map(Attachment::identity).collect();
            fields.insert("attachments".to_owned(), files);
        }
        fields
    }
}

/// Sorts the keys itself: whether a map keeps them sorted depends on a feature that any crate may switch on.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                write_canonical(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (index, (key, item)) in entries.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(item, out);
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::sample;
    use super::*;

    #[test]
    fn the_form_is_json_with_sorted_keys() {
        let cases = [
            (
                json!({"b": 1, "a": {"d": [], "c": {}}}),
                r#"{"a":{"c":{},"d":[]},"b":1}"#,
            ),
            (
                json!([null, true, 1.5, "a\"\u{0}"]),
                r#"[null,true,1.5,"a\"\u0000"]"#,
            ),
            (
                json!({"é": -0.0, "": 18_446_744_073_709_551_615_u64}),
                r#"{"":18446744073709551615,"é":-0.0}"#,
            ),
        ];
        for (value, expected) in cases {
            let mut out = String::new();
            write_canonical(&value, &mut out);
            assert_eq!(out, expected);
            assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), value);
        }
    }

    #[test]
    fn security_every_field_counts() {
        let event = || {
            sample(
                "approval_request",
                "Deploy",
                json!({"command": "make deploy"}),
            )
        };
        let text = || Some("Deploy".to_owned());
        let changed = [
            Event {
                id: "other".parse().unwrap(),
                ..event()
            },
            Event {
                kind: "custom_event".into(),
                ..event()
            },
            Event {
                title: "Deploy ".to_owned(),
                ..event()
            },
            Event {
                description: text(),
                ..event()
            },
            Event {
                source: text(),
                ..event()
            },
            Event {
                timestamp: text(),
                ..event()
            },
            Event {
                task_id: text(),
                ..event()
            },
            Event {
                project: text(),
                ..event()
            },
            Event {
                correlation_id: text(),
                ..event()
            },
            Event {
                parent_event_id: text(),
                ..event()
            },
            Event {
                options: vec!["Deny".to_owned(), "Approve".to_owned()],
                ..event()
            },
            sample(
                "approval_request",
                "Deploy",
                json!({"command": "make  deploy"}),
            ),
            event(),
        ];
        let mut digests: Vec<String> = changed.iter().map(|event| event.digest().hex()).collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), changed.len());
    }

    #[test]
    fn security_secrets_count_although_they_are_masked() {
        let with = |password: &str| {
            sample(
                "approval_request",
                "Login",
                json!({"command": format!("login password={password}")}),
            )
        };
        let (one, two) = (with("c0rrect-horse"), with("b4ttery-staple"));
        assert_eq!(one.clone().redacted(), two.clone().redacted());
        assert_ne!(one.digest(), two.digest());
    }

    proptest! {
        #[test]
        fn it_survives_storage(title in ".*", key in ".*", text in ".*", number: i64) {
            let event = sample("custom_event", &title, json!({key: text, "n": number}));
            let stored = serde_json::to_string(&event).unwrap();
            let loaded: Event = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(loaded.digest(), event.digest());
        }
    }
}

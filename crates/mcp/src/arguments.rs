//! What a client hands to a tool, read once into types; what is wrong is said with the field that it is in.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::access::NotReached;

/// Text that says something.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = r"\S"))]
pub(crate) struct Words(String);

impl Words {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Words {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.trim().is_empty() {
            Err("is empty: write some text")
        } else {
            Ok(Self(text))
        }
    }
}

/// Why a tool did not do what it was asked to: what is wrong, then what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    /// A field cannot be used as it is.
    pub(crate) fn field(name: &str, reason: &str) -> Self {
        Self(format!("{name}: {reason}"))
    }

    /// The bridge speaks of a field of the event; the tool's own field has another name.
    pub(crate) fn renamed(error: NotReached, of_event: &str, own: &str) -> Self {
        match &error {
            NotReached::Refused(problem) if problem.field.as_deref() == Some(of_event) => {
                Self(problem.message.replacen(of_event, own, 1))
            }
            NotReached::NoBridge(_)
            | NotReached::Untrusted(_)
            | NotReached::Refused(_)
            | NotReached::Broken(_) => error.into(),
        }
    }
}

impl From<NotReached> for Failed {
    fn from(error: NotReached) -> Self {
        Self(error.to_string())
    }
}

/// Reads the arguments of a tool.
pub(crate) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Failed> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        let what = error.into_inner().to_string();
        if path == "." {
            Failed(what)
        } else {
            Failed::field(&path, &what)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Sample {
        title: Words,
        options: Option<Vec<Words>>,
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        for (arguments, told) in [
            (json!({}), "missing field `title`"),
            (json!({"title": 5}), "title: invalid type: integer `5`"),
            (json!({"title": " "}), "title: is empty"),
            (
                json!({"title": "a", "options": ["a", ""]}),
                "options[1]: is empty",
            ),
            (
                json!({"title": "a", "tilte": "b"}),
                "tilte: unknown field `tilte`",
            ),
        ] {
            let Value::Object(object) = arguments else {
                panic!("an object")
            };
            let Failed(text) = read::<Sample>(object).unwrap_err();
            assert!(text.starts_with(told), "{text}");
        }
    }
}

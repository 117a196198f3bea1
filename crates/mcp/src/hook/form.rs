//! The forms of MCP's elicitation: a flat object of texts, numbers and choices (MCP 2025-11-25, “Requested Schema”).

use jiff::civil::Date;
use serde_json::Number;
use serde_json::Value;
use serde_json::json;

use super::telling::is_telling;

/// A form that is understood whole.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ElicitedForm {
    pub(super) fields: Vec<FormField>,
}

/// One field of a form.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct FormField {
    pub(super) name: String,
    title: Option<String>,
    description: Option<String>,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    kind: FieldKind,
}

#[derive(Clone, PartialEq, Debug)]
enum FieldKind {
    /// Value and label.
    Choice(Vec<(Value, String)>),
    Text {
        least: usize,
        most: usize,
        format: Option<Format>,
    },
    Number {
        whole: bool,
        least: f64,
        most: f64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Email,
    Uri,
    Date,
    DateTime,
}

/// Nobody fills in more than this on a phone.
const MOST_FIELDS: usize = 6;

impl ElicitedForm {
    /// Reads the schema of a form; nothing if any of it is not understood.
    pub(super) fn read(schema: &Value) -> Option<Self> {
        let required: Vec<&str> = match schema.get("required") {
            None | Some(Value::Null) => Vec::new(),
            Some(names) => names
                .as_array()?
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()?,
        };
        let is_object = schema.get("type").is_none_or(|kind| kind == "object");
        let mut keys = schema.as_object()?.keys();
        let properties = schema.get("properties")?.as_object()?;
        if !is_object
            || keys.any(|key| !KNOWN_OF_FORMS.contains(&key.as_str()))
            || required.iter().any(|name| !properties.contains_key(*name))
        {
            return None;
        }
        let fields = properties.iter();
        let fields: Vec<FormField> = fields
            .map(|(name, field)| FormField::read(name, field, required.contains(&name.as_str())))
            .collect::<Option<_>>()?;
        (1..=MOST_FIELDS)
            .contains(&fields.len())
            .then_some(Self { fields })
    }

    /// Does the form, or whoever asks for it, speak of a secret? In doubt it does.
    pub(super) fn is_secret(&self, message: &str) -> bool {
        let of_field = |field: &FormField| {
            let texts = [
                Some(&field.name),
                field.title.as_ref(),
                field.description.as_ref(),
            ];
            let choices = field.choices().iter();
            let mut choices = choices.flat_map(|(value, label)| [value.as_str(), Some(label)]);
            texts.into_iter().flatten().any(|text| is_telling(text))
                || choices.any(|text| text.is_some_and(is_telling))
        };
        is_telling(message) || self.fields.iter().any(of_field)
    }
}

impl FormField {
    fn read(name: &str, field: &Value, required: bool) -> Option<Self> {
        let text = |name: &str| field.get(name).and_then(Value::as_str).map(str::to_owned);
        if field
            .as_object()?
            .keys()
            .any(|key| !KNOWN.contains(&key.as_str()))
        {
            return None;
        }
        let kind = FieldKind::read(field)?;
        let read = Self {
            name: name.to_owned(),
            title: text("title"),
            description: text("description"),
            required,
            default: None,
            kind,
        };
        // A default that would not do as an answer is none.
        let default = field.get("default").filter(|value| read.fits(value));
        Some(Self {
            default: default.cloned(),
            ..read
        })
    }

    pub(super) fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// The values that may be chosen, with their labels.
    pub(super) fn choices(&self) -> &[(Value, String)] {
        match &self.kind {
            FieldKind::Choice(choices) => choices,
            FieldKind::Text { .. } | FieldKind::Number { .. } => &[],
        }
    }

    /// What is asked for, and what an answer has to be like.
    pub(super) fn explained(&self) -> String {
        let mut text = format!("{}: {}", self.title(), self.kind.wanted());
        if let Some(description) = &self.description {
            text.push('\n');
            text.push_str(description);
        }
        if let Some(default) = &self.default {
            text.push_str("\nDefault: ");
            text.push_str(&plain(default));
        }
        text
    }

    /// Reads what somebody wrote; the error says what would do.
    pub(super) fn take(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let value = match &self.kind {
            FieldKind::Choice(choices) => {
                let chosen = choices.iter().find(|(value, label)| {
                    label.eq_ignore_ascii_case(text) || value.as_str() == Some(text)
                });
                chosen.map(|(value, _)| value.clone())
            }
            FieldKind::Text { .. } => Some(json!(text)),
            FieldKind::Number { whole: true, .. } => text.parse::<i64>().ok().map(Value::from),
            FieldKind::Number { whole: false, .. } => {
                let number = text.parse::<f64>().ok().and_then(Number::from_f64);
                number.map(Value::Number)
            }
        };
        value
            .filter(|value| self.fits(value))
            .ok_or_else(|| format!("expected {}.", self.kind.wanted()))
    }

    fn fits(&self, value: &Value) -> bool {
        match &self.kind {
            FieldKind::Choice(choices) => choices.iter().any(|(choice, _)| choice == value),
            FieldKind::Text {
                least,
                most,
                format,
            } => value.as_str().is_some_and(|text| {
                (*least..=*most).contains(&text.chars().count())
                    && format.is_none_or(|format| format.fits(text))
            }),
            FieldKind::Number { whole, least, most } => {
                let fits = |number: f64| (*least..=*most).contains(&number);
                let is_whole = value.is_i64() || value.is_u64();
                (is_whole || !whole) && value.as_f64().is_some_and(fits)
            }
        }
    }
}

impl FieldKind {
    fn read(field: &Value) -> Option<Self> {
        let number = |name: &str, otherwise: f64| match field.get(name) {
            None | Some(Value::Null) => Some(otherwise),
            Some(limit) => limit.as_f64(),
        };
        let count = |name: &str, otherwise: usize| match field.get(name) {
            None | Some(Value::Null) => Some(otherwise),
            Some(limit) => usize::try_from(limit.as_u64()?).ok(),
        };
        Some(match field.get("type")?.as_str()? {
            "boolean" => Self::Choice(vec![
                (json!(true), "Yes".to_owned()),
                (json!(false), "No".to_owned()),
            ]),
            "string" if ["enum", "oneOf"].iter().any(|key| field.get(key).is_some()) => {
                Self::Choice(choices(field)?)
            }
            "string" => Self::Text {
                least: count("minLength", 0)?.max(1),
                most: count("maxLength", LONGEST_TEXT)?,
                format: match field.get("format") {
                    None | Some(Value::Null) => None,
                    Some(format) => Some(Format::named(format.as_str()?)?),
                },
            },
            kind @ ("integer" | "number") => Self::Number {
                whole: kind == "integer",
                least: number("minimum", f64::NEG_INFINITY)?,
                most: number("maximum", f64::INFINITY)?,
            },
            _ => return None,
        })
    }

    fn wanted(&self) -> String {
        match self {
            Self::Choice(choices) => {
                let labels: Vec<&str> = choices.iter().map(|(_, label)| label.as_str()).collect();
                format!("one of {}", labels.join(", "))
            }
            Self::Text {
                least,
                most,
                format,
            } => {
                let what = format.map_or("a text", Format::wanted);
                match (*least, *most) {
                    (1, LONGEST_TEXT) => what.to_owned(),
                    (least, LONGEST_TEXT) => format!("{what} of {least} characters at least"),
                    (least, most) => format!("{what} of {least} to {most} characters"),
                }
            }
            Self::Number { whole, least, most } => {
                let what = if *whole { "a whole number" } else { "a number" };
                match (least.is_finite(), most.is_finite()) {
                    (false, false) => what.to_owned(),
                    (true, false) => format!("{what} from {least} on"),
                    (false, true) => format!("{what} up to {most}"),
                    (true, true) => format!("{what} from {least} to {most}"),
                }
            }
        }
    }
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "email" => Self::Email,
            "uri" => Self::Uri,
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            _ => return None,
        })
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Email => "an email address",
            Self::Uri => "an address like https://example.org/",
            Self::Date => "a date like 2026-01-31",
            Self::DateTime => "a time like 2026-01-31T12:00:00Z",
        }
    }

    fn fits(self, text: &str) -> bool {
        let spaceless = !text.contains(char::is_whitespace);
        match self {
            Self::Email => text.split_once('@').is_some_and(|(name, host)| {
                spaceless && !name.is_empty() && !host.is_empty() && !host.contains('@')
            }),
            Self::Uri => text.split_once(':').is_some_and(|(scheme, rest)| {
                let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
                spaceless && begins && scheme.chars().all(of_scheme) && !rest.is_empty()
            }),
            Self::Date => text.len() == 10 && text.parse::<Date>().is_ok(),
            Self::DateTime => text.parse::<jiff::Timestamp>().is_ok(),
        }
    }
}

/// The choices of a text field that has some: `enum`, with `enumNames` perhaps, or `oneOf` with titles.
fn choices(field: &Value) -> Option<Vec<(Value, String)>> {
    let names = field.get("enumNames").and_then(Value::as_array);
    let choice = |(place, one): (usize, &Value)| {
        let value = one.get("const").unwrap_or(one).as_str()?;
        let name = one
            .get("title")
            .or_else(|| names.and_then(|names| names.get(place)));
        let label = name.and_then(Value::as_str).unwrap_or(value);
        Some((json!(value), label.to_owned()))
    };
    let listed = field.get("oneOf").or_else(|| field.get("enum"))?;
    let choices: Option<Vec<_>> = listed.as_array()?.iter().enumerate().map(choice).collect();
    choices.filter(|choices| !choices.is_empty())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// What a field may say of itself; another keyword might forbid what is allowed here.
const KNOWN: [&str; 13] = [
    "type",
    "title",
    "description",
    "default",
    "enum",
    "enumNames",
    "oneOf",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "$comment",
];

/// What a form may say of itself.
const KNOWN_OF_FORMS: [&str; 7] = [
    "type",
    "properties",
    "required",
    "title",
    "description",
    "$schema",
    "additionalProperties",
];

/// A message of Telegram's has no more characters.
const LONGEST_TEXT: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn form(properties: Value) -> Option<ElicitedForm> {
        ElicitedForm::read(&json!({ "type": "object", "properties": properties }))
    }

    fn field(field: Value) -> FormField {
        form(json!({ "x": field })).unwrap().fields.remove(0)
    }

    #[test]
    fn what_is_written_has_to_fit_the_schema() {
        let whole = field(json!({ "type": "integer", "minimum": 1, "maximum": 9, "default": 2 }));
        assert_eq!(whole.take(" 3 "), Ok(json!(3)));
        assert_eq!(whole.default, Some(json!(2)));
        for wrong in ["0", "10", "3.5", "three", ""] {
            let told = whole.take(wrong).unwrap_err();
            assert_eq!(told, "expected a whole number from 1 to 9.", "{wrong}");
        }
        let number = field(json!({ "type": "number", "default": "two" }));
        assert_eq!(number.take("2.5"), Ok(json!(2.5)));
        assert!(number.take("NaN").is_err() && number.take("inf").is_err());
        assert_eq!(number.default, None);
        let text = field(json!({ "type": "string", "minLength": 2, "maxLength": 3 }));
        assert_eq!(text.take("äb"), Ok(json!("äb")));
        assert_eq!(
            text.take("a").unwrap_err(),
            "expected a text of 2 to 3 characters."
        );
        let formats = [
            ("email", "a@example.org", "a@"),
            ("uri", "https://example.org/", "example"),
            ("date", "2026-02-28", "2026-02-30"),
            ("date-time", "2026-02-28T12:00:00Z", "noon"),
        ];
        for (format, right, wrong) in formats {
            let field = field(json!({ "type": "string", "format": format }));
            assert_eq!(field.take(right), Ok(json!(right)));
            assert!(field.take(wrong).is_err(), "{wrong}");
        }
        let choice =
            field(json!({ "type": "string", "oneOf": [{ "const": "r", "title": "Red" }] }));
        assert_eq!(choice.choices(), [(json!("r"), "Red".to_owned())]);
        assert_eq!(choice.take("red"), Ok(json!("r")));
        assert!(choice.take("blue").is_err());
        let yes = field(json!({ "type": "boolean" }));
        assert_eq!(yes.choices().len(), 2);
    }

    #[test]
    fn what_is_not_understood_is_no_form() {
        for properties in [
            json!({}),
            json!({ "x": { "type": "array", "items": { "type": "string" } } }),
            json!({ "x": { "type": "object" } }),
            json!({ "x": { "type": "string", "pattern": "^a" } }),
            json!({ "x": { "type": "string", "format": "hostname" } }),
            json!({ "x": { "type": "string", "enum": [] } }),
            json!({ "x": { "type": "string", "enum": [1] } }),
            json!({ "x": { "type": "integer", "minimum": "one" } }),
            json!({ "x": "text" }),
        ] {
            assert_eq!(form(properties.clone()), None, "{properties}");
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": "T",
            "description": "D", "additionalProperties": false, "required": ["x"],
            "properties": { "x": { "type": "string" } },
        });
        assert!(ElicitedForm::read(&whole).unwrap().fields[0].required);
        for (key, value) in [
            ("type", json!("array")),
            ("required", json!(["x", "y"])),
            ("required", json!("x")),
            ("allOf", json!([])),
            ("minProperties", json!(2)),
        ] {
            let mut other = whole.clone();
            other[key] = value;
            assert_eq!(ElicitedForm::read(&other), None, "{other}");
        }
    }

    #[test]
    fn security_what_speaks_of_a_secret_is_known() {
        let secret = |message: &str, name: &str, more: Value| {
            let mut field = json!({ "type": "string" });
            if let (Some(field), Value::Object(more)) = (field.as_object_mut(), more) {
                field.extend(more);
            }
            let form = form(json!({ name: field })).unwrap();
            form.is_secret(message)
        };
        for name in [
            "password",
            "dbPassword",
            "api_key",
            "apiKey",
            "API-Key",
            "accessToken",
            "otp",
            "code",
            "verification code",
            "PIN",
            "clientSecret",
            "pass word",
            "cardNumber",
            "OTPCode",
            "PINCode",
            "MFACode",
            "pincode",
            "authcode",
            "securitycode",
            "otp2",
            "your authenticator",
            "Seed phrase",
            "recovery phrase",
        ] {
            assert!(secret("Please", name, json!({})), "{name}");
        }
        assert!(secret("Enter your API key", "value", json!({})));
        assert!(secret(
            "Please",
            "value",
            json!({ "title": "Your password" })
        ));
        assert!(secret(
            "Please",
            "value",
            json!({ "description": "The secret of the app" })
        ));
        for choices in [
            json!({ "enum": ["red", "the password"] }),
            json!({ "enum": ["a", "b"], "enumNames": ["Text", "PIN"] }),
            json!({ "oneOf": [{ "const": "otp", "title": "Once" }] }),
        ] {
            assert!(secret("Please", "value", choices.clone()), "{choices}");
        }
        for name in [
            "colour",
            "monkey",
            "count",
            "postal_address",
            "keyboard",
            "encoding",
            "decode",
            "opinion",
            "spin",
            "HTTPServer",
        ] {
            assert!(!secret("Which one?", name, json!({})), "{name}");
        }
    }
}

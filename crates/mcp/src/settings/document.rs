//! A JSON document that is changed where it has to be and nowhere else.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstArray;
use jsonc_parser::cst::CstInputValue;
use jsonc_parser::cst::CstNode;
use jsonc_parser::cst::CstObject;
use jsonc_parser::cst::CstObjectProp;
use jsonc_parser::cst::CstRootNode;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::UnfitSettings;

/// A document whose outermost value is an object.
pub(super) struct JsonText {
    root: CstRootNode,
    pub(super) object: CstObject,
}

impl JsonText {
    /// Takes JSON and nothing beyond it; nothing at all is an empty object.
    pub(super) fn read(text: &str) -> Result<Self, UnfitSettings> {
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        serde_json::from_str::<IgnoredAny>(text).map_err(UnfitSettings::NotJson)?;
        let outermost = || UnfitSettings::Shape {
            name: "the outermost value".to_owned(),
            wanted: "object",
        };
        let root = CstRootNode::parse(text, &ParseOptions::default()).map_err(|_| outermost())?;
        let object = root.object_value().ok_or_else(outermost)?;
        Ok(Self { root, object })
    }

    pub(super) fn text(&self) -> String {
        self.root.to_string()
    }
}

/// The property, which must not be there twice: readers differ in which one counts.
pub(super) fn property(
    object: &CstObject,
    name: &str,
) -> Result<Option<CstObjectProp>, UnfitSettings> {
    let mut named = object
        .properties()
        .into_iter()
        .filter(|property| property.decoded_name().as_deref() == Some(name));
    let first = named.next();
    match named.next() {
        Some(_) => Err(UnfitSettings::Twice(name.to_owned())),
        None => Ok(first),
    }
}

pub(super) fn object(object: &CstObject, name: &str) -> Result<Option<CstObject>, UnfitSettings> {
    let wrong = || shape(name, "object");
    property(object, name)?
        .map(|property| property.object_value().ok_or_else(wrong))
        .transpose()
}

/// The object of this name, which is added where there is none.
pub(super) fn object_or_new(of: &CstObject, name: &str) -> Result<CstObject, UnfitSettings> {
    if let Some(found) = object(of, name)? {
        return Ok(found);
    }
    let added = of.append(name, CstInputValue::Object(Vec::new()));
    added.object_value().ok_or_else(|| shape(name, "object"))
}

pub(super) fn array(object: &CstObject, name: &str) -> Result<Option<CstArray>, UnfitSettings> {
    let wrong = || shape(name, "list");
    property(object, name)?
        .map(|property| property.array_value().ok_or_else(wrong))
        .transpose()
}

/// Takes the property out if nothing is left in it.
pub(super) fn drop_if_empty(object: &CstObject, name: &str) -> Result<(), UnfitSettings> {
    let Some(property) = property(object, name)? else {
        return Ok(());
    };
    let is_empty = property
        .value()
        .is_some_and(|value| value.children_exclude_trivia_and_tokens().is_empty());
    if is_empty {
        property.remove();
    }
    Ok(())
}

/// Adds the texts that are missing from a list.
pub(super) fn put_in(of: &CstObject, name: &str, texts: &[String]) -> Result<(), UnfitSettings> {
    let Some(list) = array(of, name)? else {
        let added = of.append(name, strings(texts));
        // One to a line, so that each can be read and taken out.
        if let Some(list) = added.array_value() {
            list.ensure_multiline();
        }
        return Ok(());
    };
    let there: Vec<String> = list.elements().iter().filter_map(text_of).collect();
    for text in texts.iter().filter(|text| !there.contains(text)) {
        list.append(CstInputValue::String(text.clone()));
    }
    Ok(())
}

/// Takes these texts out of a list, and the list with the last of them.
pub(super) fn take_out(of: &CstObject, name: &str, texts: &[String]) -> Result<(), UnfitSettings> {
    let Some(list) = array(of, name)? else {
        return Ok(());
    };
    let elements = list.elements().into_iter();
    let mine: Vec<CstNode> = elements
        .filter(|element| text_of(element).is_some_and(|text| texts.contains(&text)))
        .collect();
    if mine.is_empty() {
        return Ok(());
    }
    for element in mine {
        element.remove();
    }
    drop_if_empty(of, name)
}

pub(super) fn strings(texts: &[String]) -> CstInputValue {
    CstInputValue::Array(texts.iter().cloned().map(CstInputValue::String).collect())
}

/// The value that this will be once it is written.
pub(super) fn value_of(input: &CstInputValue) -> Value {
    match input {
        CstInputValue::Null => Value::Null,
        CstInputValue::Bool(flag) => Value::Bool(*flag),
        CstInputValue::Number(digits) => serde_json::from_str(digits).unwrap_or_default(),
        CstInputValue::String(text) => Value::String(text.clone()),
        CstInputValue::Array(items) => items.iter().map(value_of).collect(),
        CstInputValue::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), value_of(value)))
                .collect()
        }
    }
}

fn text_of(node: &CstNode) -> Option<String> {
    node.as_string_lit()?.decoded_value().ok()
}

fn shape(name: &str, wanted: &'static str) -> UnfitSettings {
    UnfitSettings::Shape {
        name: name.to_owned(),
        wanted,
    }
}

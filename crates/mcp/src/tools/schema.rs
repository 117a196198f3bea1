//! The JSON Schemas of arguments and results, in the narrow form that all models' providers take: no references, one type
//! in each place, no formats of numbers.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use serde_json::json;

/// What a tool takes. A field that may be left out is told as one that need not be there.
pub(super) fn of_arguments<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12();
    Arc::new(narrowed::<T>(settings, |kind| json!({ "type": kind })))
}

/// What a tool gives. A field without a value is there, and null.
pub(super) fn of_result<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    Arc::new(narrowed::<T>(
        settings,
        |kind| json!({ "anyOf": [{ "type": kind }, { "type": "null" }] }),
    ))
}

fn narrowed<T: JsonSchema>(settings: SchemaSettings, nullable: fn(&Value) -> Value) -> JsonObject {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    for name in ["$schema", "title", "description"] {
        schema.remove(name);
    }
    let mut schema = schema.to_value();
    narrow(&mut schema, nullable);
    match schema {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            JsonObject::new()
        }
    }
}

fn narrow(schema: &mut Value, nullable: fn(&Value) -> Value) {
    match schema {
        Value::Object(object) => {
            if object.get("format").is_some_and(Value::is_string) {
                object.remove("format");
            }
            let kind = object.get("type").and_then(Value::as_array);
            let kind = kind.and_then(|kinds| kinds.iter().find(|kind| *kind != "null"));
            if let Some(Value::Object(instead)) = kind.map(nullable) {
                object.remove("type");
                object.extend(instead);
            }
            object
                .values_mut()
                .for_each(|inner| narrow(inner, nullable));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| narrow(inner, nullable)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::Serialize;

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Sample {
        /// How many.
        count: Option<u64>,
        inner: Inner,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Inner {
        name: String,
    }

    #[test]
    fn each_place_has_one_type() {
        let inner = json!({
            "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"],
        });
        let arguments = Value::Object((*of_arguments::<Sample>()).clone());
        assert_eq!(
            arguments["properties"],
            json!({
                "count": { "description": "How many.", "type": "integer", "minimum": 0 },
                "inner": inner,
            })
        );
        assert_eq!(arguments["required"], json!(["inner"]));
        let result = of_result::<Sample>();
        let either = json!([{ "type": "integer" }, { "type": "null" }]);
        assert_eq!(result["properties"]["count"]["anyOf"], either);
        assert_eq!(result["properties"]["count"].get("type"), None);
    }
}

//! JSON schemas of types and shapes.

use concord_lang::shape::{Field, Shape};
use concord_lang::{Base, FieldType, Type};
use serde_json::{Map, Value, json};

/// What a type of the rules looks like.
pub(super) fn of_type(ty: &Type) -> Value {
    let schema = match &ty.base {
        Base::Any | Base::Hole(_) => return json!({}),
        Base::Nothing if !ty.null => return json!({}), // an item of a list that is empty
        Base::Nothing => return json!({ "type": "null" }),
        Base::Bool => json!({ "type": "boolean" }),
        Base::Number => json!({ "type": "number" }),
        Base::Text => json!({ "type": "string" }),
        Base::Id(_) => id(),
        Base::OneOf(texts) => {
            json!({ "type": "string", "enum": texts.iter().map(|text| &**text).collect::<Vec<&str>>() })
        }
        Base::List(item) => json!({ "type": "array", "items": of_type(item) }),
        Base::Map(value) => json!({ "type": "object", "additionalProperties": of_type(value) }),
        Base::Object(fields) => {
            let field = |field: &FieldType| (field.name.to_string(), of_type(&field.ty), !field.optional);
            object(fields.iter().map(field))
        }
    };
    if ty.null { or_null(schema) } else { schema }
}

/// What a shape of a concept looks like.
pub(super) fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Id(_) => id(),
        Shape::Text => json!({ "type": "string" }),
        Shape::Number => json!({ "type": "number" }),
        Shape::Time => json!({ "type": "integer", "description": "milliseconds since 1970" }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::OneOf(texts) => json!({ "type": "string", "enum": texts }),
        Shape::List(item) => json!({ "type": "array", "items": of_shape(item) }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": of_shape(value) }),
        Shape::Object(fields) => {
            let field = |field: &Field| (field.name.clone(), of_shape(&field.shape), !field.optional);
            object(fields.iter().map(field))
        }
        Shape::Nullable(inner) => or_null(of_shape(inner)),
        Shape::Again(name) => json!({ "description": format!("{name} once more") }),
        Shape::Any => json!({}),
    }
}

/// Names, schemas, and whether they have to be there.
pub(super) fn object(fields: impl Iterator<Item = (String, Value, bool)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema, is_required) in fields {
        if is_required {
            required.push(Value::String(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema
}

pub(super) fn or_null(mut schema: Value) -> Value {
    let Some(kind) = schema.get("type").and_then(Value::as_str).map(str::to_owned) else { return schema };
    if let Some(texts) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        texts.push(Value::Null);
    }
    schema["type"] = json!([kind, "null"]);
    schema
}

/// Ids are short texts without control characters.
fn id() -> Value {
    let pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$";
    json!({ "type": "string", "minLength": 1, "maxLength": concord::MAX_ID_BYTES, "pattern": pattern })
}

/// `CreateSession` as people write it: `Create session`.
pub(super) fn words(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same as a name in JSON: `createSession`.
pub(super) fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

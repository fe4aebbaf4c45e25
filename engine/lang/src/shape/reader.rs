//! From a schema to its shape.
//!
//! A schema can say the same thing in many ways; this is the one place that knows them. What it reads are the schemas of
//! our own types, so a form that none of them has ends as [`Shape::Any`].

use serde_json::{Map, Value};

use super::{Field, Shape};

type Definitions = Map<String, Value>;

/// Reads a schema, with the definitions that it may refer to.
pub(super) fn read(schema: &Value, definitions: &Definitions) -> Shape {
    Reader { definitions, open: Vec::new() }.schema(schema)
}

struct Reader<'a> {
    definitions: &'a Definitions,
    /// The definitions that are being read: one of them within itself would have no end.
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn schema(&mut self, schema: &'a Value) -> Shape {
        let Some(object) = schema.as_object() else { return Shape::Any };
        if let Some(target) = object.get("$ref").and_then(Value::as_str) {
            return self.definition(target);
        }
        if let Some(values) = object.get("enum").and_then(Value::as_array) {
            return texts(values);
        }
        if let Some(value) = object.get("const") {
            return texts(std::slice::from_ref(value));
        }
        if let Some(variants) = ["anyOf", "oneOf"].iter().find_map(|key| object.get(*key)?.as_array()) {
            return self.union(variants);
        }
        match object.get("type") {
            Some(Value::String(name)) => self.typed(name, object),
            Some(Value::Array(names)) => {
                let nullable = names.iter().any(|name| name == "null");
                let mut others = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                match (others.next(), others.next()) {
                    (Some(name), None) => or_null(self.typed(name, object), nullable),
                    _ => Shape::Any,
                }
            }
            _ => Shape::Any,
        }
    }

    fn definition(&mut self, target: &'a str) -> Shape {
        let name = target.rsplit('/').next().unwrap_or_default();
        if self.open.contains(&name) {
            return Shape::Again(name.to_owned());
        }
        let Some(schema) = self.definitions.get(name) else { return Shape::Any };
        self.open.push(name);
        let shape = self.schema(schema);
        self.open.pop();
        shape
    }

    fn typed(&mut self, name: &str, schema: &'a Map<String, Value>) -> Shape {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        match (name, text("format")) {
            ("string", Some("id")) => Shape::Id(text("x-entity").unwrap_or_default().to_owned()),
            ("string", _) => Shape::Text,
            ("integer", Some("unix-ms")) => Shape::Time,
            ("integer" | "number", _) => Shape::Number,
            ("boolean", _) => Shape::Boolean,
            ("array", _) => {
                let items = schema.get("items").map_or(Shape::Any, |items| self.schema(items));
                Shape::List(Box::new(items))
            }
            ("object", _) => self.object(schema),
            ("null", _) => Shape::Object(Vec::new()), // `()`, which goes over the wire as an object without fields
            _ => Shape::Any,
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>) -> Shape {
        let object = |key: &str| schema.get(key).and_then(Value::as_object);
        let Some(properties) = object("properties") else {
            // Keys that are numbers are a pattern. What refuses unknown keys has none: `additionalProperties: false`.
            let by_pattern = object("patternProperties").and_then(|patterns| patterns.values().next());
            let rest = schema.get("additionalProperties").filter(|rest| **rest != false);
            return match by_pattern.or(rest) {
                Some(value) => Shape::Map(Box::new(self.schema(value))),
                None => Shape::Object(Vec::new()),
            };
        };
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        let field = |(name, schema): (&'a String, &'a Value)| Field {
            name: name.clone(),
            shape: self.schema(schema),
            optional: !is_required(name),
        };
        Shape::Object(properties.iter().map(field).collect())
    }

    /// Variants with a null among them are nullable; variants that are all texts are one enum, which is how a schema has
    /// variants some of which are documented.
    fn union(&mut self, variants: &'a [Value]) -> Shape {
        let (nulls, rest): (Vec<_>, Vec<_>) = variants.iter().partition(|schema| schema["type"] == "null");
        let shapes: Vec<Shape> = rest.into_iter().map(|schema| self.schema(schema)).collect();
        let shape = match <[Shape; 1]>::try_from(shapes) {
            Ok([only]) => only,
            Err(shapes) => merged(shapes),
        };
        or_null(shape, !nulls.is_empty())
    }
}

/// One enum of several.
fn merged(shapes: Vec<Shape>) -> Shape {
    let mut all = Vec::new();
    for shape in shapes {
        let Shape::OneOf(texts) = shape else { return Shape::Any };
        all.extend(texts);
    }
    if all.is_empty() { Shape::Any } else { Shape::OneOf(all) }
}

/// An enum's values, if all of them are texts; a null among them makes it nullable.
fn texts(values: &[Value]) -> Shape {
    let (nulls, rest): (Vec<_>, Vec<_>) = values.iter().partition(|value| value.is_null());
    let texts: Option<Vec<String>> = rest.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    or_null(texts.map_or(Shape::Any, Shape::OneOf), !nulls.is_empty())
}

fn or_null(shape: Shape, nullable: bool) -> Shape {
    match shape {
        Shape::Any | Shape::Nullable(_) => shape,
        _ if nullable => Shape::Nullable(Box::new(shape)),
        _ => shape,
    }
}

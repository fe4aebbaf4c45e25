//! JSON schemas, as documents need them.
//!
//! A schema can say the same thing in many ways; this is the one place that knows them. What it reads are the schemas of
//! our own types, so a form that none of them has ends as [`Shape::Any`].

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// An id, of what.
    Id(String),
    /// Text.
    Text,
    /// A number.
    Number,
    /// A point in time, in milliseconds.
    Time,
    /// True or false.
    Boolean,
    /// One of these texts.
    OneOf(Vec<String>),
    /// A list.
    List(Box<Self>),
    /// An object, its fields in the order of the source.
    Object(Vec<Field>),
    /// This, or null.
    Nullable(Box<Self>),
    /// Anything.
    Any,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it may be left out.
    pub optional: bool,
}

impl Shape {
    /// The shape that a schema function describes.
    pub fn of(schema: fn(&mut SchemaGenerator) -> Schema) -> Self {
        let mut generator = SchemaGenerator::default();
        let schema = schema(&mut generator);
        let definitions = generator.take_definitions(true);
        Self::read(schema.as_value(), &definitions)
    }

    fn read(schema: &Value, definitions: &Map<String, Value>) -> Self {
        let Some(object) = schema.as_object() else { return Self::Any };
        if let Some(target) = object.get("$ref").and_then(Value::as_str) {
            let name = target.rsplit('/').next().unwrap_or_default();
            return definitions.get(name).map_or(Self::Any, |schema| Self::read(schema, definitions));
        }
        if let Some(texts) = object.get("enum").and_then(Value::as_array) {
            return Self::OneOf(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect());
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(variants) = object.get(key).and_then(Value::as_array) {
                return Self::union(variants, definitions);
            }
        }
        match object.get("type") {
            Some(Value::String(name)) => Self::named(name, object, definitions),
            Some(Value::Array(names)) => {
                let other = names.iter().filter_map(Value::as_str).find(|name| *name != "null");
                let shape = other.map_or(Self::Any, |name| Self::named(name, object, definitions));
                Self::Nullable(Box::new(shape))
            }
            _ => Self::Any,
        }
    }

    fn named(name: &str, schema: &Map<String, Value>, definitions: &Map<String, Value>) -> Self {
        let format = schema.get("format").and_then(Value::as_str);
        match (name, format) {
            ("string", Some("id")) => {
                let entity = schema.get("x-entity").and_then(Value::as_str).unwrap_or_default();
                Self::Id(entity.to_owned())
            }
            ("string", _) => Self::Text,
            ("integer", Some("unix-ms")) => Self::Time,
            ("integer" | "number", _) => Self::Number,
            ("boolean", _) => Self::Boolean,
            ("array", _) => {
                let items = schema.get("items").map_or(Self::Any, |items| Self::read(items, definitions));
                Self::List(Box::new(items))
            }
            ("object", _) => Self::object(schema, definitions),
            ("null", _) => Self::Object(Vec::new()),
            _ => Self::Any,
        }
    }

    fn object(schema: &Map<String, Value>, definitions: &Map<String, Value>) -> Self {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let field = |(name, schema): (&String, &Value)| Field {
            name: name.clone(),
            shape: Self::read(schema, definitions),
            optional: !required.contains(&name.as_str()),
        };
        Self::Object(fields.map(field).collect())
    }

    /// Variants with a null among them are nullable; variants that are all texts are an enum.
    fn union(variants: &[Value], definitions: &Map<String, Value>) -> Self {
        let is_null = |schema: &&Value| schema["type"] == "null";
        let rest: Vec<&Value> = variants.iter().filter(|schema| !is_null(schema)).collect();
        let texts: Option<Vec<String>> =
            rest.iter().map(|schema| schema["const"].as_str().map(str::to_owned)).collect();
        let shape = match (&rest[..], texts) {
            (_, Some(texts)) => Self::OneOf(texts),
            ([only], None) => Self::read(only, definitions),
            (_, None) => Self::Any,
        };
        if rest.len() < variants.len() { Self::Nullable(Box::new(shape)) } else { shape }
    }

    /// The fields, if this is an object.
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }
}

//! Values: what variables of syncs hold, and what actions are given and give back when a sync does them.
//!
//! JSON, made cheap to copy: a frame of variables is copied for every row of a query, so whatever is larger than a word
//! is shared. Whole numbers are kept apart from others, as ids of 64 bits and times must not lose digits. Typed data is
//! made from a value and turned into one without a text in between.

mod json;
mod name;
mod of_json;
mod reading;
mod text;
mod to_json;
mod writing;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use self::json::Json;
pub use self::name::Name;
pub use self::text::Text;
pub(crate) use self::writing::to_value;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A value.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number: a count, a time or a duration in milliseconds.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(Text),
    /// A list.
    List(Arc<[Value]>),
    /// An object; its fields keep their order.
    Object(Arc<[(Name, Value)]>),
}

/// Bytes that sharing takes: two counters.
const SHARED: usize = 2 * size_of::<usize>();

/// What a field that is not there is.
static NULL: Value = Value::Null;

impl Value {
    /// Text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// Neither null nor false.
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The field of this name; null if there is none, or this is no object.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.get(name).clone()
    }

    /// The same, to be looked at.
    pub fn get(&self, name: &str) -> &Self {
        match self {
            Self::Object(fields) => {
                fields.iter().find(|(key, _)| **key == *name).map_or(&NULL, |(_, value)| value)
            }
            _ => &NULL,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[expect(
        clippy::cast_precision_loss,
        reason = "whole numbers beyond 2^53 are compared as such, not here"
    )]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// A number, as a whole one where nothing is lost.
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    pub fn number(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
        if number.fract() == 0.0 && number.abs() <= EXACT {
            Self::Int(number as i64)
        } else if number.is_finite() {
            Self::Float(number)
        } else {
            Self::Null
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "what does not fit 63 bits is no id and no time")]
    fn unsigned(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Float(number as f64), Self::Int)
    }

    /// Bytes that it holds on to, roughly. What is shared counts wherever it is held.
    pub fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 0,
            Self::Text(text) => text.weight() + SHARED,
            Self::List(items) => {
                items.iter().map(|item| size_of::<Self>() + item.weight()).sum::<usize>() + SHARED
            }
            Self::Object(fields) => {
                let field = |(_, value): &(Name, Self)| size_of::<(Name, Self)>() + value.weight();
                fields.iter().map(field).sum::<usize>() + SHARED
            }
        }
    }

    /// What kind of value it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// JSON text, as bytes.
    pub fn to_text(&self) -> Bytes {
        let mut text = Vec::with_capacity(self.json_size());
        self.write_json(&mut text);
        text.into()
    }

    /// JSON text.
    pub fn to_json(&self) -> String {
        let mut text = Vec::with_capacity(self.json_size());
        self.write_json(&mut text);
        String::from_utf8(text).unwrap_or_default() // of texts and ASCII, so it is one
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| b.iter().any(|(other, theirs)| other == key && theirs == value))
            }
            (Self::Int(_) | Self::Float(_), Self::Int(_) | Self::Float(_)) => {
                self.as_number() == other.as_number()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(key, value)| map.serialize_entry(&**key, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::unsigned(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Name, Value)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            fields.push(entry);
        }
        Ok(Value::Object(fields.into()))
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::number(number.as_f64().unwrap_or_default()),
            },
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(fields) => Self::Object(
                fields.into_iter().map(|(key, value)| (Name::shared(key), value.into())).collect(),
            ),
        }
    }
}

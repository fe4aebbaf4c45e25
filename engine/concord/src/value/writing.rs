//! From typed data to values.
//!
//! The same as writing JSON text and reading that, without the text; the names of a type's fields cost nothing. What has
//! no form but the text (raw texts) is refused: whoever writes falls back on the text.

use std::fmt::Display;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Name, Value};

type Error = serde::de::value::Error;

/// The value that the JSON text of this would be read as.
pub(crate) fn to_value<T: Serialize + ?Sized>(data: &T) -> Result<Value, Error> {
    data.serialize(Writer)
}

struct Writer;

/// A list, of a variant if it has a name.
struct List {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

/// An object, of a variant if it has a name.
struct Object {
    variant: Option<&'static str>,
    fields: Vec<(Name, Value)>,
    /// The key whose value comes next.
    key: Option<Name>,
}

impl List {
    fn new(variant: Option<&'static str>, length: usize) -> Self {
        Self { variant, items: Vec::with_capacity(length) }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.items.push(item.serialize(Writer)?);
        Ok(())
    }

    fn done(self) -> Value {
        of_variant(self.variant, Value::List(self.items.into()))
    }
}

impl Object {
    fn new(variant: Option<&'static str>, length: usize) -> Self {
        Self { variant, fields: Vec::with_capacity(length), key: None }
    }

    fn push<T: Serialize + ?Sized>(&mut self, name: Name, value: &T) -> Result<(), Error> {
        self.fields.push((name, value.serialize(Writer)?));
        Ok(())
    }

    fn done(self) -> Value {
        of_variant(self.variant, Value::Object(self.fields.into()))
    }
}

/// What a variant holds stands in an object, under the variant's name.
fn of_variant(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Object([(Name::Fixed(variant), value)].into()),
        None => value,
    }
}

fn shown(data: &(impl Display + ?Sized)) -> Value {
    Value::text(data.to_string())
}

impl Serializer for Writer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Object;
    type SerializeStruct = Object;
    type SerializeStructVariant = Object;

    fn serialize_bool(self, value: bool) -> Result<Value, Error> {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, number: i8) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_i16(self, number: i16) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_i32(self, number: i32) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_i64(self, number: i64) -> Result<Value, Error> {
        Ok(Value::Int(number))
    }

    fn serialize_u8(self, number: u8) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_u16(self, number: u16) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_u32(self, number: u32) -> Result<Value, Error> {
        Ok(Value::Int(number.into()))
    }

    fn serialize_u64(self, number: u64) -> Result<Value, Error> {
        Ok(Value::unsigned(number))
    }

    fn serialize_f32(self, number: f32) -> Result<Value, Error> {
        // As many digits as the text would have.
        Ok(number.to_string().parse().map_or(Value::Null, Value::number))
    }

    fn serialize_f64(self, number: f64) -> Result<Value, Error> {
        Ok(Value::number(number))
    }

    fn serialize_char(self, letter: char) -> Result<Value, Error> {
        Ok(shown(&letter))
    }

    fn serialize_str(self, text: &str) -> Result<Value, Error> {
        Ok(Value::text(text))
    }

    fn collect_str<T: Display + ?Sized>(self, data: &T) -> Result<Value, Error> {
        Ok(shown(data))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Error> {
        Ok(Value::List(bytes.iter().map(|byte| Value::Int(i64::from(*byte))).collect()))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, data: &T) -> Result<Value, Error> {
        data.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        Ok(Value::text(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        data: &T,
    ) -> Result<Value, Error> {
        data.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        data: &T,
    ) -> Result<Value, Error> {
        Ok(of_variant(Some(variant), data.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Error> {
        Ok(List::new(None, length.unwrap_or_default()))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Error> {
        Ok(List::new(None, length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, Error> {
        Ok(List::new(None, length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List, Error> {
        Ok(List::new(Some(variant), length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Object, Error> {
        Ok(Object::new(None, length.unwrap_or_default()))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Object, Error> {
        // No type of Rust is called so: what it holds is JSON text already.
        if name.starts_with('$') {
            return Err(Error::custom("a raw text is written as it is"));
        }
        Ok(Object::new(None, length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Object, Error> {
        Ok(Object::new(Some(variant), length))
    }
}

/// A list by each of the names that serde has for it.
macro_rules! lists {
    ($($kind:ident $add:ident;)*) => {$(
        impl $kind for List {
            type Ok = Value;
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
                self.push(item)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.done())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// An object by both of the names that serde has for one with fixed fields.
macro_rules! objects {
    ($($kind:ident)*) => {$(
        impl $kind for Object {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, data: &T) -> Result<(), Error> {
                self.push(Name::Fixed(name), data)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.done())
            }
        }
    )*};
}

objects! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Object {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(match key.serialize(Writer)? {
            Value::Text(text) => Name::Shared(text.share()),
            // Numbers and truths are written as texts where they are keys.
            key @ (Value::Int(_) | Value::Float(_) | Value::Bool(_)) => Name::shared(key.to_json()),
            Value::Null | Value::List(_) | Value::Object(_) => {
                return Err(Error::custom("a key must be a text"));
            }
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().ok_or_else(|| Error::custom("a value without a key"))?;
        self.push(key, value)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.done())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Id, Millis};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Row {
        owner_id: Id<()>,
        at: Millis,
        size: u64,
        share: f32,
        style: Style,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        tags: BTreeMap<String, Vec<(i32, bool)>>,
        rest: serde_json::Value,
        nothing: (),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Style {
        Plain,
        Of(i8),
        Pair(i8, i8),
        Named { size: i8 },
    }

    fn row(style: Style) -> Row {
        Row {
            owner_id: "ada".parse().unwrap(),
            at: Millis(-5),
            size: 7,
            share: 0.1,
            style,
            name: None,
            tags: BTreeMap::from([("x".into(), vec![(-1, true)])]),
            rest: serde_json::json!({ "a": [1, 2.5, null, "x"], "b": {} }),
            nothing: (),
        }
    }

    #[test]
    fn a_value_is_what_its_text_would_be_read_as() {
        for style in [Style::Plain, Style::Of(1), Style::Pair(1, 2), Style::Named { size: 3 }] {
            let row = row(style);
            let text = serde_json::to_string(&row).unwrap();
            let value = to_value(&row).unwrap();
            assert_eq!(value, serde_json::from_str(&text).unwrap());
            assert_eq!(value.to_json(), text);
        }
        assert_eq!(to_value(&f64::NAN).unwrap(), Value::Null);
        assert_eq!(to_value(&2.0).unwrap(), Value::Int(2));
        assert_eq!(to_value(&u64::MAX).unwrap(), serde_json::from_str(&u64::MAX.to_string()).unwrap());
    }

    #[test]
    fn typed_data_is_read_from_a_value_as_from_its_text() {
        let row = row(Style::Plain);
        let value = to_value(&row).unwrap();
        assert_eq!(Row::deserialize(&value).unwrap(), row);
        let wrong = to_value(&serde_json::json!({ "owner": 1 })).unwrap();
        assert!(Row::deserialize(&wrong).unwrap_err().to_string().contains("unknown field `owner`"));
        assert!(Row::deserialize(&Value::text("ada")).is_err());
    }

    #[test]
    fn a_raw_text_is_left_to_the_text() {
        let raw = serde_json::value::RawValue::from_string("[1]".into()).unwrap();
        assert!(to_value(&raw).is_err());
    }
}

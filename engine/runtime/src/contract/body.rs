//! A body's fields: those that a route names, and no values of the rest.
//!
//! The rest is read all the same, as what is no JSON is refused wherever it stands.

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal, Value};
use concord_lang::plan::RouteField;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::Head;

/// What a body has for each of these fields, in their order. Nothing, if there is no body.
pub(super) fn read(head: &Head, body: &Bytes, fields: &[RouteField]) -> Result<Vec<Option<Value>>, Refusal> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let said = head.header("content-type").unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = "the body must be JSON, and say so: content-type: application/json";
        return Err(Refusal::new(Kind::Invalid, "UNSUPPORTED_TYPE", message));
    }
    let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !is_object && let Ok(other) = serde_json::from_slice::<Value>(body) {
        let message = format!("the body must be a JSON object, not {}", other.kind());
        return Err(Refusal::new(Kind::Invalid, INVALID_REQUEST, message));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = json.deserialize_map(Named(fields)).and_then(|found| json.end().map(|()| found));
    read.map_err(|error| {
        Refusal::new(Kind::Invalid, INVALID_REQUEST, format!("the body is not JSON: {error}"))
    })
}

/// Reads an object into the values of these fields.
struct Named<'f>(&'f [RouteField]);

impl<'de> Visitor<'de> for Named<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self(fields) = self;
        let mut found = vec![None; fields.len()];
        while let Some(place) = map.next_key_seed(Place(fields))? {
            let value: Value = map.next_value()?;
            // Of two of one name the first counts.
            if let Some(none @ None) = place.and_then(|place| found.get_mut(place)) {
                *none = Some(value);
            }
        }
        Ok(found)
    }
}

/// Reads a key as the place of the field that is called so, if one is.
struct Place<'f>(&'f [RouteField]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let Self(fields) = self;
        Ok(fields.iter().position(|field| *field.name == *name))
    }
}

#[cfg(test)]
mod tests {
    use concord_lang::Type;

    use super::*;

    fn read_as(text: &'static str) -> Result<String, String> {
        let field =
            |name: &str| RouteField { name: name.into(), ty: Type::ANY, optional: true, secret: false };
        let fields = [field("host"), field("size")];
        let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
        let head = Head { headers, ..Head::default() };
        let found = read(&head, &Bytes::from_static(text.as_bytes()), &fields);
        let shown = |value: &Option<Value>| value.as_ref().map_or("-".into(), Value::to_json);
        let found = found.map_err(|refusal| refusal.message.to_string())?;
        Ok(found.iter().map(shown).collect::<Vec<String>>().join(" "))
    }

    #[test]
    fn named_fields_are_found_and_the_first_of_a_name_counts() {
        assert_eq!(
            read_as(r#"{"size":[1,{"a":null}],"x":{"host":1},"ho\u0073t":"ada"}"#).unwrap(),
            r#""ada" [1,{"a":null}]"#
        );
        assert_eq!(read_as(r#" {"host":null,"host":"ada"} "#).unwrap(), "null -");
        assert_eq!(read_as("").unwrap(), "");
    }

    #[test]
    fn what_is_no_json_is_refused_wherever_it_stands() {
        for text in
            [r#"{"x":1e999}"#, r#"{"x":"\ud800"}"#, r#"{"x":[}"#, r#"{"host":1} {}"#, r#"{"host":1"#, "nul"]
        {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(read_as(text).unwrap_err(), format!("the body is not JSON: {error}"));
        }
        assert_eq!(read_as("[1]").unwrap_err(), "the body must be a JSON object, not a list");
    }
}

//! The plain code that the macros' output calls. Not for use by hand, and free to change.
#![doc(hidden)]

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
pub use {schemars, serde, serde_json};

use crate::concept::{Output, Running};
use crate::error::{ConceptError, Refusal};
pub use crate::input::{Form, Given};
use crate::spec::BoxError;
use crate::state::State;
use crate::value::{Json, Name, Value, to_value};

/// What an action returns, or a row of a query: it has a JSON form and a schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form on the wire",
    note = "put `#[derive(Data)]` on it"
)]
pub trait Wire: Serialize + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> Wire for T {}

/// The result of an action as JSON; `()` is an object without fields.
pub fn action<T: Wire, E: ConceptError>(result: Result<T, E>, form: Form) -> Result<Output, Refusal> {
    json(&result?, form)
}

/// The result of a query that gives one row.
pub fn one<T: Wire, E: ConceptError>(result: Result<T, E>, form: Form) -> Result<Output, Refusal> {
    json(&[result?], form)
}

/// The result of a query that gives a list of rows or an optional one.
pub fn rows<R: IntoIterator<Item: Wire>, E: ConceptError>(
    result: Result<R, E>,
    form: Form,
) -> Result<Output, Refusal> {
    json(&Vec::from_iter(result?), form)
}

fn json<T: Serialize>(data: &T, form: Form) -> Result<Output, Refusal> {
    if form == Form::Value
        && let Ok(value) = to_value(data)
    {
        return Ok(if value.is_null() { Json::empty() } else { Json::Value(value) });
    }
    let mut out = Vec::with_capacity(64);
    serde_json::to_writer(&mut out, data).map_err(Refusal::internal)?;
    Ok(if out == b"null" { Json::from_static("{}") } else { Json::Text(out.into()) })
}

/// What a concept answers when it is asked for an action that it does not have.
pub fn no_such_action<'a>() -> Running<'a> {
    Box::pin(async { Err(Refusal::internal("there is no action at this place")) })
}

/// The named fields of an error, those that turn into JSON.
pub fn details<const N: usize>(
    fields: [(&str, Result<serde_json::Value, serde_json::Error>); N],
) -> Option<serde_json::Map<String, serde_json::Value>> {
    Some(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.ok()?))).collect())
}

/// The schema of a `T`.
pub fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The schema of a result or a row.
pub fn output<T: Wire>(generator: &mut SchemaGenerator) -> Schema {
    schema::<T>(generator)
}

/// The keys of a document, read from its JSON text.
pub fn keys<T: State>(body: &[u8]) -> Result<Vec<Box<[u8]>>, BoxError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let doc: T = serde_path_to_error::deserialize(&mut json)?;
    Ok(crate::collection::keys(&doc))
}

/// The low `N` hexadecimal digits of a number. Ids are made for every call, and formatting takes its time.
pub fn hex<const N: usize>(number: u128) -> [u8; N] {
    // Whole bytes first, all of them alike: the compiler does many at a time.
    let mut digits = [[0; 2]; 16];
    for (pair, byte) in digits.iter_mut().zip(number.to_be_bytes()) {
        *pair = [byte >> 4, byte & 0xF].map(|half| half + if half < 10 { b'0' } else { b'a' - 10 });
    }
    std::array::from_fn(|place| digits.as_flattened()[32 - N + place])
}

/// What stands in a record for a secret.
pub const SECRET: &str = "(secret)";

/// Writes a secret as a record has it.
pub fn redacted<T, S: Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(SECRET)
}

/// The fields as a record may keep them, if one of them is secret.
pub fn masked(fields: &[(Name, Value)], secret: impl Fn(&str) -> bool) -> Option<Vec<(Name, Value)>> {
    fields.iter().any(|(name, _)| secret(name)).then(|| {
        let shown = |(name, value): &(Name, Value)| {
            let shown = if secret(name) && !value.is_null() { Value::text(SECRET) } else { value.clone() };
            (name.clone(), shown)
        };
        fields.iter().map(shown).collect()
    })
}

/// An index key from anything that serializes as text: enums.
pub fn text_key(value: &impl Serialize) -> crate::storage::Scalar {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => crate::storage::Scalar::Text(text.into()),
        Ok(other) => crate::storage::Scalar::Text(other.to_string().into()),
        Err(_) => crate::storage::Scalar::Null,
    }
}

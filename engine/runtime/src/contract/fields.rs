//! A request's fields: where they come from, and whether they are what the route's syncs take them for.

use concord::rt::masked;
use concord::{INVALID_REQUEST, Kind, Name, Refusal, Value};
use concord_lang::Base;
use concord_lang::plan::{Route, RouteField};

use super::body;
use super::form::{self, Form};
use super::router::decoded;
use super::{Admission, Content, Head};

/// The fields of a request, checked; and the same as a record may keep them.
pub(super) struct Fields {
    pub(super) whole: Vec<(Name, Value)>,
    /// None if there is nothing secret among them.
    pub(super) kept: Option<Vec<(Name, Value)>>,
}

/// What a request brought, as fields are found in it.
enum Brought<'a> {
    /// What the body has for each of the route's fields.
    Json(Vec<Option<Value>>),
    Form(&'a Form),
}

/// Gathers the fields that the route's syncs name, after `own`. Where names meet, the engine's own win (`file` among them),
/// then what `admit` bound, the path, the body and the query.
pub(super) fn gather<const OWN: usize>(
    own: [(Name, Value); OWN],
    admission: &Admission,
    route: &Route,
    content: &Content,
) -> Result<Fields, Refusal> {
    let mut brought = match content {
        Content::Body(body) => Brought::Json(body::read(&admission.head, body, &route.fields)?),
        Content::Form(form) => Brought::Form(form),
    };
    let mut whole: Vec<(Name, Value)> =
        Vec::with_capacity(OWN + route.given.len() + admission.bound.len() + route.fields.len());
    whole.extend(own);
    for name in &route.given {
        let value = match &**name {
            "headers" => headers(&admission.head),
            "ip" => Value::text(&*admission.head.ip),
            _ => continue,
        };
        whole.push((name.into(), value));
    }
    if !route.files.is_empty() {
        let form = match &brought {
            Brought::Json(_) => None,
            Brought::Form(form) => Some(*form),
        };
        whole.extend(form::files(route, form)?);
    }
    whole.extend(admission.bound.iter().filter(|(_, value)| !value.is_null()).cloned());
    for (place, field) in route.fields.iter().enumerate() {
        let value = find(admission, field, place, &mut brought)?;
        if let Some(fault) = fault(field, &value) {
            return Err(invalid(&field.name, fault));
        }
        if !value.is_null() {
            whole.push(((&field.name).into(), value));
        }
    }
    let secret = |name: &str| route.fields.iter().any(|field| field.secret && *field.name == *name);
    let kept = kept(&whole, secret);
    Ok(Fields { whole, kept })
}

/// The fields as a record may keep them, if that is not as they are: without what is secret, and without the headers by
/// which clients say who they are.
pub(crate) fn kept(fields: &[(Name, Value)], secret: impl Fn(&str) -> bool) -> Option<Vec<(Name, Value)>> {
    let mut kept = masked(fields, secret);
    let headers = fields.iter().position(|(name, _)| **name == *"headers");
    if let Some(at) = headers
        && let Value::Object(headers) = &fields[at].1
        && let Some(shown) = masked(headers, is_credential)
    {
        kept.get_or_insert_with(|| fields.to_vec())[at].1 = Value::Object(shown.into());
    }
    kept
}

/// Whether a header is one of those, by its name: each contract may have its own, and a name that says nothing cannot be
/// told apart.
fn is_credential(header: &str) -> bool {
    const WORDS: [&str; 7] = ["auth", "cookie", "token", "secret", "password", "session", "key"];
    WORDS.iter().any(|word| header.contains(word))
}

/// All headers, as an object.
pub(crate) fn headers(head: &Head) -> Value {
    Value::Object(
        head.headers.iter().map(|(name, value)| (Name::shared(&**name), Value::text(&**value))).collect(),
    )
}

pub(crate) fn fault(field: &RouteField, value: &Value) -> Option<String> {
    if value.is_null() {
        return (!field.optional).then(|| format!("the field `{}` is missing", field.name));
    }
    field.ty.fault(value, &field.name)
}

fn find(
    admission: &Admission,
    field: &RouteField,
    place: usize,
    brought: &mut Brought<'_>,
) -> Result<Value, Refusal> {
    if let Some((_, text)) = admission.params.iter().find(|(name, _)| *name == field.name) {
        return Ok(converted(text, field));
    }
    let in_body = match brought {
        Brought::Json(found) => found.get_mut(place).and_then(Option::take).unwrap_or_default(),
        Brought::Form(form) => form::text(form, field)?,
    };
    if !in_body.is_null() {
        return Ok(in_body);
    }
    from_query(&admission.head.query, field)
}

/// A field of a query; null if it is not there.
pub(crate) fn from_query(query: &str, field: &RouteField) -> Result<Value, Refusal> {
    let mut raw = query.split('&').filter(|pair| !pair.is_empty()).map(halves);
    let of_name = raw.find(|(name, _)| decoded(name).as_deref() == Some(&*field.name));
    match of_name.map(|(_, value)| decoded(&value.replace('+', " "))) {
        None => Ok(Value::Null),
        Some(Some(text)) => Ok(converted(&text, field)),
        Some(None) => Err(invalid(&field.name, format!("the field `{}` is no text", field.name))),
    }
}

/// All fields of a query that are text.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let raw = query.split('&').filter(|pair| !pair.is_empty()).map(halves);
    raw.filter_map(|(name, value)| Some((decoded(name)?, decoded(&value.replace('+', " "))?)))
}

fn halves(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// A text from a path or a query, as the type of the field has it. What does not fit stays a text, and is refused as one.
pub(crate) fn converted(text: &str, field: &RouteField) -> Value {
    let found = match field.ty.base {
        Base::Number => text.parse().ok().map(Value::number),
        Base::Bool => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    found.unwrap_or_else(|| Value::text(text))
}

pub(crate) fn invalid(field: &str, message: String) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message).with("field", field)
}

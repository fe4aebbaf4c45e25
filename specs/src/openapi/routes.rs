//! The routes of a contract: parameters and bodies as its syncs name them, responses as they give them.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord::{Kind, Value as Constant};
use concord_lang::plan::{Contract, ExprKind, Match, Response, Route, RouteField, Segment, Sync, Test};
use concord_lang::{Base, Plan};
use concord_runtime::Registry;
use serde_json::{Map, Value, json};

use super::fault::Named;
use super::headers::Headers;
use super::refusals::Gathering;
use super::responses::{Refusals, note, responses};
use super::schema::{camel, object, of_type, or_null, words};
use super::{Parts, security};

/// The routes of a contract, at paths that begin so.
pub(super) fn parts(registry: &Registry, plan: &Plan, at: usize, base: &str) -> Parts {
    let contract = &plan.contracts[at];
    let mut parts = Parts::default();
    let scheme = security::scheme(registry, contract);
    for route in &contract.routes {
        let syncs: Vec<&Sync> = plan.syncs.iter().filter(|sync| reacts(sync, at, route)).collect();
        let mut operation = operation(contract, route, &syncs);
        operation["responses"] = answers(registry, plan, contract, route, &syncs);
        if let (Some((name, _)), false) = (&scheme, route.public) {
            operation["security"] = json!([{ name: [] }]);
        }
        parts.add(&format!("{base}{}", path(route)), &route.method, operation);
    }
    parts.security.extend(scheme);
    parts
}

/// Whether a sync stands on a route.
fn reacts(sync: &Sync, contract: usize, route: &Route) -> bool {
    let is_it = |field: &Match| {
        *field.key == *"route"
            && matches!(&field.test, Test::Is(Constant::Text(text)) if **text == *route.text)
    };
    sync.contract == Some(contract) && sync.when.iter().any(|line| line.input.iter().any(is_it))
}

fn path(route: &Route) -> String {
    let part = |part: &Segment| match part {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Param(name) => format!("/{{{name}}}"),
    };
    let path: String = route.path.iter().map(part).collect();
    if path.is_empty() { "/".into() } else { path }
}

fn operation(contract: &Contract, route: &Route, syncs: &[&Sync]) -> Value {
    let name = route.responses.first().map_or("", |response| &*response.sync);
    let id = format!("{}{name}", camel(&contract.name));
    let mut operation = json!({ "operationId": id, "summary": words(name), "tags": [&*contract.name] });
    let mut parameters: Vec<Value> =
        route.path.iter().filter_map(|part| path_parameter(part, route)).collect();
    let in_path = |field: &&RouteField| route.path.contains(&Segment::Param(Arc::clone(&field.name)));
    let others = route.fields.iter().filter(|field| !in_path(field));
    if has_body(route) {
        let fields: Vec<&RouteField> = others.collect();
        if !(fields.is_empty() && route.files.is_empty()) {
            operation["requestBody"] = request_body(route, &fields, syncs);
        }
    } else {
        parameters.extend(others.map(|field| {
            let schema = field_schema(field, syncs);
            json!({ "name": &*field.name, "in": "query", "required": !field.optional, "schema": schema })
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

fn path_parameter(part: &Segment, route: &Route) -> Option<Value> {
    let Segment::Param(name) = part else { return None };
    let field = route.fields.iter().find(|field| field.name == *name);
    let mut schema = field.map_or_else(|| json!({ "type": "string" }), |field| of_type(&field.ty));
    if schema.as_object().is_some_and(Map::is_empty) {
        schema = json!({ "type": "string" });
    }
    Some(json!({ "name": &**name, "in": "path", "required": true, "schema": schema }))
}

fn has_body(route: &Route) -> bool {
    matches!(&*route.method, "POST" | "PUT" | "PATCH") || !route.files.is_empty()
}

/// What a request brings: JSON where it needs no file, a form where it may bring one.
fn request_body(route: &Route, fields: &[&RouteField], syncs: &[&Sync]) -> Value {
    let needs = |field: &RouteField| !field.optional;
    let field = |field: &&RouteField| (field.name.to_string(), field_schema(field, syncs), needs(field));
    let mut content = Map::new();
    if !route.files.iter().any(needs) {
        content.insert("application/json".into(), json!({ "schema": object(fields.iter().map(field)) }));
    }
    if !route.files.is_empty() {
        let file = |file: &RouteField| (file.name.to_string(), file_schema(file), needs(file));
        let parts = fields.iter().map(field).chain(route.files.iter().map(file));
        content.insert("multipart/form-data".into(), json!({ "schema": object(parts) }));
    }
    let needed = fields.iter().copied().chain(&route.files).any(needs);
    json!({ "required": needed, "content": content })
}

fn file_schema(file: &RouteField) -> Value {
    let binary = json!({ "type": "string", "format": "binary" });
    match file.ty.base {
        Base::List(_) if file.optional => json!({ "type": "array", "items": binary }),
        Base::List(_) => json!({ "type": "array", "items": binary, "minItems": 1 }),
        _ => binary,
    }
}

/// What a field looks like, with what stands for it when it is absent.
fn field_schema(field: &RouteField, syncs: &[&Sync]) -> Value {
    let mut schema = of_type(&field.ty);
    if field.optional {
        // Null counts as absent.
        schema = or_null(schema);
    }
    let inputs = syncs.iter().flat_map(|sync| &sync.when).flat_map(|line| &line.input);
    let default = inputs.filter(|input| input.key == field.name).find_map(|input| match &input.default {
        Some(default) => match &*default.kind {
            ExprKind::Const(value) if !value.is_null() => Some(json!(value)),
            _ => None,
        },
        None => None,
    });
    if let (Some(default), Some(schema)) = (default, schema.as_object_mut()) {
        schema.insert("default".into(), default);
    }
    schema
}

/// Everything that may come back.
fn answers(registry: &Registry, plan: &Plan, contract: &Contract, route: &Route, syncs: &[&Sync]) -> Value {
    let headers = Headers::of(contract, route);
    let mut answers = Map::new();
    for response in &route.responses {
        let status = response.status.map_or("default".into(), |status| status.to_string());
        answers.insert(status, with(success(response), headers.after(None)));
    }
    let mut gathering = Gathering::new(registry, plan);
    if !route.public {
        gathering.admit(&contract.admit);
    }
    for sync in syncs {
        gathering.sync(sync);
    }
    of_transport(&mut gathering, route);
    let (mut refusals, mut sent) = (Refusals::new(), BTreeMap::<u16, Map<String, Value>>::new());
    for fault in &gathering.found {
        let Named { status, code, text } = fault.on_route(contract);
        note(&mut refusals, status, code, text);
        sent.entry(status).or_default().extend(headers.after(fault.line));
    }
    for (status, response) in responses(contract.shape.as_ref(), &refusals) {
        let headers = sent.remove(&status).unwrap_or_default();
        answers.entry(status.to_string()).or_insert_with(|| with(response, headers));
    }
    Value::Object(answers)
}

/// What the engine says by itself. A body is read whatever the method, and has to make sense where no field is wanted.
fn of_transport(gathering: &mut Gathering<'_>, route: &Route) {
    gathering.engine("INVALID_REQUEST", Kind::Invalid, 400, "the request makes no sense");
    if route.path.iter().any(|part| matches!(part, Segment::Param(_))) {
        // A part that is no text is no part of this path.
        gathering.engine("NOT_FOUND", Kind::NotFound, 404, "there is nothing here");
    }
    gathering.engine("INVALID_REQUEST", Kind::Invalid, 408, "the body did not arrive in time");
    gathering.engine("TOO_LARGE", Kind::TooLarge, 413, "this is too large");
    gathering.engine("UNSUPPORTED_TYPE", Kind::Invalid, 415, "this type of content is not understood");
    gathering.engine("OVERLOADED", Kind::Unavailable, 503, "too much is going on; try again");
    gathering.any_flow();
}

fn success(response: &Response) -> Value {
    let mut answer = json!({ "description": words(&response.sync) });
    if let Some(body) = &response.body {
        answer["content"] = json!({ "application/json": { "schema": of_type(body) } });
    }
    answer
}

fn with(mut response: Value, headers: Map<String, Value>) -> Value {
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    response
}

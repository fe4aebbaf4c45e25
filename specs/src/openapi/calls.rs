//! The API by name: `POST /api/<Concept>/<action>`.

use concord::spec::{ActionSpec, Role, Rows};
use concord_lang::Plan;
use concord_lang::shape::Shape;
use concord_runtime::{Instance, Registry};
use serde_json::{Map, Value, json};

use super::Parts;
use super::responses::{Refusals, note, responses};
use super::schema::of_shape;

/// All actions that can be called by name, those that are not open with an admin's token.
pub(super) fn parts(registry: &Registry, plan: &Plan) -> Parts {
    let mut parts = Parts::default();
    let open: Vec<&str> =
        plan.contracts.iter().flat_map(|contract| &contract.expose).map(|name| &**name).collect();
    for instance in registry.instances() {
        let spec = instance.spec();
        // What the server itself feeds cannot be called.
        if spec.actions.iter().any(|action| action.stimulus) {
            continue;
        }
        for action in spec.actions {
            let path = format!("/api/{}/{}", instance.name(), action.name);
            let mut operation = operation(instance, action);
            if !open.contains(&instance.name()) {
                operation["security"] = json!([{ "AdminToken": [] }]);
            }
            parts.add(&path, "post", operation);
        }
    }
    let scheme = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    parts.security.insert("AdminToken".into(), scheme);
    parts
}

fn operation(instance: &Instance, action: &ActionSpec) -> Value {
    let name = instance.name();
    let input = of_shape(&Shape::of_input(action.input));
    let needs = input.get("required").is_some();
    let mut input = input;
    input["additionalProperties"] = json!(false);
    let list = |title: &str, items: &[&str]| {
        let lines = items.join("\n- ");
        if lines.is_empty() { lines } else { format!("\n{title}:\n- {lines}\n") }
    };
    let (requires, effects) = (list("Requires", action.requires), list("Effects", action.effects));
    json!({
        "operationId": format!("{}.{}", name, action.name),
        "summary": action.summary,
        "description": format!("{}\n{requires}{effects}", action.summary).trim_end(),
        "tags": [name],
        "requestBody": { "required": needs, "content": { "application/json": { "schema": input } } },
        "responses": answers(action),
    })
}

fn answers(action: &ActionSpec) -> Value {
    let result = of_shape(&Shape::of_output(action.output));
    let schema = match action.role {
        Role::Action { .. } => result,
        Role::Query(Rows::One) => json!({ "type": "array", "items": result, "minItems": 1, "maxItems": 1 }),
        Role::Query(Rows::Optional) => json!({ "type": "array", "items": result, "maxItems": 1 }),
        Role::Query(Rows::Many) => json!({ "type": "array", "items": result }),
    };
    let mut answers = Map::new();
    let content = json!({ "application/json": { "schema": schema } });
    answers.insert("200".into(), json!({ "description": action.summary, "content": content }));
    let refusals = responses(None, &refusals(action));
    answers.extend(refusals.into_iter().map(|(status, response)| (status.to_string(), response)));
    Value::Object(answers)
}

fn refusals(action: &ActionSpec) -> Refusals {
    let mut found = Refusals::new();
    for error in action.errors {
        note(&mut found, error.kind.status(), error.code, error.message);
    }
    for (status, code, text) in [
        (400, "INVALID_REQUEST", "the input is not what the action takes"),
        (401, "UNAUTHORIZED", "this needs an admin's token"),
        (403, "FORBIDDEN", "this needs an admin's token"),
        (408, "INVALID_REQUEST", "the body did not arrive in time"),
        (413, "TOO_LARGE", "this is too large"),
        (415, "UNSUPPORTED_TYPE", "the body must be JSON, and say so"),
        (500, "INTERNAL", "an internal error"),
        (503, "OVERLOADED", "too much is going on; try again"),
        (503, "UNAVAILABLE", "the store takes no writes at the moment"),
    ] {
        note(&mut found, status, code, text);
    }
    if matches!(action.role, Role::Action { external: true, .. }) {
        note(&mut found, 502, "UPSTREAM_TIMEOUT", "a service that this depends on did not answer in time");
    }
    found
}

//! OpenAPI 3.1, from the rules and the concepts alone.
//!
//! One document for each contract with routes, one for the API by name, and one of all together, which is what tools ask a
//! server for. What OpenAPI cannot say, the events of sockets, is a page of its own. Of a concept's errors all are
//! listed wherever one of its actions is used: which action refuses with which is not written down anywhere.

mod calls;
mod connecting;
mod errors;
mod events;
mod fault;
mod headers;
mod refusals;
mod responses;
mod routes;
mod schema;
mod security;
mod walk;

use concord_lang::Plan;
use concord_lang::plan::Contract;
use concord_runtime::Registry;
use serde_json::{Map, Value, json};

pub use self::events::event_page;
use crate::{FOLDER, Page};

/// A document of an API.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// What it is called: a contract's name, or `Api`, which is all actions by name.
    pub name: String,
    /// The document.
    pub document: Value,
}

/// Paths, and what they refer to.
#[derive(Default)]
struct Parts {
    paths: Map<String, Value>,
    security: Map<String, Value>,
}

impl Parts {
    fn add(&mut self, path: &str, method: &str, operation: Value) {
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_ascii_lowercase(), operation);
        }
    }
}

/// The document of each contract that has routes, and of the API by name.
pub fn apis(registry: &Registry, plan: &Plan) -> Vec<Api> {
    let contracts = plan.contracts.iter().enumerate().filter(|(_, contract)| !contract.routes.is_empty());
    let of_contract = |(at, contract): (usize, &Contract)| {
        let parts = routes::parts(registry, plan, at, "");
        let servers: Vec<Value> = contract.bases.iter().map(|base| json!({ "url": &**base })).collect();
        Api { name: contract.name.to_string(), document: document(&contract.name, &servers, parts) }
    };
    let by_name = document("Api", &[json!({ "url": "/" })], calls::parts(registry, plan));
    contracts.map(of_contract).chain([Api { name: "Api".into(), document: by_name }]).collect()
}

/// One document with the routes of all contracts, at the first of their paths, and all actions by name.
pub fn whole(registry: &Registry, plan: &Plan) -> Value {
    let mut all = Parts::default();
    for (at, contract) in plan.contracts.iter().enumerate() {
        let base = contract.bases.first().map_or("", |base| &**base);
        let parts = routes::parts(registry, plan, at, base);
        all.paths.extend(parts.paths);
        all.security.extend(parts.security);
    }
    let by_name = calls::parts(registry, plan);
    all.paths.extend(by_name.paths);
    all.security.extend(by_name.security);
    document("Concord", &[json!({ "url": "/" })], all)
}

/// The same as files of a checkout, and the page of each contract's events.
pub fn api_pages(registry: &Registry, plan: &Plan) -> Vec<Page> {
    let json = apis(registry, plan).into_iter().map(|api| {
        let text = serde_json::to_string_pretty(&api.document).unwrap_or_default();
        Page { path: format!("{FOLDER}/{}.openapi.json", api.name), text: text + "\n" }
    });
    json.chain(events::pages(registry, plan)).collect()
}

fn document(title: &str, servers: &[Value], parts: Parts) -> Value {
    let mut components = json!({});
    if !parts.security.is_empty() {
        components["securitySchemes"] = Value::Object(parts.security);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION") },
        "servers": servers,
        "paths": parts.paths,
        "components": components,
    })
}

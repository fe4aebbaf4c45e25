//! Who gets in: what `admit` verifies, as OpenAPI calls it.

use concord_lang::plan::{Contract, StepKind};
use concord_runtime::{ActionRef, Registry};
use serde_json::{Value, json};

use super::walk::field;

/// The slot of `headers` in `admit`.
const HEADERS: usize = 0;

/// The scheme of a contract, under a name of its own; none if everyone gets in.
pub(super) fn scheme(registry: &Registry, contract: &Contract) -> Option<(String, Value)> {
    let mut tokens = contract.admit.iter().filter_map(|line| match &line.kind {
        StepKind::Call(_, call) if registry.names(ActionRef::from(call.action)).1 == "verify" => {
            call.args.iter().find(|(name, _)| **name == *"token").map(|(_, token)| token)
        }
        StepKind::Call(..) | StepKind::Let(..) | StepKind::Keep(_) => None,
    });
    let header = tokens.find_map(|token| field(token).filter(|(slot, _)| *slot == HEADERS))?.1;
    Some((format!("{}Token", contract.name), of_header(header)))
}

fn of_header(name: &str) -> Value {
    if name == "authorization" {
        json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" })
    } else {
        json!({ "type": "apiKey", "in": "header", "name": name })
    }
}

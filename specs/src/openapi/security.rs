//! Who gets in: what `admit` verifies, as OpenAPI calls it.

use concord::Value as Constant;
use concord_lang::plan::{Contract, Expr, ExprKind, StepKind};
use concord_runtime::{ActionRef, Registry};
use serde_json::{Value, json};

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
    let header = tokens.find_map(header)?;
    Some((format!("{}Token", contract.name), of_header(&header)))
}

/// The header that a token is taken from.
fn header(token: &Expr) -> Option<String> {
    let of_headers = |inner: &Expr| matches!(&*inner.kind, ExprKind::Slot(HEADERS));
    match &*token.kind {
        ExprKind::Member(inner, name) if of_headers(inner) => Some(name.to_string()),
        ExprKind::Index(inner, name) if of_headers(inner) => match &*name.kind {
            ExprKind::Const(Constant::Text(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn of_header(name: &str) -> Value {
    if name == "authorization" {
        json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" })
    } else {
        json!({ "type": "apiKey", "in": "header", "name": name })
    }
}

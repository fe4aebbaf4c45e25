//! The responses that refuse, in a contract's shape.

use std::collections::BTreeMap;

use concord_lang::plan::{Expr, ExprKind, Part};
use serde_json::{Value, json};

use super::schema::object;

/// Codes by status, each with its words.
pub(super) type Refusals = BTreeMap<u16, BTreeMap<String, String>>;

/// Notes a refusal; of two that are called alike, the first speaks.
pub(super) fn note(refusals: &mut Refusals, status: u16, code: &str, text: &str) {
    let codes = refusals.entry(status).or_default();
    codes.entry(code.to_owned()).or_insert_with(|| text.to_owned());
}

/// The responses that refuse.
pub(super) fn responses(shape: Option<&Expr>, found: &Refusals) -> Vec<(u16, Value)> {
    let response = |(status, codes): (&u16, &BTreeMap<String, String>)| {
        let said: Vec<String> = codes.iter().map(|(code, text)| format!("`{code}`: {text}")).collect();
        let names: Vec<&String> = codes.keys().collect();
        let response = json!({
            "description": said.join("; "),
            "content": { "application/json": { "schema": refusal(shape, &names, *status) } },
        });
        (*status, response)
    };
    found.iter().map(response).collect()
}

/// What a refusal looks like: the contract's expression over `message`, `code`, `details` and `status`.
fn refusal(shape: Option<&Expr>, codes: &[&String], status: u16) -> Value {
    let part = |slot: usize| match slot {
        0 => json!({ "type": "string" }),
        1 => json!({ "type": "string", "enum": codes }),
        2 => json!({ "type": "object" }),
        3 => json!({ "const": status }),
        _ => json!({}),
    };
    let parts = match shape.map(|shape| &*shape.kind) {
        Some(ExprKind::Object(parts)) => parts,
        Some(_) => return json!({}),
        None => {
            let usual = [("error", 0), ("code", 1), ("details", 2)];
            return object(usual.iter().map(|(name, slot)| ((*name).into(), part(*slot), *slot != 2)));
        }
    };
    object(parts.iter().filter_map(|field| match field {
        Part::Field(name, value) => Some(match &*value.kind {
            ExprKind::Const(value) => (name.to_string(), json!({ "const": value }), true),
            ExprKind::Slot(slot) => (name.to_string(), part(*slot), *slot != 2),
            _ => (name.to_string(), json!({}), false),
        }),
        Part::Spread(_) => None,
    }))
}

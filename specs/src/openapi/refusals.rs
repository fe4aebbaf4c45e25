//! With what a route may refuse: what its rules say, what the concepts they use say, and what the engine says.

use std::collections::{BTreeMap, BTreeSet};

use concord::Kind;
use concord_lang::Plan;
use concord_lang::plan::{Call, Contract, Expr, ExprKind, Mode, Otherwise, Part, Renamed, Step, StepKind};
use concord_runtime::{ActionRef, Registry};
use serde_json::{Value, json};

use super::schema::object;

/// Codes by status, each with its words.
pub(super) type Refusals = BTreeMap<u16, BTreeMap<String, String>>;

/// Gathers refusals in the terms of a contract.
pub(super) struct Gathering<'a> {
    pub(super) registry: &'a Registry,
    pub(super) plan: &'a Plan,
    pub(super) contract: &'a Contract,
    pub(super) found: Refusals,
    /// Views that have been looked at.
    seen: BTreeSet<usize>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(registry: &'a Registry, plan: &'a Plan, contract: &'a Contract) -> Self {
        Self { registry, plan, contract, found: Refusals::new(), seen: BTreeSet::new() }
    }

    /// One of the engine's own.
    pub(super) fn engine(&mut self, code: &str, kind: Kind, status: u16, message: &str) {
        let renamed =
            self.contract.codes.iter().find(|entry| entry.concept.is_none() && *entry.code == *code);
        self.note(renamed, code, kind, Some(status), message);
    }

    pub(super) fn lines(&mut self, lines: &[Step]) {
        for line in lines {
            if let Some(otherwise) = &line.otherwise {
                self.otherwise(otherwise);
            }
            match &line.kind {
                StepKind::Call(mode, call) => {
                    let is_caught = line.otherwise.is_some()
                        || matches!(mode, Mode::Optional | Mode::OptionalFirst | Mode::No);
                    self.call(call, is_caught);
                }
                StepKind::Let(_, value) | StepKind::Keep(value) => self.expression(value),
            }
        }
    }

    fn otherwise(&mut self, otherwise: &Otherwise) {
        let Otherwise { kind, code, message, .. } = otherwise;
        let made = self.contract.codes.iter().find(|entry| entry.renamed == *code);
        self.note(made, code, *kind, None, message);
    }

    /// What the concept of a call refuses with; of one that may find nothing, not that.
    pub(super) fn call(&mut self, call: &Call, is_caught: bool) {
        let action = ActionRef::from(call.action);
        let spec = self.registry.instance(action).spec();
        if spec.actions.iter().any(|action| action.stimulus) {
            return; // what answers does not refuse
        }
        let (_, name) = self.registry.names(action);
        let errors =
            spec.actions.iter().find(|other| other.name == name).map_or(&[][..], |found| found.errors);
        for error in errors.iter().filter(|error| !(is_caught && error.kind == Kind::NotFound)) {
            let of =
                |entry: &&Renamed| entry.concept.as_deref() == Some(spec.name) && *entry.code == *error.code;
            let any = |entry: &&Renamed| entry.concept.is_none() && *entry.code == *error.code;
            let codes = &self.contract.codes;
            let renamed = codes.iter().find(of).or_else(|| codes.iter().find(any));
            self.note(renamed, error.code, error.kind, None, error.message);
        }
        for (_, value) in &call.args {
            self.expression(value);
        }
    }

    fn expression(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Const(_) | ExprKind::Slot(_) => {}
            ExprKind::Member(inner, _) | ExprKind::Not(inner) => self.expression(inner),
            ExprKind::Index(a, b)
            | ExprKind::Otherwise(a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Compute(_, a, b) => self.expressions([a, b]),
            ExprKind::If(a, b, c) => self.expressions([a, b, c]),
            ExprKind::Object(parts) => {
                for part in parts {
                    match part {
                        Part::Field(_, value) | Part::Spread(value) => self.expression(value),
                    }
                }
            }
            ExprKind::List(items) | ExprKind::Function(_, items) => self.expressions(items),
            ExprKind::Rows { call, filter, give } => {
                self.call(call, false);
                self.expressions(filter.iter().chain([give]));
            }
            ExprKind::Items { list, filter, give, .. } => {
                self.expressions([list].into_iter().chain(filter).chain([give]));
            }
            ExprKind::View(view, args) => {
                self.expressions(args);
                if let (true, Some(found)) = (self.seen.insert(*view), self.plan.views.get(*view)) {
                    self.lines(&found.body);
                    self.expression(&found.give);
                }
            }
        }
    }

    fn expressions<'e>(&mut self, several: impl IntoIterator<Item = &'e Expr>) {
        for expr in several {
            self.expression(expr);
        }
    }

    fn note(&mut self, entry: Option<&Renamed>, code: &str, kind: Kind, status: Option<u16>, message: &str) {
        let code = entry.map_or(code, |entry| &*entry.renamed);
        let status = entry.and_then(|entry| entry.status).or(status).unwrap_or(kind.status());
        let message = entry.and_then(|entry| entry.text.as_deref()).unwrap_or(match kind {
            Kind::Internal => "an internal error",
            _ => message,
        });
        self.found.entry(status).or_default().entry(code.to_owned()).or_insert_with(|| message.to_owned());
    }
}

/// The responses that refuse, in the contract's shape.
pub(super) fn responses(
    shape: Option<&Expr>,
    found: &Refusals,
    headers: Option<&Value>,
) -> Vec<(String, Value)> {
    let response = |(status, codes): (&u16, &BTreeMap<String, String>)| {
        let said: Vec<String> = codes.iter().map(|(code, text)| format!("`{code}`: {text}")).collect();
        let names: Vec<&String> = codes.keys().collect();
        let mut response = json!({
            "description": said.join("; "),
            "content": { "application/json": { "schema": refusal(shape, &names, *status) } },
        });
        if let Some(headers) = headers {
            response["headers"] = headers.clone();
        }
        (status.to_string(), response)
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

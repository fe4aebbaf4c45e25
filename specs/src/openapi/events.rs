//! The events of a contract's socket, as a page: OpenAPI has no words for them.

use std::fmt::Write as _;

use concord::{Kind, Value};
use concord_lang::Plan;
use concord_lang::plan::{Contract, Expr, ExprKind, Part, RouteField, Socket, Sync, Test};
use concord_runtime::{ActionRef, Registry};

use super::connecting;
use super::errors::Errors;
use super::refusals::Gathering;
use super::schema::words;
use crate::{FOLDER, Page, cell};

/// The page of a contract's events; none if it has no socket.
pub fn event_page(registry: &Registry, plan: &Plan, contract: usize) -> Option<String> {
    let stated = plan.contracts.get(contract)?;
    let socket = stated.socket.as_ref()?;
    let mut connecting = Gathering::new(registry, plan);
    connecting.admit(&socket.admit);
    for sync in of_contract(plan, contract).filter(|sync| opens(registry, sync)) {
        connecting.sync(sync);
    }
    let refused = connecting::refusals(stated, socket, connecting);
    let errors = errors(registry, plan, contract, socket);
    Some(messages(plan, contract)? + &refused + &errors)
}

/// How to connect, and the messages both ways.
fn messages(plan: &Plan, contract: usize) -> Option<String> {
    let Contract { name, socket, .. } = plan.contracts.get(contract)?;
    let socket = socket.as_ref()?;
    let mut out = format!("# The events of {name}\n\n{}\n", connecting::place(socket));
    out.push_str("\n## From the client\n\n| event | fields | what comes of it |\n| --- | --- | --- |\n");
    // Writing to a string does not fail.
    for event in &socket.events {
        let field = |field: &RouteField| {
            format!("`{}{}`: {}", field.name, if field.optional { "?" } else { "" }, field.ty)
        };
        let fields: Vec<String> = event.fields.iter().map(field).collect();
        let syncs = of_contract(plan, contract).filter(|sync| waits_for(sync, &event.name));
        let syncs: Vec<String> = syncs.map(|sync| words(&sync.name)).collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", event.name, cell(&fields.join(", ")), syncs.join(", "));
    }
    out.push_str("\n## From the server\n\n| event | data | when |\n| --- | --- | --- |\n");
    for sync in of_contract(plan, contract) {
        for (event, data) in sent(sync) {
            let _ = writeln!(out, "| `{event}` | {} | {} |", cell(&data), words(&sync.name));
        }
    }
    let (event, data) = match &socket.errors {
        Some((event, shape)) => (event.to_string(), keys(shape)),
        None => ("error".to_owned(), "`message`, `code`, `details`".to_owned()),
    };
    let _ = writeln!(out, "| `{event}` | {} | a message is refused; to its sender alone |", cell(&data));
    Some(out)
}

pub(super) fn pages(registry: &Registry, plan: &Plan) -> impl Iterator<Item = Page> {
    let contracts = plan.contracts.iter().enumerate();
    contracts.filter_map(|(at, contract)| {
        let text = event_page(registry, plan, at)?;
        Some(Page { path: format!("{FOLDER}/{}.events.md", contract.name), text })
    })
}

/// The codes by which messages are refused.
fn errors(registry: &Registry, plan: &Plan, contract: usize, socket: &Socket) -> String {
    let stated = &plan.contracts[contract];
    let mut errors = Errors::default();
    let mut any = Gathering::new(registry, plan);
    any.engine("INVALID_REQUEST", Kind::Invalid, 400, "the request makes no sense");
    any.any_flow();
    errors.note(None, &any.found, stated);
    for event in &socket.events {
        let mut gathering = Gathering::new(registry, plan);
        for sync in of_contract(plan, contract).filter(|sync| waits_for(sync, &event.name)) {
            gathering.sync(sync);
        }
        errors.note(Some(&event.name), &gathering.found, stated);
    }
    errors.table()
}

fn of_contract(plan: &Plan, contract: usize) -> impl Iterator<Item = &Sync> {
    plan.syncs.iter().filter(move |sync| sync.contract == Some(contract))
}

/// Whether a sync stands on the beginning of a connection.
fn opens(registry: &Registry, sync: &Sync) -> bool {
    sync.when.iter().any(|line| registry.names(ActionRef::from(line.action)) == ("Socket", "open"))
}

fn waits_for(sync: &Sync, event: &str) -> bool {
    sync.when.iter().flat_map(|line| &line.input).any(|field| {
        *field.key == *"event" && matches!(&field.test, Test::Is(Value::Text(text)) if **text == *event)
    })
}

/// The events that a sync sends, with what their data is made of.
fn sent(sync: &Sync) -> Vec<(String, String)> {
    let calls = sync.then.iter().filter_map(|call| {
        let arg = |name: &str| call.args.iter().find(|(other, _)| **other == *name).map(|(_, value)| value);
        let ExprKind::Const(Value::Text(event)) = &*arg("event")?.kind else { return None };
        arg("to")?;
        Some((event.to_string(), arg("data").map(keys).unwrap_or_default()))
    });
    calls.collect()
}

/// The keys of an object, as far as they are written down.
pub(super) fn keys(expr: &Expr) -> String {
    let ExprKind::Object(parts) = &*expr.kind else { return String::new() };
    let key = |part: &Part| match part {
        Part::Field(name, value) => match &*value.kind {
            ExprKind::Object(_) => format!("`{name}` {{{}}}", keys(value)),
            _ => format!("`{name}`"),
        },
        Part::Spread(_) => "…".to_owned(),
    };
    parts.iter().map(key).collect::<Vec<String>>().join(", ")
}

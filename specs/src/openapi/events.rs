//! The events of a contract's socket, as a page: OpenAPI has no words for them.

use std::fmt::Write as _;

use concord::Value;
use concord_lang::plan::{Contract, Expr, ExprKind, Part, Socket, Sync, Wire};
use concord_lang::{Plan, Type};

use super::schema::words;
use crate::{FOLDER, Page, cell};

/// The page of a contract's events; none if it has no socket.
pub fn events(plan: &Plan, contract: usize) -> Option<String> {
    let Contract { name, socket, .. } = plan.contracts.get(contract)?;
    let socket = socket.as_ref()?;
    let mut out = format!("# The events of {name}\n\n{}\n", connecting(socket));
    out.push_str("\n## From the client\n\n| event | fields | what comes of it |\n| --- | --- | --- |\n");
    for event in &socket.events {
        let fields: Vec<String> = event
            .fields
            .iter()
            .map(|field| {
                let optional = if field.optional { "?" } else { "" };
                format!("`{}{optional}`: {}", field.name, shown(&field.ty))
            })
            .collect();
        let syncs =
            plan.syncs.iter().filter(|sync| sync.contract == Some(contract) && waits_for(sync, &event.name));
        let syncs: Vec<String> = syncs.map(|sync| words(&sync.name)).collect();
        // Writing to a string does not fail.
        let _ = writeln!(out, "| `{}` | {} | {} |", event.name, cell(&fields.join(", ")), syncs.join(", "));
    }
    out.push_str("\n## From the server\n\n| event | data | when |\n| --- | --- | --- |\n");
    for sync in plan.syncs.iter().filter(|sync| sync.contract == Some(contract)) {
        for (event, data) in sent(sync) {
            let _ = writeln!(out, "| `{event}` | {} | {} |", cell(&data), words(&sync.name));
        }
    }
    let (event, data) = match &socket.errors {
        Some((event, shape)) => (event.to_string(), keys(shape)),
        None => ("error".to_owned(), "`message`, `code`, `details`".to_owned()),
    };
    let _ = writeln!(out, "| `{event}` | {} | a message is refused; to its sender alone |", cell(&data));
    if !socket.codes.is_empty() {
        out.push_str("\n## Errors\n\n| code | message |\n| --- | --- |\n");
        for code in &socket.codes {
            let _ = writeln!(out, "| `{}` | {} |", code.renamed, cell(code.text.as_deref().unwrap_or("")));
        }
    }
    Some(out)
}

pub(super) fn pages(plan: &Plan) -> impl Iterator<Item = Page> {
    let contracts = plan.contracts.iter().enumerate();
    contracts.filter_map(|(at, contract)| {
        let text = events(plan, at)?;
        Some(Page { path: format!("{FOLDER}/{}.events.md", contract.name), text })
    })
}

fn connecting(socket: &Socket) -> String {
    let brought: Vec<String> = socket.opening.iter().map(|field| format!("`{}`", field.name)).collect();
    let brought = if brought.is_empty() {
        String::new()
    } else {
        format!(" Parts of the path and of the query that count: {}.", brought.join(", "))
    };
    match &socket.wire {
        Wire::SocketIo => format!("Socket.IO at `{}`.{brought}", socket.text),
        Wire::Json { shape, .. } => {
            format!(
                "A WebSocket at `{}`, each message a JSON object of {}.{brought}",
                socket.text,
                keys(shape)
            )
        }
    }
}

fn waits_for(sync: &Sync, event: &str) -> bool {
    use concord_lang::plan::Test;
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
fn keys(expr: &Expr) -> String {
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

fn shown(ty: &Type) -> String {
    ty.to_string()
}

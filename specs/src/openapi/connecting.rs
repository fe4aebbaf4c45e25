//! How a client connects to a socket: what it says of itself, and why it may be turned away.
//!
//! `admit` is read for the fields that it names; what it makes of them is left to its rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use concord::Kind;
use concord_lang::plan::{Contract, Expr, ExprKind, Segment, Slot, Socket, Wire};

use super::events::keys;
use super::fault::Named;
use super::refusals::Gathering;
use super::walk::{field, inner, of_step};
use crate::cell;

/// The first slots of `admit`: what the engine puts in.
const HEADERS: Slot = 0;
const QUERY: Slot = 3;
const AUTH: Slot = 4;
/// The first of the named parts of the path.
const PARAMS: Slot = 5;

/// Where a socket lives, and what is looked at when a client connects.
pub(super) fn place(socket: &Socket) -> String {
    let brought: Vec<String> = socket.opening.iter().map(|field| format!("`{}`", field.name)).collect();
    let mut text = match &socket.wire {
        Wire::SocketIo => format!("Socket.IO at `{}`.", socket.text),
        Wire::Json { shape, .. } => {
            format!("A WebSocket at `{}`, each message a JSON object of {}.", socket.text, keys(shape))
        }
    };
    // Writing to a string does not fail.
    if !brought.is_empty() {
        let _ = write!(text, " Parts of the path and of the query that count: {}.", brought.join(", "));
    }
    let asked = asked(socket);
    if !asked.is_empty() {
        let _ = write!(text, " Who may connect depends on {}.", asked.join(", "));
    }
    text
}

/// What `admit` reads of what a client says.
fn asked(socket: &Socket) -> Vec<String> {
    let mut read = BTreeSet::new();
    for line in &socket.admit {
        for expr in of_step(line) {
            note_reads(expr, &mut read);
        }
    }
    let fields: Vec<&str> =
        read.iter().filter(|(slot, _)| *slot == AUTH).filter_map(|(_, name)| *name).collect();
    let mut asked = Vec::new();
    if !fields.is_empty() {
        asked.push(format!("`auth: {{ {} }}`", fields.join(", ")));
    }
    let param = |part: &Segment| match part {
        Segment::Param(name) => Some(Arc::clone(name)),
        Segment::Literal(_) => None,
    };
    let params: Vec<Arc<str>> = socket.path.iter().filter_map(param).collect();
    asked.extend(read.iter().filter_map(|(slot, name)| match (*slot, *name) {
        (HEADERS, Some(name)) => Some(format!("the header `{name}`")),
        (HEADERS, None) => Some("its headers".to_owned()),
        (QUERY, Some(name)) => Some(format!("`{name}` of the query")),
        (QUERY, None) => Some("the query".to_owned()),
        (AUTH, None) => Some("`auth`".to_owned()),
        // What comes after the named parts is bound by `admit` itself.
        (PARAMS.., _) => params.get(slot - PARAMS).map(|name| format!("`{name}` of the path")),
        // The fields of `auth` are there already; the address and the whole path are nothing that a client says.
        (AUTH, Some(_)) | (..PARAMS, _) => None,
    }));
    asked
}

fn note_reads<'e>(expr: &'e Expr, read: &mut BTreeSet<(Slot, Option<&'e str>)>) {
    if let Some((slot, name)) = field(expr) {
        read.insert((slot, Some(name)));
    } else if let ExprKind::Slot(slot) = &*expr.kind {
        read.insert((*slot, None));
    } else {
        for part in inner(expr) {
            note_reads(part, read);
        }
    }
}

/// What a client that is turned away is told: an answer as to a request, or words alone.
pub(super) fn refusals(contract: &Contract, socket: &Socket, mut gathering: Gathering<'_>) -> String {
    let is_request = match socket.wire {
        Wire::SocketIo => false,
        Wire::Json { .. } => true,
    };
    match socket.wire {
        // Who has not said in time who it is.
        Wire::SocketIo => gathering.engine("CONNECTION_TIMEOUT", Kind::Invalid, 408, "CONNECTION_TIMEOUT"),
        Wire::Json { .. } => {
            let message = "this is a WebSocket: connect to it with one";
            gathering.engine("INVALID_REQUEST", Kind::Invalid, 426, message);
        }
    }
    if !socket.opening.is_empty() {
        gathering.engine("INVALID_REQUEST", Kind::Invalid, 400, "the request makes no sense");
    }
    gathering.any_flow();
    let mut out = String::from("\n## Who may not connect\n\n");
    let mut rows = BTreeSet::new();
    for fault in &gathering.found {
        rows.insert(if is_request {
            let Named { status, code, text } = fault.on_route(contract);
            format!("| {status} | `{code}` | {} |\n", cell(text))
        } else {
            let Named { code, text, .. } = fault.on_socket(contract);
            format!("| {} | `{code}` |\n", cell(text))
        });
    }
    out.push_str(if is_request {
        "The handshake is answered as a request is that is refused.\n\n| status | code | message |\n| --- | --- | --- |\n"
    } else {
        "The client gets a `connect_error` with the message; the code is not sent.\n\n| message | code |\n| --- | --- |\n"
    });
    out.extend(rows);
    out
}

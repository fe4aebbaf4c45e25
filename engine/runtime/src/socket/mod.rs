//! Sockets at work: connections that stay open, what comes in on them, and what goes out.
//!
//! Nothing here knows a wire format. Whoever holds a connection hands in an [`Outlet`], to which messages are pushed, and
//! gets a [`Connection`], on which messages come in; each message is a flow. What syncs send is an effect of their
//! commits: the store lets it go in the order of its commits, so that all members of a group see one order.

mod connecting;
mod connection;
mod effects;
mod fields;
mod gone;
mod hub;

use std::sync::Arc;

use bytes::Bytes;
use concord::{Refusal, Value};
use concord_lang::Plan;
use concord_lang::plan::{Contract, Socket, Wire};

pub use self::connecting::{Denied, Params};
pub use self::connection::Connection;
pub(crate) use self::hub::Hub;
use crate::app::App;
use crate::contract::ContractId;
use crate::eval::pure;
use crate::matching::Outside;
use crate::registry::{ActionRef, Registry};

/// The end of a connection that events leave by.
pub trait Outlet: Send + Sync {
    /// Takes an event, without waiting. `false` means that it cannot: the other side reads too slowly, and the connection
    /// is given up.
    fn send(&self, message: &Message) -> bool;

    /// Ends the connection, once what was sent has gone out.
    fn end(&self);
}

/// An event on its way out. A cheap handle: all who receive it share it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its name.
    pub event: Arc<str>,
    /// Its data as JSON text, within the frame; nothing if the contract says what a frame looks like.
    pub data: Bytes,
    /// The whole as text, as its wire has it: the contract's frame, or a packet of Socket.IO.
    pub frame: Bytes,
}

/// A contract's socket: which contract it is, among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketId(usize);

/// The actions of `Socket`, and the connections that are here.
pub(crate) struct Sockets {
    pub(crate) hub: Hub,
    pub(crate) actions: Option<Actions>,
}

/// What `Socket` does, in this registry.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    open: ActionRef,
    receive: ActionRef,
    close: ActionRef,
    join: ActionRef,
    leave: ActionRef,
    emit: ActionRef,
    disconnect: ActionRef,
    all: ActionRef,
}

impl Sockets {
    pub(crate) fn new(registry: &Registry) -> Self {
        let action = |name| registry.resolve("Socket", name).ok();
        let actions = || {
            Some(Actions {
                open: action("open")?,
                receive: action("receive")?,
                close: action("close")?,
                join: action("join")?,
                leave: action("leave")?,
                emit: action("emit")?,
                disconnect: action("disconnect")?,
                all: action("_all")?,
            })
        };
        Self { hub: Hub::default(), actions: actions() }
    }
}

impl From<SocketId> for ContractId {
    fn from(SocketId(contract): SocketId) -> Self {
        Self(contract)
    }
}

impl App {
    /// The sockets of all contracts, each with how its messages are written and where it lives.
    pub fn sockets(&self) -> impl Iterator<Item = (SocketId, &Wire, &Arc<str>)> {
        let contracts = self.plan().contracts.iter().enumerate();
        contracts.filter_map(|(at, contract)| {
            contract.socket.as_ref().map(|socket| (SocketId(at), &socket.wire, &socket.text))
        })
    }

    /// How many connections are open here.
    pub fn connections(&self) -> usize {
        self.inner.engine.sockets.hub.count()
    }
}

/// A message of an event, as its wire has it.
pub(crate) fn message(socket: &Socket, event: &Arc<str>, data: Value, outside: &mut Outside<'_>) -> Message {
    match &socket.wire {
        Wire::SocketIo => {
            let mut frame = Vec::with_capacity(event.len() + data.json_size() + 16);
            frame.extend_from_slice(b"42[");
            Value::text(Arc::clone(event)).write_json(&mut frame);
            frame.push(b',');
            let from = frame.len();
            data.write_json(&mut frame);
            let to = frame.len();
            frame.push(b']');
            let frame = Bytes::from(frame);
            Message { event: Arc::clone(event), data: frame.slice(from..to), frame }
        }
        Wire::Json { shape, .. } => {
            let mut frame = vec![Value::text(Arc::clone(event)), data];
            let frame = pure::value(shape, &mut frame, outside).to_json();
            Message { event: Arc::clone(event), data: Bytes::new(), frame: frame.into() }
        }
    }
}

/// A refusal as its socket tells it: what it is called, and the words.
fn told<'r>(contract: &'r Contract, concept: Option<&str>, refusal: &'r Refusal) -> (&'r str, &'r str) {
    let entry = contract.renamed_on_socket(concept, &refusal.code);
    let code = entry.map_or(&*refusal.code, |entry| &*entry.renamed);
    let text = entry.and_then(|entry| entry.text.as_deref());
    let own = if refusal.kind == concord::Kind::Internal { "an internal error" } else { &refusal.message };
    (code, text.unwrap_or(own))
}

/// The message by which a contract's socket tells of a refusal.
fn error_message(app: &App, contract: usize, by: Option<ActionRef>, refusal: &Refusal) -> Option<Message> {
    let plan = &app.plan().contracts[contract];
    let socket = plan.socket.as_ref()?;
    let concept = by.map(|action| app.registry().instance(action).spec().name);
    let (code, text) = told(plan, concept, refusal);
    let details: Value = refusal
        .details
        .as_deref()
        .map_or(Value::Null, |details| serde_json::Value::Object(details.clone()).into());
    let engine = &app.inner.engine;
    let mut outside = Outside::of(engine);
    let (event, data) = if let Some((event, shape)) = &socket.errors {
        let status = Value::Int(i64::from(refusal.kind.status()));
        let mut frame = vec![Value::text(text), Value::text(code), details, status];
        (Arc::clone(event), pure::value(shape, &mut frame, &mut outside))
    } else {
        let fields = [("message", Value::text(text)), ("code", Value::text(code)), ("details", details)];
        ("error".into(), Value::Object(fields.map(|(name, value)| (name.into(), value)).into()))
    };
    let data = match data {
        Value::Object(fields) => {
            Value::Object(fields.iter().filter(|(_, value)| !value.is_null()).cloned().collect())
        }
        other => other,
    };
    Some(message(socket, &event, data, &mut outside))
}

/// An id that nobody could guess.
fn fresh_connection(app: &App) -> Arc<str> {
    let digits = concord::rt::hex::<32>(app.inner.engine.ids.bits());
    String::from_utf8_lossy(&digits).into()
}

/// The contract's place in the plan, by its name.
fn contract_named(plan: &Plan, name: &str) -> Option<usize> {
    plan.contracts.iter().position(|contract| *contract.name == *name)
}

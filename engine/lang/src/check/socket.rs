//! Sockets: who may connect, and the events that syncs react to, with the fields they name.
//!
//! A message's fields are worked out as a request's are. What a connection brings along, the parts of the path and the
//! query, is one list for all that happens to it: a field that is named without a default is needed to connect.

use std::sync::Arc;

use concord::Value;

use super::Checker;
use super::contract::{REFUSAL, given};
use super::nodes::{Node, take};
use super::pattern::Fields;
use super::routes::parse_path;
use super::scope::Scope;
use crate::ast::{self, Entry, ExprKind, FieldPattern, Target};
use crate::diagnostic::Diagnostic;
use crate::names::ActionSig;
use crate::plan::{self, Match, Segment, Test, Wire};
use crate::source::Span;
use crate::types::{Base, Type};

const SOCKET: &str = "Socket";

/// What `admit` of a socket starts from, before the named parts of its path.
const GIVEN: [(&str, Type); 5] = [
    ("headers", Type::of(Base::Any)),
    ("ip", Type::of(Base::Text)),
    ("path", Type::of(Base::Text)),
    ("query", Type::of(Base::Any)),
    ("auth", Type::of(Base::Any)),
];

/// What a frame is made of: the first slots.
const FRAME: [(&str, Type); 2] = [("event", Type::of(Base::Text)), ("data", Type::of(Base::Any))];

/// The socket of a contract so far.
#[derive(Default)]
pub(super) struct Sockets {
    is_there: bool,
    /// The named parts of the path.
    params: Vec<Arc<str>>,
    admitted: Vec<(Arc<str>, Type)>,
    /// What a connection brings along.
    opening: Vec<Node>,
    /// What its syncs name of what the engine puts in at the opening.
    given: Vec<Arc<str>>,
    events: Vec<Event>,
}

struct Event {
    name: Arc<str>,
    span: Span,
    fields: Vec<Node>,
    /// Whether a sync names the whole of its data.
    whole: bool,
}

/// Which stimulus of a socket a line waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    Open,
    Receive,
    Close,
}

/// The stimulus of a socket that a path names, if it does.
pub(super) fn happening(path: &ast::Path) -> Option<Happening> {
    match (&*path.concept.text, &*path.action.text) {
        (SOCKET, "open") => Some(Happening::Open),
        (SOCKET, "receive") => Some(Happening::Receive),
        (SOCKET, "close") => Some(Happening::Close),
        _ => None,
    }
}

impl Happening {
    /// What the engine puts in.
    fn engines(self) -> &'static [&'static str] {
        match self {
            Self::Open => &["contract", "connection", "headers", "ip"],
            Self::Receive => &["contract", "connection", "event", "data"],
            Self::Close => &["contract", "connection", "reason"],
        }
    }
}

impl Checker<'_> {
    /// The socket that a contract states.
    pub(super) fn socket(&mut self, contract: &ast::Contract) -> Option<plan::Socket> {
        let (socket, more) = contract.sockets.split_first()?;
        for other in more {
            let fault = Diagnostic::error("bad-socket", other.span, "a contract has one socket");
            self.say(fault.also(socket.span, "the other one"));
        }
        let path = parse_path(socket.path.text.strip_prefix('/').map_or("", |_| &socket.path.text));
        let path = path.unwrap_or_else(|message| {
            self.say(Diagnostic::error("bad-route", socket.path.span, message));
            Vec::new()
        });
        let wire = self.wire(socket, &path);
        for rename in &socket.codes {
            self.socket_code(rename);
        }
        let codes = socket.codes.iter().map(|rename| self.rename(rename)).collect();
        let errors = socket
            .errors
            .as_ref()
            .map(|(event, shape)| (Arc::clone(&event.text), self.expression(&mut given(&REFUSAL), shape).0));
        let params = path.iter().filter_map(|part| match part {
            Segment::Param(name) => Some(Arc::clone(name)),
            Segment::Literal(_) => None,
        });
        self.sockets.params = params.collect();
        self.sockets.is_there = true;
        let (steps, slots, bound) = self.connecting(contract, socket);
        Some(plan::Socket {
            wire,
            path,
            text: Arc::clone(&socket.path.text),
            errors,
            codes,
            admit: steps,
            admit_slots: slots,
            admitted: bound,
            opening: Vec::new(),
            given: Vec::new(),
            events: Vec::new(),
            span: socket.span,
        })
    }

    /// Who may connect: the socket's own lines of `admit`, or those of the contract, if it has none.
    fn connecting(&mut self, contract: &ast::Contract, socket: &ast::Socket) -> Connecting {
        let lines = if socket.admit.is_empty() { &contract.admit } else { &socket.admit };
        let mut scope = given(&GIVEN);
        for name in &self.sockets.params {
            let name = ast::Name { text: Arc::clone(name), span: Span::default() };
            scope.bind(&name, Type::of(Base::Text), false);
        }
        let before = GIVEN.len() + self.sockets.params.len();
        self.loose = true;
        let admit = self.lines(&mut scope, lines);
        self.loose = false;
        self.admission(contract, &admit);
        let bound = scope.all().skip(before);
        self.sockets.admitted =
            bound.map(|found| (Arc::clone(&found.name), self.holes.resolve(&found.ty))).collect();
        let bound = scope.all().skip(before).map(|found| (Arc::clone(&found.name), found.slot));
        (admit.steps, scope.slots.len(), bound.collect())
    }

    fn wire(&mut self, socket: &ast::Socket, path: &[Segment]) -> Wire {
        let fault = match (&*socket.wire.text, &socket.frame) {
            ("socketio", None) if path.iter().all(|part| matches!(part, Segment::Literal(_))) => {
                return Wire::SocketIo;
            }
            ("socketio", None) => {
                "the path of Socket.IO has no named parts; clients bring what they say of \
                                   themselves as `auth`"
            }
            ("socketio", Some(_)) => "Socket.IO has frames of its own",
            ("json", Some(frame)) => return self.frame(frame),
            ("json", None) => "JSON needs a frame: frame { type: event, data }",
            _ => "a socket speaks socketio or json",
        };
        self.say(Diagnostic::error("bad-socket", socket.span, fault));
        Wire::SocketIo
    }

    fn frame(&mut self, frame: &ast::Expr) -> Wire {
        let shape = self.expression(&mut given(&FRAME), frame).0;
        let key_of = |what: &str| match &*frame.kind {
            ExprKind::Object(entries) => entries.iter().find_map(|entry| match entry {
                Entry::Field { key, value, .. } => {
                    let holds = matches!(&*value.kind, ExprKind::Variable(name) if **name == *what);
                    holds.then(|| Arc::clone(&key.text))
                }
                Entry::Spread(_) => None,
            }),
            _ => None,
        };
        let (event, data) = (key_of("event"), key_of("data"));
        if event.is_none() || data.is_none() {
            let message = "a frame is an object with a field that is `event`, and one that is `data`";
            self.say(Diagnostic::error("bad-socket", frame.span, message));
        }
        Wire::Json { shape, event: event.unwrap_or_default(), data: data.unwrap_or_default() }
    }

    /// An error of a socket has no status, so nothing but its text need be said.
    fn socket_code(&mut self, rename: &ast::Rename) {
        if let Some((_, span)) = rename.status {
            self.say(Diagnostic::error("bad-socket", span, "an error of a socket has no status"));
        }
        let name = rename.renamed.as_ref().unwrap_or(&rename.code.code);
        let is_known = self.codes.iter().any(|code| code.code == rename.code.code.text);
        if let (None, false, Some(text)) = (&rename.code.concept, is_known, &rename.text) {
            let (code, message) = (Arc::clone(&name.text), Arc::clone(text));
            self.codes.push(plan::Otherwise { kind: concord::Kind::Invalid, code, message, details: None });
        }
    }

    /// The pattern of `Socket.open`, `receive` or `close`.
    pub(super) fn socket_pattern(
        &mut self,
        scope: &mut Scope,
        line: &ast::When,
        sig: &ActionSig,
        what: Happening,
    ) -> Vec<Match> {
        if !self.sockets.is_there {
            let fault =
                Diagnostic::error("no-socket", line.path.span(), "no contract of this folder has a socket");
            self.say(fault.help("state it in the contract: socket socketio at \"/socket.io\""));
        }
        self.once(&line.input);
        let event = if what == Happening::Receive { self.event_of(line) } else { None };
        let mut fields =
            event.map(|at| std::mem::take(&mut self.sockets.events[at].fields)).unwrap_or_default();
        let mut matches = Vec::new();
        for field in &line.input.fields {
            matches.push(self.socket_field(scope, field, sig, what, &mut fields));
        }
        // Last, so that syncs are found by their events.
        matches.extend(self.folder.contract.map(|contract| Match {
            key: "contract".into(),
            default: None,
            test: Test::Is(Value::text(Arc::clone(&contract.name.text))),
        }));
        if let Some(at) = event {
            self.sockets.events[at].fields = fields;
            self.sockets.events[at].whole |= line.input.fields.iter().any(|field| *field.key.text == *"data");
        }
        matches
    }

    /// The event that a line waits for: its place in the list.
    fn event_of(&mut self, line: &ast::When) -> Option<usize> {
        let field = line.input.fields.iter().find(|field| *field.key.text == *"event");
        let Some(Target::Literal(ast::Literal { value: Value::Text(name), .. }, span)) =
            field.map(|field| &field.target)
        else {
            let span = field.map_or(line.path.span(), |field| field.key.span);
            let fault = Diagnostic::error("no-event", span, "a message is matched by its event");
            self.say(fault.help("write it as a literal: (event: \"offer\")"));
            return None;
        };
        let events = &mut self.sockets.events;
        Some(events.iter().position(|event| *event.name == **name).unwrap_or_else(|| {
            events.push(Event { name: name.share(), span: *span, fields: Vec::new(), whole: false });
            events.len() - 1
        }))
    }

    fn socket_field(
        &mut self,
        scope: &mut Scope,
        field: &FieldPattern,
        sig: &ActionSig,
        what: Happening,
        of_event: &mut Vec<Node>,
    ) -> Match {
        let name = &field.key.text;
        let fields = Fields { ty: &Type::ANY, of: "a message", matters: false };
        if what.engines().contains(&&**name) {
            let ty = sig.input(name).map_or(Type::ANY, |input| input.ty.clone());
            if what == Happening::Open && !self.sockets.given.contains(name) {
                self.sockets.given.push(Arc::clone(name));
            }
            return self.field_pattern(scope, field, ty, fields);
        }
        if let Some((_, ty)) = self.sockets.admitted.iter().find(|(admitted, _)| admitted == name) {
            let ty = ty.clone();
            return self.field_pattern(scope, field, ty, fields);
        }
        let of_connection = what != Happening::Receive || self.sockets.params.contains(name);
        let mut opening = std::mem::take(&mut self.sockets.opening);
        let nodes = if of_connection { &mut opening } else { of_event };
        let mut node = take(nodes, &field.key, || self.holes.fresh(), field.default.is_none());
        let result = self.node_pattern(scope, field, &mut node);
        nodes.push(node);
        self.sockets.opening = opening;
        result
    }

    /// What a connection brings along stays in the store as long as it is there.
    fn kept_secrets(&mut self, opening: &[Node]) {
        for node in opening.iter().filter(|node| self.is_secret(node)).collect::<Vec<_>>() {
            let message =
                format!("`{}` is secret, and a connection's fields are kept while it is there", node.name);
            let fault = Diagnostic::error("secret", node.span, message);
            self.say(fault.help("check it in `admit`, or let clients send it as a message"));
        }
    }

    /// What syncs made of the socket, for the plan.
    pub(super) fn finish_socket(&mut self) {
        let sockets = std::mem::take(&mut self.sockets);
        self.kept_secrets(&sockets.opening);
        let Some(contract) = self.contract else { return };
        let opening = sockets.opening.iter().map(|node| self.node_field(node)).collect();
        let events = sockets.events.iter().map(|event| plan::Event {
            name: Arc::clone(&event.name),
            fields: event.fields.iter().map(|node| self.node_field(node)).collect(),
            whole: event.whole,
            span: event.span,
        });
        let events = events.collect();
        if let Some(socket) = &mut self.plan.contracts[contract].socket {
            socket.opening = opening;
            socket.given = sockets.given;
            socket.events = events;
        }
    }
}

/// The lines, how many slots they need, and what they bind.
type Connecting = (Vec<plan::Step>, usize, Vec<(Arc<str>, plan::Slot)>);

//! Routes: the literals of `when` patterns, and the fields that their syncs name.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord::Value;

use super::Checker;
use super::answers::Responder;
use super::nodes::{Node, take};
use super::pattern::Fields;
use super::scope::Scope;
use crate::ast::{self, FieldPattern, Name, Pattern, Target};
use crate::diagnostic::Diagnostic;
use crate::names::ActionSig;
use crate::plan::{self, Match, Segment, Test};
use crate::source::Span;
use crate::types::Type;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// What the engine puts into every request.
const ENGINES: [&str; 4] = ["contract", "route", "headers", "ip"];

/// What the engine puts in where a form brought files: the one that is called so, or all of them.
const FILES: [&str; 2] = ["file", "files"];

/// The routes of a contract so far.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) list: Vec<RouteInfo>,
    /// Those that differ only in the names of their parts, by what they have in common.
    by_shape: BTreeMap<String, Vec<usize>>,
    /// What a route's syncs name of what `admit` binds, without a default.
    of_admit: Vec<(usize, Name)>,
    /// Fields of requests that a sync matches beside other actions.
    beside_others: Vec<(Type, Span)>,
}

impl Routes {
    /// The place of a route.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let alike = self.by_shape.get(&shape(text))?;
        alike.iter().copied().find(|at| *self.list[*at].text == *text)
    }
}

pub(super) struct RouteInfo {
    pub(super) text: Arc<str>,
    pub(super) span: Span,
    pub(super) public: bool,
    fields: Vec<Node>,
    pub(super) responders: Vec<Responder>,
    pub(super) responses: Vec<plan::Response>,
    /// Syncs of this route that surely fire: the actions that they do.
    pub(super) surely: Vec<crate::names::ActionId>,
}

impl Checker<'_> {
    /// The pattern of `Requesting.request`.
    pub(super) fn request_pattern(
        &mut self,
        scope: &mut Scope,
        sync: &ast::Sync,
        line: &ast::When,
        sig: &ActionSig,
    ) -> Vec<Match> {
        if self.contract.is_none() {
            let fault =
                Diagnostic::error("route-without-contract", line.path.span(), "there is no contract here");
            self.say(
                fault.help("routes belong to the contract of their folder: contract Name at \"/api/name\""),
            );
        }
        self.once(&line.input);
        let route = self.route_of(line);
        let at = route.and_then(|(text, span)| self.route_at(&text, span, sync.public));
        let mut nodes = at.map(|at| std::mem::take(&mut self.routes.list[at].fields)).unwrap_or_default();
        let matches = line.input.fields.iter().map(|field| self.request_field(scope, field, sig, &mut nodes));
        let mut matches: Vec<Match> = matches.collect();
        // Last, so that syncs are found by their routes.
        matches.extend(self.folder.contract.map(|contract| Match {
            key: "contract".into(),
            default: None,
            test: Test::Is(Value::text(Arc::clone(&contract.name.text))),
        }));
        if let Some(at) = at {
            self.routes.list[at].fields = nodes;
            self.note_of_admit(at, &line.input);
        }
        if sync.when.len() > 1 {
            let bound = scope
                .all()
                .filter(|variable| line.input.span.range().contains(&(variable.span.start as usize)));
            self.routes.beside_others.extend(bound.map(|variable| (variable.ty.clone(), variable.span)));
        }
        matches
    }

    /// The literal of `route`.
    fn route_of(&mut self, line: &ast::When) -> Option<(Arc<str>, Span)> {
        let field = line.input.fields.iter().find(|field| *field.key.text == *"route");
        if let Some(Target::Literal(ast::Literal { value: Value::Text(text), .. }, span)) =
            field.map(|field| &field.target)
        {
            return Some((text.share(), *span));
        }
        let span = field.map_or(line.path.span(), |field| field.key.span);
        let fault = Diagnostic::error("no-route", span, "a request is matched by its route");
        self.say(fault.help("write it as a literal: (route: \"POST /sessions/:id\")"));
        None
    }

    /// The route's place in the list.
    fn route_at(&mut self, text: &Arc<str>, span: Span, public: bool) -> Option<usize> {
        if let Some(at) = self.routes.find(text) {
            self.routes.list[at].public |= public;
            return Some(at);
        }
        if let Err(message) = parse(text) {
            let fault = Diagnostic::error("bad-route", span, message);
            self.say(fault.help("a route is a method and a path: \"POST /sessions/:id\""));
            return None;
        }
        let place = self.routes.list.len();
        let alike = self.routes.by_shape.entry(shape(text)).or_default();
        alike.push(place);
        if let Some(other) = alike.first().and_then(|first| self.routes.list.get(*first)) {
            let other = other.span;
            let fault =
                Diagnostic::error("same-route", span, "this route differs only in the names of its parts");
            self.say(fault.also(other, "from this one"));
        }
        let route = RouteInfo {
            text: Arc::clone(text),
            span,
            public,
            fields: Vec::new(),
            responders: Vec::new(),
            responses: Vec::new(),
            surely: Vec::new(),
        };
        self.routes.list.push(route);
        Some(place)
    }

    fn request_field(
        &mut self,
        scope: &mut Scope,
        field: &FieldPattern,
        sig: &ActionSig,
        nodes: &mut Vec<Node>,
    ) -> Match {
        let name = &field.key.text;
        let fields = Fields { ty: &Type::ANY, of: "a request", matters: false };
        if ENGINES.contains(&&**name) {
            let ty = sig.input(name).map_or(Type::ANY, |input| input.ty.clone());
            let node = take(nodes, &field.key, || Type::ANY, false);
            nodes.push(node);
            return self.field_pattern(scope, field, ty, fields);
        }
        if FILES.contains(&&**name) {
            let ty = sig.input(name).map_or(Type::ANY, |input| input.ty.clone()).not_null();
            let node = take(nodes, &field.key, || ty.clone(), field.default.is_none());
            nodes.push(node);
            return self.field_pattern(scope, field, ty, fields);
        }
        if let Some((_, ty)) = self.admitted.iter().find(|(admitted, _)| admitted == name) {
            let ty = ty.clone();
            return self.field_pattern(scope, field, ty, fields);
        }
        let mut node = take(nodes, &field.key, || self.holes.fresh(), field.default.is_none());
        let result = self.node_pattern(scope, field, &mut node);
        nodes.push(node);
        result
    }

    fn note_of_admit(&mut self, at: usize, input: &Pattern) {
        for field in input.fields.iter().filter(|field| field.default.is_none()) {
            let name = &*field.key.text;
            let is_engines = ENGINES.contains(&name) || FILES.contains(&name);
            if !is_engines && self.admitted.iter().any(|(admitted, _)| **admitted == *name) {
                self.routes.of_admit.push((at, field.key.clone()));
            }
        }
    }

    /// Nobody is admitted to a public route, so nothing of what `admit` binds is there.
    fn public_alone(&mut self) {
        for (at, Name { text: name, span }) in std::mem::take(&mut self.routes.of_admit) {
            let route = &self.routes.list[at];
            if route.public {
                let message =
                    format!("{} is public, so nobody was admitted and there is no `{name}`", route.text);
                let fault = Diagnostic::error("may-be-null", span, message);
                self.say(fault.help(format!("say what it is then: {name} ?? null")));
            }
        }
    }

    /// What ends in a secret input is not in the record, so a later record cannot be matched beside it.
    fn secrets_alone(&mut self) {
        for (ty, span) in std::mem::take(&mut self.routes.beside_others) {
            if self.holes.is_secret(&ty) {
                let message = "a secret can be used only where the request stands alone";
                self.say(Diagnostic::error("secret", span, message));
            }
        }
    }

    /// The routes of the contract, for the plan.
    pub(super) fn finish_routes(&mut self) {
        self.check_answers();
        self.secrets_alone();
        self.public_alone();
        let routes = std::mem::take(&mut self.routes);
        let Some(contract) = self.contract else { return };
        let finished: Vec<plan::Route> =
            routes.list.into_iter().filter_map(|route| self.route(route)).collect();
        self.plan.contracts[contract].routes = finished;
    }

    fn route(&self, route: RouteInfo) -> Option<plan::Route> {
        let (method, path) = parse(&route.text).ok()?;
        let (given, fields): (Vec<&Node>, Vec<&Node>) =
            route.fields.iter().partition(|node| ENGINES.contains(&&*node.name));
        let fields = fields.into_iter().map(|node| self.node_field(node));
        let (files, fields): (Vec<_>, Vec<_>) = fields.partition(|field| FILES.contains(&&*field.name));
        let resolved = |response: plan::Response| plan::Response {
            body: response.body.map(|ty| self.holes.resolve(&ty)),
            ..response
        };
        Some(plan::Route {
            responses: route.responses.into_iter().map(resolved).collect(),
            method: method.into(),
            path,
            public: route.public,
            fields,
            files,
            given: given.into_iter().map(|node| Arc::clone(&node.name)).collect(),
            span: route.span,
            text: route.text,
        })
    }
}

/// The method and the parts of the path.
fn parse(text: &str) -> Result<(&str, Vec<Segment>), String> {
    let (method, path) = text.split_once(' ').ok_or("a route has a method")?;
    if !METHODS.contains(&method) {
        return Err(format!("`{method}` is no method"));
    }
    let path = parse_path(path)?;
    let engines = |name: &str| ENGINES.contains(&name) || FILES.contains(&name);
    match path.iter().find(|part| matches!(part, Segment::Param(name) if engines(name))) {
        Some(Segment::Param(name)) => Err(format!("`{name}` is a word of the engine's own")),
        Some(Segment::Literal(_)) | None => Ok((method, path)),
    }
}

/// The parts of a path.
pub(super) fn parse_path(path: &str) -> Result<Vec<Segment>, String> {
    let path = path.strip_prefix('/').ok_or("a path begins with `/`")?;
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments: Vec<Segment> = Vec::new();
    for part in path.split('/') {
        let segment = match part.strip_prefix(':') {
            Some(name) if is_name(name) => Segment::Param(name.into()),
            Some(name) => return Err(format!("`{name}` is no name")),
            None if part.is_empty() => return Err("a part of this path is empty".into()),
            None => match part.chars().find(|c| !is_bare(*c)) {
                Some(c) => return Err(format!("a path as clients send it has no {c:?} in it")),
                None => Segment::Literal(part.into()),
            },
        };
        if matches!(segment, Segment::Param(_)) && segments.contains(&segment) {
            return Err(format!("`{part}` stands in this path twice"));
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// Whether a character stands in a path as it is: paths are compared as they were sent, with `%20` for a space.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(c)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The route with all names of its parts made alike.
fn shape(text: &str) -> String {
    let part = |part: &str| if part.starts_with(':') { ":".to_owned() } else { part.to_owned() };
    text.split('/').map(part).collect::<Vec<String>>().join("/")
}

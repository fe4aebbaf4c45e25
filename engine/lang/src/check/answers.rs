//! Who answers a request: somebody, and only one.
//!
//! What is surely wrong is an error: a route on which nothing responds, or whose only responder may drop; two syncs that
//! always both respond. What cannot be proved either way is a warning. The engine refuses at quiescence what slips
//! through, so that a client never waits.

use concord::Value;

use super::Checker;
use super::rule::is_request;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::names::ActionId;
use crate::plan::{self, Match, Test};
use crate::source::Span;

/// A sync that responds on a route.
pub(super) struct Responder {
    span: Span,
    /// A line that may drop without refusing.
    drops: Option<Span>,
    lines: Vec<Event>,
}

/// A line of `when`, as far as it keeps two syncs apart.
struct Event {
    action: ActionId,
    fails: bool,
    literals: Vec<(String, Value)>,
    /// Whether a variable must be equal to another, or an object must have a field.
    tests: bool,
}

impl Responder {
    /// Whether nothing but the request is needed.
    fn is_alone(&self) -> bool {
        self.lines.len() == 1
    }

    /// Whether it responds whenever its lines have happened.
    fn is_sure(&self) -> bool {
        self.drops.is_none() && self.lines.iter().all(|line| line.literals.is_empty() && !line.tests)
    }

    /// Whether the two can never both respond to one request.
    fn excludes(&self, other: &Self) -> bool {
        let apart = |a: &Event, b: &Event| {
            a.action == b.action && (a.fails != b.fails || conflict(&a.literals, &b.literals))
        };
        self.lines.iter().any(|a| other.lines.iter().any(|b| apart(a, b)))
    }

    /// Whether both wait for the same actions.
    fn alike(&self, other: &Self) -> bool {
        let covers = |a: &Self, b: &Self| {
            a.lines.iter().all(|x| b.lines.iter().any(|y| x.action == y.action && x.fails == y.fails))
        };
        covers(self, other) && covers(other, self)
    }
}

fn conflict(a: &[(String, Value)], b: &[(String, Value)]) -> bool {
    a.iter().any(|(key, value)| b.iter().any(|(other, theirs)| other == key && theirs != value))
}

impl Checker<'_> {
    /// Notes what a sync does for the routes that it stands on.
    pub(super) fn note_answer(
        &mut self,
        sync: &ast::Sync,
        checked: &plan::Sync,
        responses: &[plan::Response],
        drops: Option<Span>,
    ) {
        let routes = sync.when.iter().filter(|line| is_request(&line.path)).filter_map(|line| {
            let route = line.input.fields.iter().find(|field| *field.key.text == *"route")?;
            match &route.target {
                ast::Target::Literal(ast::Literal { value: Value::Text(text), .. }, _) => Some(text),
                _ => None,
            }
        });
        for text in routes {
            let Some(at) = self.routes.find(text) else { continue };
            let responder =
                Responder { span: checked.span, drops, lines: checked.when.iter().map(event).collect() };
            let route = &mut self.routes.list[at];
            if responder.is_alone() && responder.is_sure() {
                route.surely.extend(checked.then.iter().map(|call| call.action));
            }
            if !responses.is_empty() {
                route.responders.push(responder);
                route.responses.extend(responses.iter().cloned());
            }
        }
    }

    pub(super) fn check_answers(&mut self) {
        let mut found = Vec::new();
        for route in &self.routes.list {
            match &route.responders[..] {
                [] => {
                    let message = format!("nothing responds to {}", route.text);
                    let fault = Diagnostic::error("unanswered", route.span, message);
                    found.push(fault.help("some sync of this route does: Requesting.respond (request, …)"));
                }
                [only] => found.extend(only_one(only, route)),
                several => found.extend(overlaps(several)),
            }
        }
        self.diagnostics.extend(found);
    }
}

fn only_one(only: &Responder, route: &super::routes::RouteInfo) -> Option<Diagnostic> {
    let help = "add `else CODE` to the line, so that the client learns why";
    if let Some(line) = only.drops {
        let message = format!("when this line drops, nobody responds to {}", route.text);
        return Some(Diagnostic::error("may-not-answer", line, message).help(help));
    }
    if !only.is_sure() {
        let message = format!("only some requests to {} are answered", route.text);
        let fault = Diagnostic::error("may-not-answer", only.span, message);
        return Some(fault.help("take the field into a variable, and check it in `where` with `else CODE`"));
    }
    let done = |line: &Event| line.fails || route.surely.contains(&line.action);
    if !only.is_alone() && !only.lines.iter().skip(1).all(done) {
        let message = format!("{} is answered only if everything that this waits for happens", route.text);
        return Some(Diagnostic::warning("may-not-answer", only.span, message));
    }
    None
}

fn overlaps(several: &[Responder]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, one) in several.iter().enumerate() {
        for other in &several[at + 1..] {
            if one.excludes(other) {
                continue;
            }
            let surely = [one, other].iter().all(|sync| sync.is_alone() && sync.is_sure());
            let said = if surely {
                Diagnostic::error("answers-twice", other.span, "this and another sync both respond")
            } else if one.alike(other) {
                Diagnostic::warning("answers-twice", other.span, "this and another sync may both respond")
            } else {
                continue;
            };
            found.push(said.also(one.span, "the other one").help("the second response would be dropped"));
        }
    }
    found
}

fn event(line: &plan::When) -> Event {
    let mut event = Event { action: line.action, fails: line.fails, literals: Vec::new(), tests: false };
    note(&line.input, "", &mut event);
    note(&line.output, ":", &mut event);
    event
}

fn note(fields: &[Match], path: &str, event: &mut Event) {
    for field in fields {
        let key = format!("{path}.{}", field.key);
        match &field.test {
            Test::Bind(_) => {}
            // The route itself is what brings requests here.
            Test::Is(_) if key == ".route" || key == ".contract" => {}
            Test::Is(value) => event.literals.push((key, value.clone())),
            Test::Same(_) => event.tests = true,
            Test::Inside(inner) => note(inner, &key, event),
        }
    }
}

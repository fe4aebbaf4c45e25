//! Syncs.

use std::sync::Arc;

use concord::Value;

use super::Checker;
use super::pattern::Fields;
use super::scope::Scope;
use super::socket::happening;
use crate::ast::{self, Outcome};
use crate::diagnostic::Diagnostic;
use crate::names::ActionSig;
use crate::plan::{self, Match, Test};
use crate::source::Span;
use crate::types::{Base, FieldType, Type};

/// The concept through which requests come in and go out.
pub(super) const REQUESTING: &str = "Requesting";
const REQUEST: &str = "request";
const RESPOND: &str = "respond";

pub(super) fn is_request(path: &ast::Path) -> bool {
    *path.concept.text == *REQUESTING && *path.action.text == *REQUEST
}

fn is_respond(path: &ast::Path) -> bool {
    *path.concept.text == *REQUESTING && *path.action.text == *RESPOND
}

impl Checker<'_> {
    pub(super) fn sync(&mut self, sync: &ast::Sync, mut scope: Scope) -> Option<plan::Sync> {
        let mut when = Vec::new();
        let mut whole = true;
        for line in &sync.when {
            match self.when(&mut scope, sync, line) {
                Some(checked) => when.push(checked),
                None => whole = false,
            }
        }
        self.stimuli(sync);
        let checked = self.lines(&mut scope, &sync.body);
        let mut responses = Vec::new();
        let mut then: Vec<Option<plan::Call>> = Vec::new();
        for call in &sync.then {
            let done = self.then(&mut scope, call, checked.many_at);
            if let (Some(done), true) = (&done, is_respond(&call.path)) {
                self.status(call, done);
                responses.push(self.response(sync, done));
            }
            then.push(done);
        }
        self.idle(&mut scope);
        whole &= then.iter().all(Option::is_some);
        let then: Vec<plan::Call> = then.into_iter().flatten().collect();
        if !whole || when.is_empty() {
            return None;
        }
        let checked_sync = plan::Sync {
            name: Arc::clone(&sync.name.text),
            folder: Arc::clone(&self.folder.name),
            contract: self.contract,
            span: sync.name.span,
            when,
            body: checked.steps,
            then,
            slots: scope.slots,
        };
        self.note_answer(sync, &checked_sync, &responses, checked.drops);
        Some(checked_sync)
    }

    /// What a call of `respond` sends, which has just been checked.
    fn response(&self, sync: &ast::Sync, call: &plan::Call) -> plan::Response {
        let status = call.args.iter().find(|(name, _)| **name == *"status").map(|(_, status)| &*status.kind);
        let body = self.given.iter().find(|(name, _)| **name == *"body").map(|(_, ty)| ty.clone());
        let status = match status {
            None => Some(if body.is_some() { 200 } else { 204 }),
            Some(plan::ExprKind::Const(Value::Int(status))) => u16::try_from(*status).ok(),
            Some(_) => None,
        };
        plan::Response { sync: Arc::clone(&sync.name.text), status, body }
    }

    /// A status that is written down is one that a server may send when it is done.
    fn status(&mut self, call: &ast::Call, checked: &plan::Call) {
        let status = checked.args.iter().find(|(name, _)| **name == *"status");
        let Some(plan::ExprKind::Const(value)) = status.map(|(_, status)| &*status.kind) else { return };
        let is_status = match value {
            Value::Int(status) => (200..600).contains(status),
            Value::Float(_) => false,
            // Of another type, which has been said.
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Object(_) => true,
        };
        let given = call.args.iter().find(|arg| *arg.key.text == *"status");
        if let (false, Some(given)) = (is_status, given) {
            let message = "a status is a whole number from 200 to 599";
            self.say(Diagnostic::error("type-mismatch", given.value.span, message));
        }
    }

    fn when(&mut self, scope: &mut Scope, sync: &ast::Sync, line: &ast::When) -> Option<plan::When> {
        let sig = self.action(&line.path);
        let Some(sig) = sig else {
            self.unknown_patterns(scope, line);
            return None;
        };
        let of = format!("{}.{}", line.path.concept.text, line.path.action.text);
        if sig.is_query() {
            let message = format!("`{of}` only asks; nothing happens that a sync could react to");
            let fault = Diagnostic::error("query-in-when", line.path.span(), message);
            self.say(fault.help("ask it in `where`"));
        }
        self.other_contract(line);
        let input = if is_request(&line.path) {
            self.request_pattern(scope, sync, line, sig)
        } else if let Some(what) = happening(&line.path) {
            self.socket_pattern(scope, line, sig, what)
        } else {
            self.no_secrets(line, sig);
            let ty = input_type(sig);
            self.pattern(scope, &line.input, Fields { ty: &ty, of: &of, matters: false })
        };
        let (fails, output) = match &line.outcome {
            Outcome::Success(pattern) => {
                (false, self.pattern(scope, pattern, Fields { ty: &sig.output, of: &of, matters: false }))
            }
            Outcome::Failure(pattern) => {
                let ty = self.failure_type(line);
                (true, self.pattern(scope, pattern, Fields { ty: &ty, of: "an error", matters: false }))
            }
        };
        Some(plan::When { action: sig.id, fails, input, output, span: line.span })
    }

    /// The variables of a line about something unknown are bound all the same, so that its fault is the only one.
    fn unknown_patterns(&mut self, scope: &mut Scope, line: &ast::When) {
        let (Outcome::Success(outcome) | Outcome::Failure(outcome)) = &line.outcome;
        for pattern in [&line.input, outcome] {
            self.pattern(scope, pattern, Self::fields_of(&Type::ANY, "it"));
        }
    }

    fn no_secrets(&mut self, line: &ast::When, sig: &ActionSig) {
        for field in &line.input.fields {
            if sig.input(&field.key.text).is_some_and(|input| input.secret) {
                let message = format!("`{}` is secret: no record keeps it", field.key.text);
                self.say(Diagnostic::error("secret", field.key.span, message));
            }
        }
    }

    fn failure_type(&mut self, line: &ast::When) -> Type {
        let codes = self.concept(&line.path.concept.text).map(|concept| {
            let own = concept.errors.iter().map(|error| Arc::clone(&error.code));
            own.chain(
                ["INVALID_REQUEST", "INTERNAL", "UNAVAILABLE", "UPSTREAM_TIMEOUT", "DUPLICATE"]
                    .map(Arc::from),
            )
            .collect()
        });
        let text = |name: &str, base| FieldType { name: name.into(), ty: Type::of(base), optional: false };
        Type::of(Base::Object(
            [
                text("code", codes.map_or(Base::Text, Base::OneOf)),
                text("message", Base::Text),
                text("kind", Base::Text),
            ]
            .into(),
        ))
    }

    fn then(&mut self, scope: &mut Scope, call: &ast::Call, many: Option<Span>) -> Option<plan::Call> {
        let (checked, sig) = self.call(scope, call, true)?;
        let (query, name) = (sig.is_query(), sig.name.clone());
        if query {
            let message = format!("`{name}` only asks; `then` acts");
            let fault = Diagnostic::error("query-in-then", call.path.span(), message);
            self.say(fault.help("ask it in `where`"));
        }
        if checked.outs.iter().any(tests) {
            let message = "a result in `then` is named, not tested: its action has been done";
            self.say(Diagnostic::error("test-in-then", call.span, message));
        }
        if is_respond(&call.path)
            && let Some(line) = many
        {
            let fault = Diagnostic::error("many-answers", call.path.span(), "this may respond many times");
            self.say(
                fault
                    .also(line, "this line may have many rows")
                    .help("take the `first` row, or list them in the body: [Concept._query (…) : (…) => …]"),
            );
        }
        Some(checked)
    }
}

/// Whether a match may not hold.
fn tests(field: &Match) -> bool {
    match &field.test {
        Test::Bind(_) => false,
        Test::Same(_) | Test::Is(_) => true,
        Test::Inside(fields) => fields.iter().any(tests),
    }
}

/// An action's input as an object.
fn input_type(sig: &ActionSig) -> Type {
    let field = |input: &crate::names::InputSig| FieldType {
        name: input.name.as_str().into(),
        ty: input.ty.clone(),
        optional: input.optional,
    };
    Type::of(Base::Object(sig.inputs.iter().map(field).collect()))
}

//! Clauses and calls.

use std::sync::Arc;

use super::Checker;
use super::fitting::narrow;
use super::pattern::Fields;
use super::scope::Scope;
use super::secrets::origins;
use crate::ast::{Arg, Call, Line, LineKind, Mode};
use crate::diagnostic::Diagnostic;
use crate::names::{ActionSig, Does, Rows};
use crate::plan::{self, Match, Otherwise, Step, StepKind, Test};
use crate::source::Span;
use crate::types::{Base, Type};

/// Lines that have been checked.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) steps: Vec<Step>,
    /// Whether there may be more than one frame after them.
    pub(super) many: bool,
    /// The line that made many of one.
    pub(super) many_at: Option<Span>,
    /// The first line that may drop a frame and does not say with what to refuse then.
    pub(super) drops: Option<Span>,
}

impl<'a> Checker<'a> {
    pub(super) fn lines(&mut self, scope: &mut Scope, lines: &[Line]) -> Checked {
        let mut checked = Checked::default();
        for line in lines {
            let (kind, many, drops) = match &line.kind {
                LineKind::Query(mode, call) => self.query_line(scope, *mode, call),
                LineKind::Let(name, value) => {
                    let origins = origins(scope, value);
                    let (value, mut ty) = self.expression(scope, value);
                    if line.otherwise.is_some() {
                        ty = ty.not_null();
                    }
                    let slot = scope.bind(name, ty, true);
                    scope.made_of(origins);
                    (StepKind::Let(slot, value), false, false)
                }
                LineKind::Condition(condition) => {
                    let (value, ty) = self.expression(scope, condition);
                    let may_be_false = matches!(ty.base, Base::Any | Base::Bool | Base::Hole(_));
                    let may_drop = ty.null || (may_be_false && !self.is_true(&value));
                    narrow(scope, condition);
                    (StepKind::Keep(value), false, may_drop)
                }
            };
            let otherwise = line.otherwise.as_ref().map(|otherwise| {
                let details = otherwise.details.as_ref().map(|details| self.expression(scope, details).0);
                Otherwise { details, ..self.else_code(otherwise) }
            });
            if many && checked.many_at.is_none() {
                checked.many = true;
                checked.many_at = Some(line.span);
            }
            if drops && otherwise.is_none() && checked.drops.is_none() {
                checked.drops = Some(line.span);
            }
            checked.steps.push(Step { kind, otherwise, span: line.span });
        }
        checked
    }

    /// Whether a value is `true` whatever happens: a view that guards, and gives nothing else.
    fn is_true(&self, value: &plan::Expr) -> bool {
        match &*value.kind {
            plan::ExprKind::Const(value) => value.is_true(),
            plan::ExprKind::View(view, _) => {
                self.plan.views.get(*view).is_some_and(|view| self.is_true(&view.give))
            }
            _ => false,
        }
    }

    /// A query with its mode: what it becomes, whether it may give many rows, and whether it may drop.
    fn query_line(&mut self, scope: &mut Scope, mode: Mode, call: &Call) -> (StepKind, bool, bool) {
        let plan_mode = match mode {
            Mode::Each => plan::Mode::Each,
            Mode::First => plan::Mode::First,
            Mode::Optional => plan::Mode::Optional,
            Mode::OptionalFirst => plan::Mode::OptionalFirst,
            Mode::No => plan::Mode::No,
        };
        let mark = scope.mark();
        let known = scope.names().count();
        let Some((checked, sig)) = self.call(scope, call, !matches!(mode, Mode::No)) else {
            return (StepKind::Keep(super::expression::null()), false, false);
        };
        self.must_ask(call, sig);
        if let Does::Acts = sig.does {
            // One that fails refuses with its own error; only its result can be other than the pattern says.
            let drops = !checked.outs.iter().all(always_matches);
            return (StepKind::Call(plan_mode, checked), false, drops);
        }
        match mode {
            Mode::Optional | Mode::OptionalFirst => scope.nullable_since(known),
            Mode::No => scope.reset(mark),
            Mode::Each | Mode::First => {}
        }
        let rows = checked.rows;
        let many = rows == Some(Rows::Many) && matches!(mode, Mode::Each | Mode::Optional);
        let always = rows == Some(Rows::One) && checked.outs.iter().all(always_matches);
        let drops = match mode {
            Mode::Each | Mode::First => !always,
            Mode::Optional | Mode::OptionalFirst => false,
            Mode::No => true,
        };
        (StepKind::Call(plan_mode, checked), many, drops)
    }

    fn must_ask(&mut self, call: &Call, sig: &ActionSig) {
        if sig.is_query() || self.loose {
            return;
        }
        let message = format!("`{}` acts; only queries may stand here", sig.name);
        self.say(
            Diagnostic::error("not-a-query", call.path.span(), message).help("actions belong into `then`"),
        );
    }

    /// A call with its arguments and results; and the signature that it was checked against.
    pub(super) fn call(
        &mut self,
        scope: &mut Scope,
        call: &Call,
        matters: bool,
    ) -> Option<(plan::Call, &'a ActionSig)> {
        let sig = self.action(&call.path);
        let Some(sig) = sig else {
            // Go on as well as can be: what is named here is known below.
            for arg in &call.args {
                self.expression(scope, &arg.value);
            }
            if let Some(outs) = &call.outs {
                self.pattern(scope, outs, Fields { ty: &Type::ANY, of: "it", matters: false });
            }
            return None;
        };
        let of = format!("{}.{}", call.path.concept.text, call.path.action.text);
        if sig.stimulus {
            let message = format!("`{of}` happens by itself; no rule can do it");
            self.say(Diagnostic::error("not-callable", call.path.span(), message));
        }
        let args = self.args(scope, call, sig, &of);
        let outs = match &call.outs {
            Some(outs) => self.pattern(scope, outs, Fields { ty: &sig.output, of: &of, matters }),
            None => Vec::new(),
        };
        let rows = match sig.does {
            Does::Acts => None,
            Does::Asks(rows) => Some(rows),
        };
        Some((plan::Call { action: sig.id, rows, args, outs, span: call.span }, sig))
    }

    fn args(
        &mut self,
        scope: &mut Scope,
        call: &Call,
        sig: &ActionSig,
        of: &str,
    ) -> Vec<(Arc<str>, plan::Expr)> {
        let mut args: Vec<(Arc<str>, plan::Expr)> = Vec::new();
        let mut given = Vec::new();
        for arg in &call.args {
            if args.iter().any(|(name, _)| *name == arg.key.text) {
                let message = format!("the argument `{}` is given twice", arg.key.text);
                self.say(Diagnostic::error("field-twice", arg.key.span, message));
            }
            let (value, ty) = self.arg(scope, arg, sig, of);
            args.push((Arc::clone(&arg.key.text), value));
            given.push((Arc::clone(&arg.key.text), ty));
        }
        self.given = given;
        for input in sig.inputs.iter().filter(|input| !input.optional) {
            if !args.iter().any(|(name, _)| **name == *input.name) {
                let message = format!("{of} needs `{}`", input.name);
                let fault = Diagnostic::error("missing-argument", call.path.span(), message);
                self.say(fault.help(format!("it is {}", input.ty)));
            }
        }
        args
    }

    fn arg(&mut self, scope: &mut Scope, arg: &Arg, sig: &ActionSig, of: &str) -> (plan::Expr, Type) {
        let (value, ty) = self.expression(scope, &arg.value);
        match sig.input(&arg.key.text) {
            Some(input) => {
                let wanted = Type { null: input.ty.null || input.optional, ..input.ty.clone() };
                self.flows(&ty, &wanted, arg.value.span, &format!("`{}` of {of}", input.name));
                if input.secret {
                    self.keep_secret(scope, &arg.value);
                }
            }
            None if sig.takes_anything => {}
            None => {
                let message = format!("{of} takes no `{}`", arg.key.text);
                let names: Vec<&str> = sig.inputs.iter().map(|input| &*input.name).collect();
                let fault = Diagnostic::error("unknown-argument", arg.key.span, message);
                let fault = fault.near(&arg.key.text, names.iter().copied());
                let listed = format!(
                    "it takes {}",
                    if names.is_empty() { "nothing".into() } else { names.join(", ") }
                );
                self.say(if fault.help.is_some() { fault } else { fault.help(listed) });
            }
        }
        (value, ty)
    }
}

/// Whether a match takes any value.
pub(super) fn always_matches(field: &Match) -> bool {
    matches!(field.test, Test::Bind(_))
}

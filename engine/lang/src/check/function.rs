//! Functions and views within expressions.

use super::Checker;
use super::expression::{null, of};
use super::scope::Scope;
use super::view::ViewSig;
use crate::ast::{self, Name};
use crate::diagnostic::Diagnostic;
use crate::plan::{Expr, ExprKind, Function};
use crate::types::{Base, Type};

const NUMBER: Type = Type::of(Base::Number);
const TEXT: Type = Type::of(Base::Text);
const BOOL: Type = Type::of(Base::Bool);

/// What a function takes and gives.
struct Signature {
    function: Function,
    takes: Vec<Type>,
    gives: Type,
}

const FUNCTIONS: [&str; 13] = [
    "now",
    "iso",
    "ms",
    "minutes",
    "uuid",
    "len",
    "lower",
    "contains",
    "startsWith",
    "matches",
    "split",
    "int",
    "round",
];

fn signature(name: &str) -> Option<Signature> {
    let (function, takes, gives) = match name {
        "now" => (Function::Now, vec![], NUMBER),
        "iso" => (Function::Iso, vec![NUMBER], TEXT),
        "ms" => (Function::Ms, vec![TEXT], NUMBER.or_null()),
        "minutes" => (Function::Minutes, vec![NUMBER], NUMBER),
        "uuid" => (Function::Uuid, vec![], Type::of(Base::Id(None))),
        "len" => (Function::Len, vec![Type::ANY], NUMBER),
        "lower" => (Function::Lower, vec![TEXT], TEXT),
        "contains" => (Function::Contains, vec![Type::ANY, Type::ANY], BOOL),
        "startsWith" => (Function::StartsWith, vec![TEXT, TEXT], BOOL),
        "matches" => (Function::Matches, vec![TEXT, TEXT], BOOL),
        "split" => (Function::Split, vec![TEXT, TEXT], Type::list(TEXT)),
        "int" => (Function::Int, vec![Type::ANY], NUMBER.or_null()),
        "round" => (Function::Round, vec![NUMBER], NUMBER),
        _ => return None,
    };
    Some(Signature { function, takes, gives })
}

/// Whether the language has a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

impl Checker<'_> {
    pub(super) fn function(&mut self, scope: &mut Scope, name: &Name, args: &[ast::Expr]) -> (Expr, Type) {
        let checked: Vec<(Expr, Type)> = args.iter().map(|arg| self.expression(scope, arg)).collect();
        let asks = checked.iter().any(|(value, _)| value.asks);
        let is_view = self.folder.views.iter().any(|view| view.name.text == name.text);
        if is_view {
            return self.view_call(scope, name, args, checked);
        }
        let Some(Signature { function, takes, gives }) = signature(&name.text) else {
            let views = self.folder.views.iter().map(|view| &*view.name.text);
            let message = format!("there is no view or function `{}`", name.text);
            let fault = Diagnostic::error("unknown-function", name.span, message);
            self.say(fault.near(&name.text, views.chain(FUNCTIONS)));
            return (null(), Type::ANY);
        };
        self.count(name, args.len(), takes.len());
        for ((wanted, arg), (_, found)) in takes.iter().zip(args).zip(&checked) {
            self.flows(found, wanted, arg.span, &format!("an argument of {}", name.text));
        }
        let values = checked.into_iter().map(|(value, _)| value).collect();
        (of(ExprKind::Function(function, values), asks), gives)
    }

    fn view_call(
        &mut self,
        scope: &Scope,
        name: &Name,
        args: &[ast::Expr],
        checked: Vec<(Expr, Type)>,
    ) -> (Expr, Type) {
        let Some(ViewSig::Known { index, params, secret, gives, .. }) = self.view_sig(name) else {
            return (null(), Type::ANY);
        };
        self.count(name, args.len(), params.len());
        for (((param, wanted), arg), (_, found)) in params.iter().zip(args).zip(&checked) {
            self.flows(found, wanted, arg.span, &format!("`{param}` of the view {}", name.text));
        }
        for (is_secret, arg) in secret.iter().zip(args) {
            if *is_secret {
                self.keep_secret(scope, arg);
            }
        }
        let pairs = params.iter().zip(&checked);
        let args = pairs.map(|((_, wanted), (_, found))| self.argument(found, wanted)).collect();
        let gives = self.gives_for(name, &gives, args);
        let values = checked.into_iter().map(|(value, _)| value).collect();
        (of(ExprKind::View(index, values), true), gives)
    }

    /// What a parameter is, given this: both what the view makes of it and what it is. What is still to be found out stays
    /// that.
    fn argument(&self, found: &Type, wanted: &Type) -> Type {
        if let Base::Hole(_) = found.base {
            return found.clone();
        }
        let found = self.holes.resolve(found);
        found.meet(wanted).unwrap_or_else(|| wanted.clone())
    }

    fn count(&mut self, name: &Name, given: usize, takes: usize) {
        if given != takes {
            let message = format!("`{}` takes {takes} arguments, and gets {given}", name.text);
            self.say(Diagnostic::error("argument-count", name.span, message));
        }
    }
}

//! What ends in a secret input, in whatever form.
//!
//! A token may be taken apart, given a default or put into a variable on its way; each field of the request that it was
//! made of is secret then, as a whole. That is more than need be (`creds.token` hides all of `creds`), and never less.

use super::Checker;
use super::scope::Scope;
use crate::ast::{Entry, Expr, ExprKind};
use crate::types::{Base, Type};

impl Checker<'_> {
    /// Learns that a value ends in a secret input.
    pub(super) fn keep_secret(&mut self, scope: &Scope, value: &Expr) {
        for ty in origins(scope, value) {
            self.holes.keep_secret(&ty);
        }
    }
}

/// The fields of requests that a value is made of: their types, which are still to be found out.
pub(super) fn origins(scope: &Scope, value: &Expr) -> Vec<Type> {
    let mut found = Vec::new();
    gather(scope, value, &mut found);
    found
}

fn gather(scope: &Scope, value: &Expr, found: &mut Vec<Type>) {
    let mut all = |values: &[&Expr]| values.iter().for_each(|value| gather(scope, value, found));
    match &*value.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Variable(name) => {
            let Some(variable) = scope.find(name) else { return };
            let own = matches!(variable.ty.base, Base::Hole(_)).then_some(&variable.ty);
            for origin in variable.origins.iter().chain(own) {
                // Each once: what is made of itself over and over would double.
                if !found.contains(origin) {
                    found.push(origin.clone());
                }
            }
        }
        ExprKind::Member(inner, _) | ExprKind::Not(inner) | ExprKind::Negative(inner) => all(&[inner]),
        ExprKind::Index(one, other) | ExprKind::Binary(_, one, other) => all(&[one, other]),
        ExprKind::If(condition, yes, no) => all(&[condition, yes, no]),
        ExprKind::List(items) | ExprKind::Call(_, items) => items.iter().for_each(|item| all(&[item])),
        ExprKind::Object(entries) => entries.iter().for_each(|entry| match entry {
            Entry::Field { value, .. } | Entry::Spread(value) => all(&[value]),
        }),
        ExprKind::Rows { call, filter, give } => {
            call.args.iter().for_each(|arg| all(&[&arg.value]));
            filter.iter().chain([give]).for_each(|part| all(&[part]));
        }
        ExprKind::Items { list, filter, give, .. } => {
            filter.iter().chain([list, give]).for_each(|part| all(&[part]));
        }
    }
}

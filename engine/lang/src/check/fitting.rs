//! Whether a value may go where it is put, and what that teaches about it.

use super::Checker;
use super::scope::Scope;
use crate::ast::{self, Binary};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::types::{Base, Type};

impl Checker<'_> {
    /// A value of one type goes where another is wanted.
    pub(super) fn flows(&mut self, found: &Type, wanted: &Type, span: Span, what: &str) {
        if !self.learn(found, wanted, span) {
            return;
        }
        let known = self.holes.resolve(found);
        if !known.fits(wanted) {
            let message = format!("{what} is {wanted}, and this is {known}");
            self.say(Diagnostic::error("type-mismatch", span, message).label(format!("this is {known}")));
        } else if found.null && !wanted.null && wanted.base != Base::Any && found.base != Base::Any {
            let message = format!("{what} must not be null, and this may be");
            let fault = Diagnostic::error("may-be-null", span, message);
            self.say(
                fault.help("say what stands in: `value ?? other`; or refuse: `let x = value else CODE`"),
            );
        }
    }

    /// Tells the holes in a type how it is used; false if that cannot be.
    pub(super) fn learn(&mut self, found: &Type, wanted: &Type, span: Span) -> bool {
        let Err(fault) = self.holes.learn(found, wanted, span) else { return true };
        let message = format!("this is used as {wanted} here, and as {} elsewhere", fault.known);
        let said = Diagnostic::error("type-mismatch", span, message);
        self.say(match fault.learnt {
            Some(elsewhere) => said.also(elsewhere, format!("used as {} here", fault.known)),
            None => said,
        });
        false
    }

    /// Two values that are compared can be equal.
    pub(super) fn comparable(&mut self, a: &Type, b: &Type, span: Span) {
        for (hole, other) in [(a, b), (b, a)] {
            if matches!(hole.base, Base::Hole(_)) {
                // To be compared with some texts is to be a text, not to be one of them.
                let other = self.holes.resolve(other);
                let base =
                    if let Base::OneOf(_) | Base::Id(_) = other.base { Base::Text } else { other.base };
                self.learn(hole, &Type { base, null: true }, span);
                return;
            }
        }
        let (a, b) = (self.holes.resolve(a), self.holes.resolve(b));
        if !a.meets(&b) {
            let message = format!("{a} can never be equal to {b}");
            self.say(Diagnostic::error("type-mismatch", span, message));
        }
    }
}

/// What a condition says about variables, when it is true.
pub(super) fn narrow(scope: &mut Scope, condition: &ast::Expr) {
    let is_null =
        |expr: &ast::Expr| matches!(&*expr.kind, ast::ExprKind::Literal(literal) if literal.value.is_null());
    match &*condition.kind {
        ast::ExprKind::Variable(name) => scope.not_null(name),
        ast::ExprKind::Binary(Binary::And, left, right) => {
            narrow(scope, left);
            narrow(scope, right);
        }
        ast::ExprKind::Binary(Binary::Unequal, left, right) => {
            for (one, other) in [(left, right), (right, left)] {
                if is_null(other) {
                    narrow(scope, one);
                }
            }
        }
        ast::ExprKind::Binary(
            Binary::Equal | Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual,
            left,
            right,
        ) => {
            // What compares well with something is something.
            for (one, other) in [(left, right), (right, left)] {
                if matches!(&*other.kind, ast::ExprKind::Literal(literal) if !literal.value.is_null())
                    && matches!(&*one.kind, ast::ExprKind::Variable(_))
                {
                    narrow(scope, one);
                }
            }
        }
        _ => {}
    }
}

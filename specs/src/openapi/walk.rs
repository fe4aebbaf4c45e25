//! The parts of expressions and lines.
//!
//! Whoever looks through a plan goes through here, so that a new kind of expression has one place to be thought about.
//! The price is a list for each expression; patterns have only constants in them and are left out.

use concord::Value;
use concord_lang::plan::{Expr, ExprKind, Match, Part, Slot, Step, StepKind, Test};

/// The expressions right below one.
pub(super) fn inner(expr: &Expr) -> Vec<&Expr> {
    match &*expr.kind {
        ExprKind::Const(_) | ExprKind::Slot(_) => Vec::new(),
        ExprKind::Member(inner, _) | ExprKind::Not(inner) => vec![inner],
        ExprKind::Index(a, b)
        | ExprKind::Otherwise(a, b)
        | ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Compute(_, a, b) => vec![a, b],
        ExprKind::If(a, b, c) => vec![a, b, c],
        ExprKind::Object(parts) => {
            let value = |part| match part {
                &Part::Field(_, ref value) | &Part::Spread(ref value) => value,
            };
            parts.iter().map(value).collect()
        }
        ExprKind::List(items) | ExprKind::Function(_, items) | ExprKind::View(_, items) => {
            items.iter().collect()
        }
        ExprKind::Rows { call, filter, give } => {
            call.args.iter().map(|(_, value)| value).chain(filter).chain([give]).collect()
        }
        ExprKind::Items { list, filter, give, .. } => {
            [list].into_iter().chain(filter).chain([give]).collect()
        }
    }
}

/// What a line works out, but for what it refuses with.
pub(super) fn of_step(step: &Step) -> Vec<&Expr> {
    match &step.kind {
        StepKind::Call(_, call) => call.args.iter().map(|(_, value)| value).collect(),
        StepKind::Let(_, value) | StepKind::Keep(value) => vec![value],
    }
}

/// A variable's field that is named: `headers["x-name"]`, `auth.token`.
pub(super) fn field(expr: &Expr) -> Option<(Slot, &str)> {
    let slot = |inner: &Expr| match &*inner.kind {
        ExprKind::Slot(slot) => Some(*slot),
        _ => None,
    };
    match &*expr.kind {
        ExprKind::Member(inner, name) => Some((slot(inner)?, name)),
        ExprKind::Index(inner, name) => match &*name.kind {
            ExprKind::Const(Value::Text(name)) => Some((slot(inner)?, name)),
            _ => None,
        },
        _ => None,
    }
}

/// The variables in an expression.
pub(super) fn slots(expr: &Expr) -> Vec<Slot> {
    match &*expr.kind {
        ExprKind::Slot(slot) => vec![*slot],
        _ => inner(expr).into_iter().flat_map(slots).collect(),
    }
}

/// The variables that a line binds.
pub(super) fn bound(step: &Step) -> Vec<Slot> {
    match &step.kind {
        StepKind::Call(_, call) => of_matches(&call.outs),
        StepKind::Let(slot, _) => vec![*slot],
        StepKind::Keep(_) => Vec::new(),
    }
}

fn of_matches(matches: &[Match]) -> Vec<Slot> {
    let of = |field: &Match| match &field.test {
        Test::Bind(slot) => vec![*slot],
        Test::Same(_) | Test::Is(_) => Vec::new(),
        Test::Inside(fields) => of_matches(fields),
    };
    matches.iter().flat_map(of).collect()
}

//! Expressions that ask nothing.
//!
//! Whatever has no value is null: a field of null, a place behind the end of a list, a sum with a text in it. The checker
//! has seen where that can happen.

use std::sync::Arc;

use concord::{Name, Value};
use concord_lang::plan::{Expr, ExprKind, Operator, Part};

use super::functions::function;

/// Variables by slot.
pub(crate) type Frame = Vec<Value>;

/// What expressions may know of the world.
pub(crate) trait Surroundings {
    /// The time, in milliseconds.
    fn now(&self) -> i64;
    /// A fresh id.
    fn fresh(&mut self) -> Arc<str>;
    /// Whether so many more bytes may be built. If not, the value is null, and whoever asked for it has to look.
    fn may_build(&mut self, bytes: usize) -> bool;
}

pub(crate) fn value(expr: &Expr, frame: &mut Frame, world: &mut dyn Surroundings) -> Value {
    match &*expr.kind {
        ExprKind::Const(value) => value.clone(),
        ExprKind::Slot(slot) => frame[*slot].clone(),
        ExprKind::Member(object, name) => match &*object.kind {
            ExprKind::Slot(slot) => frame[*slot].field(name), // no copy of the whole
            _ => value(object, frame, world).field(name),
        },
        ExprKind::Index(list, at) => {
            let list = value(list, frame, world);
            index(&list, &value(at, frame, world))
        }
        ExprKind::Object(parts) => {
            let mut fields = Vec::with_capacity(parts.len());
            for part in parts {
                match part {
                    Part::Field(name, expr) => set(&mut fields, name.into(), value(expr, frame, world)),
                    Part::Spread(expr) => spread(&mut fields, &value(expr, frame, world)),
                }
            }
            object(fields, world)
        }
        ExprKind::List(items) => list_of(items.iter().map(|item| value(item, frame, world)).collect(), world),
        ExprKind::Items { slot, list, filter, give } => {
            let Value::List(items) = value(list, frame, world) else { return Value::List([].into()) };
            let mut given = Vec::with_capacity(items.len());
            for item in items.iter() {
                frame[*slot] = item.clone();
                if filter.as_ref().is_none_or(|filter| value(filter, frame, world).is_true()) {
                    let item = value(give, frame, world);
                    if item.is_null() && !world.may_build(0) {
                        break; // nobody will look at it
                    }
                    given.push(item);
                }
            }
            frame[*slot] = Value::Null;
            list_of(given, world)
        }
        ExprKind::If(condition, yes, no) => {
            let branch = if value(condition, frame, world).is_true() { yes } else { no };
            value(branch, frame, world)
        }
        ExprKind::Otherwise(first, second) => match value(first, frame, world) {
            Value::Null => value(second, frame, world),
            found => found,
        },
        ExprKind::And(a, b) => {
            Value::Bool(value(a, frame, world).is_true() && value(b, frame, world).is_true())
        }
        ExprKind::Or(a, b) => {
            Value::Bool(value(a, frame, world).is_true() || value(b, frame, world).is_true())
        }
        ExprKind::Not(inner) => Value::Bool(!value(inner, frame, world).is_true()),
        ExprKind::Compute(op, a, b) => {
            let a = value(a, frame, world);
            let b = value(b, frame, world);
            compute(*op, &a, &b, world)
        }
        ExprKind::Function(name, args) => {
            let args: Vec<Value> = args.iter().map(|arg| value(arg, frame, world)).collect();
            function(*name, &args, world)
        }
        // These ask; they never get here.
        ExprKind::Rows { .. } | ExprKind::View(..) => Value::Null,
    }
}

pub(super) fn object(fields: Vec<(Name, Value)>, world: &mut dyn Surroundings) -> Value {
    if world.may_build(size_of_val(&*fields)) { Value::Object(fields.into()) } else { Value::Null }
}

pub(super) fn list_of(items: Vec<Value>, world: &mut dyn Surroundings) -> Value {
    if world.may_build(size_of_val(&*items)) { Value::List(items.into()) } else { Value::Null }
}

/// Sets a field; the last of one name counts, in the place of the first.
pub(super) fn set(fields: &mut Vec<(Name, Value)>, name: Name, value: Value) {
    match fields.iter_mut().find(|(other, _)| *other == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

pub(super) fn spread(fields: &mut Vec<(Name, Value)>, object: &Value) {
    if let Value::Object(more) = object {
        for (name, value) in more.iter() {
            set(fields, name.clone(), value.clone());
        }
    }
}

pub(super) fn index(list: &Value, at: &Value) -> Value {
    match (list, at) {
        (Value::List(items), Value::Int(at)) => {
            usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default()
        }
        (Value::Object(_), Value::Text(name)) => list.field(name),
        _ => Value::Null,
    }
}

pub(super) fn compute(op: Operator, a: &Value, b: &Value, world: &mut dyn Surroundings) -> Value {
    match op {
        Operator::Equal => Value::Bool(a == b),
        Operator::Unequal => Value::Bool(a != b),
        Operator::Less => ordered(a, b, std::cmp::Ordering::is_lt),
        Operator::LessOrEqual => ordered(a, b, std::cmp::Ordering::is_le),
        Operator::Greater => ordered(a, b, std::cmp::Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(a, b, std::cmp::Ordering::is_ge),
        Operator::In => Value::Bool(match b {
            Value::List(items) => items.contains(a),
            _ => false,
        }),
        Operator::Add => add(a, b, world),
        Operator::Subtract => arithmetic(a, b, i64::checked_sub, |a, b| a - b),
        Operator::Multiply => arithmetic(a, b, i64::checked_mul, |a, b| a * b),
        Operator::Divide => match (a.as_number(), b.as_number()) {
            (Some(a), Some(b)) if b != 0.0 => Value::number(a / b),
            _ => Value::Null,
        },
    }
}

/// What is of different kinds, or null, has no order: every comparison of it is false.
fn ordered(a: &Value, b: &Value, wanted: fn(std::cmp::Ordering) -> bool) -> Value {
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some((**a).cmp(b)),
        _ => a.as_number().zip(b.as_number()).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    Value::Bool(order.is_some_and(wanted))
}

fn add(a: &Value, b: &Value, world: &mut dyn Surroundings) -> Value {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => {
            let fits = world.may_build(a.len() + b.len());
            if fits { Value::text(format!("{}{}", &**a, &**b)) } else { Value::Null }
        }
        (Value::List(a), Value::List(b)) => {
            let fits = world.may_build(size_of_val(&**a) + size_of_val(&**b));
            if fits { Value::List(a.iter().chain(b.iter()).cloned().collect()) } else { Value::Null }
        }
        _ => arithmetic(a, b, i64::checked_add, |a, b| a + b),
    }
}

fn arithmetic(a: &Value, b: &Value, whole: fn(i64, i64) -> Option<i64>, other: fn(f64, f64) -> f64) -> Value {
    if let (Value::Int(a), Value::Int(b)) = (a, b)
        && let Some(result) = whole(*a, *b)
    {
        return Value::Int(result);
    }
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => Value::number(other(a, b)),
        _ => Value::Null,
    }
}

//! Expressions: what they become, and of which type they are.

use std::sync::Arc;

use concord::Value;

use super::Checker;
use super::fitting::narrow;
use super::pattern::Fields;
use super::scope::Scope;
use crate::ast::{self, Binary, Entry, Name};
use crate::diagnostic::Diagnostic;
use crate::names::Does;
use crate::plan::{Expr, ExprKind, Operator, Part};
use crate::source::Span;
use crate::types::{Base, FieldType, Type};

const NUMBER: Type = Type::of(Base::Number);
const TEXT: Type = Type::of(Base::Text);
const BOOL: Type = Type::of(Base::Bool);

pub(super) fn null() -> Expr {
    plain(ExprKind::Const(Value::Null))
}

fn plain(kind: ExprKind) -> Expr {
    Expr { kind: Box::new(kind), asks: false }
}

pub(super) fn of(kind: ExprKind, asks: bool) -> Expr {
    Expr { kind: Box::new(kind), asks }
}

impl Checker<'_> {
    pub(super) fn expression(&mut self, scope: &mut Scope, expr: &ast::Expr) -> (Expr, Type) {
        match &*expr.kind {
            ast::ExprKind::Literal(ast::Literal { value, .. }) => {
                (plain(ExprKind::Const(value.clone())), Type::of_value(value))
            }
            ast::ExprKind::Variable(name) => self.variable(scope, name, expr.span),
            ast::ExprKind::Member(object, field) => self.member(scope, object, field),
            ast::ExprKind::Index(list, index) => self.index(scope, list, index),
            ast::ExprKind::Object(entries) => self.object(scope, entries),
            ast::ExprKind::List(items) => self.list(scope, items),
            ast::ExprKind::Rows { call, filter, give } => self.rows(scope, call, filter.as_ref(), give),
            ast::ExprKind::Items { name, list, filter, give } => {
                self.items(scope, name, list, filter.as_ref(), give)
            }
            ast::ExprKind::If(condition, yes, no) => self.choice(scope, condition, yes, no),
            ast::ExprKind::Binary(op, left, right) => self.binary(scope, *op, left, right),
            ast::ExprKind::Not(inner) => {
                let (inner, _) = self.expression(scope, inner);
                let asks = inner.asks;
                (of(ExprKind::Not(inner), asks), BOOL)
            }
            ast::ExprKind::Negative(inner) => {
                let (value, ty) = self.expression(scope, inner);
                self.flows(&ty, &NUMBER, inner.span, "what is negated");
                let asks = value.asks;
                (
                    of(
                        ExprKind::Compute(Operator::Subtract, plain(ExprKind::Const(Value::Int(0))), value),
                        asks,
                    ),
                    NUMBER,
                )
            }
            ast::ExprKind::Call(name, args) => self.function(scope, name, args),
        }
    }

    fn variable(&mut self, scope: &mut Scope, name: &Arc<str>, span: Span) -> (Expr, Type) {
        if let Some(found) = scope.read(name) {
            return (plain(ExprKind::Slot(found.slot)), found.ty.clone());
        }
        let message = format!("nothing binds `{name}`");
        let fault = Diagnostic::error("unbound-variable", span, message).near(name, scope.names());
        self.say(fault);
        (null(), Type::ANY)
    }

    fn member(&mut self, scope: &mut Scope, object: &ast::Expr, field: &Name) -> (Expr, Type) {
        if let ast::ExprKind::Variable(name) = &*object.kind
            && **name == *"settings"
            && scope.find(name).is_none()
        {
            return self.setting_value(field);
        }
        let (value, ty) = self.expression(scope, object);
        let asks = value.asks;
        let member = of(ExprKind::Member(value, Arc::clone(&field.text)), asks);
        let ty = self.holes.resolve(&ty);
        let field_ty = match &ty.base {
            Base::Object(fields) => {
                let known = fields.iter().find(|known| known.name == field.text);
                if known.is_none() {
                    let message = format!("there is no field `{}` in this object", field.text);
                    let fault = Diagnostic::error("unknown-field", field.span, message);
                    self.say(fault.near(&field.text, fields.iter().map(|field| &*field.name)));
                }
                known.map_or(Type::ANY, |known| Type {
                    null: known.ty.null || known.optional || ty.null,
                    ..known.ty.clone()
                })
            }
            Base::Map(value) => Type::clone(value).or_null(),
            Base::Any | Base::Hole(_) | Base::Nothing => Type::ANY,
            Base::Bool | Base::Number | Base::Text | Base::Id(_) | Base::OneOf(_) | Base::List(_) => {
                let message = format!("this is {ty}, which has no fields");
                self.say(Diagnostic::error("type-mismatch", object.span, message));
                Type::ANY
            }
        };
        (member, field_ty)
    }

    fn setting_value(&mut self, field: &Name) -> (Expr, Type) {
        if let Some((_, value)) = self.settings.iter().find(|(name, _)| *name == field.text) {
            let ty = match value {
                Value::Text(_) => TEXT,
                other => Type::of_value(other),
            };
            return (plain(ExprKind::Const(value.clone())), ty);
        }
        let message = format!("there is no setting `{}`", field.text);
        let known: Vec<Arc<str>> = self.settings.iter().map(|(name, _)| Arc::clone(name)).collect();
        let fault = Diagnostic::error("unknown-setting", field.span, message);
        self.say(fault.near(&field.text, known.iter().map(|name| &**name)));
        (null(), Type::ANY)
    }

    fn index(&mut self, scope: &mut Scope, list: &ast::Expr, index: &ast::Expr) -> (Expr, Type) {
        let (value, ty) = self.expression(scope, list);
        let (at, at_ty) = self.expression(scope, index);
        let asks = value.asks || at.asks;
        let ty = self.holes.resolve(&ty);
        let item = match &ty.base {
            Base::List(item) => {
                self.flows(&at_ty, &NUMBER, index.span, "the place in a list");
                Type::clone(item).or_null()
            }
            Base::Map(value) => {
                self.flows(&at_ty, &TEXT, index.span, "the key");
                Type::clone(value).or_null()
            }
            Base::Object(_) | Base::Any | Base::Hole(_) | Base::Nothing => Type::ANY,
            Base::Bool | Base::Number | Base::Text | Base::Id(_) | Base::OneOf(_) => {
                let message = format!("this is {ty}, which has no parts");
                self.say(Diagnostic::error("type-mismatch", list.span, message));
                Type::ANY
            }
        };
        (of(ExprKind::Index(value, at), asks), item)
    }

    fn object(&mut self, scope: &mut Scope, entries: &[Entry]) -> (Expr, Type) {
        let (mut parts, mut fields, mut open, mut asks) = (Vec::new(), Vec::<FieldType>::new(), false, false);
        for entry in entries {
            let (value, added) = match entry {
                Entry::Field { key, value, .. } => {
                    if fields.iter().any(|field| field.name == key.text) && !open {
                        let message = format!("the field `{}` is there already", key.text);
                        self.say(Diagnostic::error("field-twice", key.span, message));
                    }
                    let (value, ty) = self.expression(scope, value);
                    asks |= value.asks;
                    let name = Arc::clone(&key.text);
                    let field = FieldType { name: Arc::clone(&name), ty, optional: false };
                    (Part::Field(name, value), vec![field])
                }
                Entry::Spread(inner) => {
                    let (value, ty) = self.expression(scope, inner);
                    asks |= value.asks;
                    let ty = self.holes.resolve(&ty);
                    let known = matches!(ty.base, Base::Object(_)) && !ty.null;
                    open |= !known;
                    if !matches!(ty.base, Base::Object(_) | Base::Map(_) | Base::Any | Base::Nothing) {
                        let message = format!("only an object can be spread, and this is {ty}");
                        self.say(Diagnostic::error("type-mismatch", inner.span, message));
                    }
                    (Part::Spread(value), ty.fields().to_vec())
                }
            };
            parts.push(value);
            for field in added {
                fields.retain(|other| other.name != field.name);
                fields.push(field);
            }
        }
        let base = if open { Base::Map(Arc::new(Type::ANY)) } else { Base::Object(fields.into()) };
        (of(ExprKind::Object(parts), asks), Type::of(base))
    }

    fn list(&mut self, scope: &mut Scope, items: &[ast::Expr]) -> (Expr, Type) {
        let mut joined: Option<Type> = None;
        let mut values = Vec::new();
        for item in items {
            let (value, ty) = self.expression(scope, item);
            values.push(value);
            joined = Some(match joined {
                Some(so_far) => so_far.join(ty),
                None => ty,
            });
        }
        let asks = values.iter().any(|value| value.asks);
        (of(ExprKind::List(values), asks), Type::list(joined.unwrap_or(Type::NEVER)))
    }

    fn rows(
        &mut self,
        scope: &mut Scope,
        call: &ast::Call,
        filter: Option<&ast::Expr>,
        give: &ast::Expr,
    ) -> (Expr, Type) {
        let mark = scope.mark();
        let checked = self.call(scope, call, true).map(|(plan, sig)| (plan, sig.does));
        let filter = self.filter(scope, filter);
        let (give, ty) = self.expression(scope, give);
        scope.reset(mark);
        let Some((call_plan, does)) = checked else { return (null(), Type::ANY) };
        if does == Does::Acts {
            let message = format!("`{}` acts; only queries may stand here", call.path.action.text);
            self.say(Diagnostic::error("not-a-query", call.path.span(), message));
        }
        (of(ExprKind::Rows { call: call_plan, filter, give }, true), Type::list(ty))
    }

    fn items(
        &mut self,
        scope: &mut Scope,
        name: &Name,
        list: &ast::Expr,
        filter: Option<&ast::Expr>,
        give: &ast::Expr,
    ) -> (Expr, Type) {
        let (list_value, list_ty) = self.expression(scope, list);
        self.flows(&list_ty, &Type::list(Type::ANY), list.span, "what is walked through");
        let item = match self.holes.resolve(&list_ty).base {
            Base::List(item) => Type::clone(&item),
            _ => Type::ANY,
        };
        let mark = scope.mark();
        let slot = scope.bind(name, item, false);
        let filter = self.filter(scope, filter);
        let (give, ty) = self.expression(scope, give);
        scope.reset(mark);
        let asks = list_value.asks || give.asks || filter.as_ref().is_some_and(|filter| filter.asks);
        (of(ExprKind::Items { slot, list: list_value, filter, give }, asks), Type::list(ty))
    }

    fn filter(&mut self, scope: &mut Scope, filter: Option<&ast::Expr>) -> Option<Expr> {
        let filter = filter?;
        let (value, _) = self.expression(scope, filter);
        narrow(scope, filter);
        Some(value)
    }

    fn choice(
        &mut self,
        scope: &mut Scope,
        condition: &ast::Expr,
        yes: &ast::Expr,
        no: &ast::Expr,
    ) -> (Expr, Type) {
        let (test, _) = self.expression(scope, condition);
        let mark = scope.mark();
        narrow(scope, condition);
        let (yes, yes_ty) = self.expression(scope, yes);
        scope.reset(mark);
        let (no, no_ty) = self.expression(scope, no);
        let asks = test.asks || yes.asks || no.asks;
        (of(ExprKind::If(test, yes, no), asks), yes_ty.join(no_ty))
    }

    fn binary(&mut self, scope: &mut Scope, op: Binary, left: &ast::Expr, right: &ast::Expr) -> (Expr, Type) {
        let (a, a_ty) = self.expression(scope, left);
        let mark = scope.mark();
        if op == Binary::And {
            narrow(scope, left);
        }
        let (b, b_ty) = self.expression(scope, right);
        scope.reset(mark);
        let asks = a.asks || b.asks;
        let compute = |op, a, b| of(ExprKind::Compute(op, a, b), asks);
        let spans = left.span.to(right.span);
        match op {
            Binary::Otherwise => {
                let ty = a_ty.not_null().join(b_ty);
                (of(ExprKind::Otherwise(a, b), asks), ty)
            }
            Binary::Or => (of(ExprKind::Or(a, b), asks), BOOL),
            Binary::And => (of(ExprKind::And(a, b), asks), BOOL),
            Binary::Equal | Binary::Unequal => {
                self.comparable(&a_ty, &b_ty, spans);
                let op = if op == Binary::Equal { Operator::Equal } else { Operator::Unequal };
                (compute(op, a, b), BOOL)
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                self.comparable(&a_ty, &b_ty, spans);
                (compute(ordering(op), a, b), BOOL)
            }
            Binary::In => {
                self.flows(&b_ty, &Type::list(Type::ANY).or_null(), right.span, "what is looked through");
                if let Base::List(item) = &self.holes.resolve(&b_ty).base {
                    self.comparable(&a_ty, item, spans);
                }
                (compute(Operator::In, a, b), BOOL)
            }
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide => {
                let mut ty = self.arithmetic(op, (&a_ty, left.span), (&b_ty, right.span));
                // Only what is divided by something that may be zero may be nothing.
                ty.null |= op == Binary::Divide && !is_non_zero(right);
                let op = match op {
                    Binary::Add => Operator::Add,
                    Binary::Subtract => Operator::Subtract,
                    Binary::Multiply => Operator::Multiply,
                    _ => Operator::Divide,
                };
                (compute(op, a, b), ty)
            }
        }
    }

    fn arithmetic(&mut self, op: Binary, a: (&Type, Span), b: (&Type, Span)) -> Type {
        let nullable = |ty: &Type| ty.null && ty.base != Base::Any;
        let null = nullable(a.0) || nullable(b.0);
        let is = |ty: &Type| matches!(ty.base, Base::Text | Base::Id(_) | Base::OneOf(_));
        let (a_known, b_known) = (self.holes.resolve(a.0), self.holes.resolve(b.0));
        let wanted = if op == Binary::Add && (is(&a_known) || is(&b_known)) {
            TEXT
        } else if op == Binary::Add && matches!(a_known.base, Base::List(_)) {
            Type::list(Type::ANY)
        } else {
            NUMBER
        };
        let spelt = op.spelling().0;
        self.flows(a.0, &wanted.clone().or_null(), a.1, &format!("what stands left of `{spelt}`"));
        self.flows(b.0, &wanted.clone().or_null(), b.1, &format!("what stands right of `{spelt}`"));
        Type { null, ..wanted }
    }
}

fn ordering(op: Binary) -> Operator {
    match op {
        Binary::Less => Operator::Less,
        Binary::LessOrEqual => Operator::LessOrEqual,
        Binary::Greater => Operator::Greater,
        _ => Operator::GreaterOrEqual,
    }
}

impl Checker<'_> {
    /// An object pattern's type, as a request field that is one learns it.
    pub(super) fn fields_of<'f>(ty: &'f Type, of: &'f str) -> Fields<'f> {
        Fields { ty, of, matters: false }
    }
}

fn is_non_zero(expr: &ast::Expr) -> bool {
    match &*expr.kind {
        ast::ExprKind::Literal(literal) => literal.value.as_number().is_some_and(|number| number != 0.0),
        _ => false,
    }
}

//! Patterns: which fields there are, of which types, and what they bind.

use std::sync::Arc;

use super::Checker;
use super::scope::Scope;
use crate::ast::{FieldPattern, Pattern, Target};
use crate::diagnostic::Diagnostic;
use crate::plan::{Match, Test};
use crate::types::{Base, Type};

/// What a pattern is laid upon.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) ty: &'a Type,
    /// What it is, in messages: `CallSession.joinSession`.
    pub(super) of: &'a str,
    /// Whether variables that nothing reads are worth a word.
    pub(super) matters: bool,
}

impl Checker<'_> {
    /// A pattern on a value of a known type.
    pub(super) fn pattern(&mut self, scope: &mut Scope, pattern: &Pattern, fields: Fields<'_>) -> Vec<Match> {
        self.once(pattern);
        pattern
            .fields
            .iter()
            .map(|field| {
                let ty = self.field_type(field, fields);
                self.field_pattern(scope, field, ty, fields)
            })
            .collect()
    }

    /// A field is named once.
    pub(super) fn once(&mut self, pattern: &Pattern) {
        for (at, field) in pattern.fields.iter().enumerate() {
            if pattern.fields[..at].iter().any(|earlier| earlier.key.text == field.key.text) {
                let message = format!("the field `{}` is named twice", field.key.text);
                self.say(Diagnostic::error("field-twice", field.key.span, message));
            }
        }
    }

    fn field_type(&mut self, field: &FieldPattern, fields: Fields<'_>) -> Type {
        let name = &field.key.text;
        match &fields.ty.base {
            Base::Object(known) => {
                if let Some(found) = known.iter().find(|known| known.name == *name) {
                    let null = found.ty.null || found.optional;
                    return Type { null, ..found.ty.clone() };
                }
                let message = format!("{} has no field `{name}`", fields.of);
                let fault = Diagnostic::error("unknown-field", field.key.span, message);
                let names: Vec<&str> = known.iter().map(|field| &*field.name).collect();
                let listed = if names.is_empty() {
                    "it has no fields".to_owned()
                } else {
                    format!("it has {}", names.join(", "))
                };
                let fault = fault.near(name, names.iter().copied());
                self.say(if fault.help.is_some() { fault } else { fault.help(listed) });
                Type::ANY
            }
            Base::Map(value) => Type::clone(value).or_null(),
            _ => Type::ANY,
        }
    }

    /// One field of a pattern, whose type is known by now.
    pub(super) fn field_pattern(
        &mut self,
        scope: &mut Scope,
        field: &FieldPattern,
        ty: Type,
        fields: Fields<'_>,
    ) -> Match {
        let key = Arc::clone(&field.key.text);
        let (default, ty) = match &field.default {
            None => (None, ty),
            Some(default) => {
                let (value, default_ty) = self.expression(scope, default);
                self.learn(&ty, &default_ty.clone().widened().or_null(), default.span);
                (Some(value), with_default(ty, default_ty))
            }
        };
        let test = match &field.target {
            Target::Variable(name) => {
                if let Some(bound) = scope.read(&name.text) {
                    let (bound_ty, slot) = (bound.ty.clone(), bound.slot);
                    self.comparable(&ty, &bound_ty, name.span);
                    Test::Same(slot)
                } else {
                    Test::Bind(scope.bind(name, ty, fields.matters))
                }
            }
            Target::Literal(literal, span) => {
                let value = &literal.value;
                self.comparable(&ty, &Type::of_value(value), *span);
                Test::Is(value.clone())
            }
            Target::Nested(inner) => {
                let of = format!("{} of {}", field.key.text, fields.of);
                if !matches!(ty.base, Base::Object(_) | Base::Map(_) | Base::Any | Base::Hole(_)) {
                    let message = format!("`{}` is {ty}, which has no fields", field.key.text);
                    self.say(Diagnostic::error("type-mismatch", inner.span, message));
                }
                Test::Inside(self.pattern(scope, inner, Fields { ty: &ty, of: &of, ..fields }))
            }
        };
        Match { key, default, test }
    }
}

/// The type of a field that has a default.
fn with_default(ty: Type, default: Type) -> Type {
    match ty.base {
        Base::Hole(_) => Type { null: default.null, ..ty },
        _ => ty.not_null().join(default),
    }
}

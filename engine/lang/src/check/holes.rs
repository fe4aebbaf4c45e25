//! Types that are found out from uses: fields of requests and parameters of views.

use crate::source::Span;
use crate::types::{Base, FieldType, Type};

/// What is known of each hole.
#[derive(Debug, Default)]
pub(super) struct Holes {
    list: Vec<Hole>,
}

#[derive(Debug, Clone)]
struct Hole {
    ty: Type,
    /// Where what is known was learnt.
    learnt: Option<Span>,
    secret: bool,
}

/// Two uses that do not agree.
pub(super) struct Disagreement {
    pub(super) known: Type,
    pub(super) learnt: Option<Span>,
}

impl Holes {
    /// A new one, of which nothing is known.
    pub(super) fn fresh(&mut self) -> Type {
        self.list.push(Hole { ty: Type::ANY, learnt: None, secret: false });
        Type::of(Base::Hole(self.list.len() - 1))
    }

    /// A type with what is known put in for its holes.
    pub(super) fn resolve(&self, ty: &Type) -> Type {
        let base = match &ty.base {
            Base::Hole(hole) => {
                let known = self.list.get(*hole).map_or(Type::ANY, |hole| hole.ty.clone());
                return Type { null: known.null || ty.null, ..known };
            }
            Base::List(item) => Base::List(self.resolve(item).into()),
            Base::Map(value) => Base::Map(self.resolve(value).into()),
            Base::Object(fields) => {
                let field = |field: &FieldType| FieldType { ty: self.resolve(&field.ty), ..field.clone() };
                Base::Object(fields.iter().map(field).collect())
            }
            other => other.clone(),
        };
        Type { base, null: ty.null }
    }

    /// Learns that whatever `found` stands for is used as `wanted`.
    pub(super) fn learn(&mut self, found: &Type, wanted: &Type, span: Span) -> Result<(), Disagreement> {
        match (&found.base, &wanted.base) {
            (Base::Hole(hole), _) => {
                let wanted = self.resolve(wanted);
                let Some(hole) = self.list.get_mut(*hole) else { return Ok(()) };
                let Some(ty) = hole.ty.meet(&wanted) else {
                    return Err(Disagreement { known: hole.ty.clone(), learnt: hole.learnt });
                };
                if ty != hole.ty {
                    hole.learnt = Some(span);
                    hole.ty = ty;
                }
                Ok(())
            }
            (Base::Object(fields), Base::Object(wanted)) => {
                let pairs = fields.iter().filter_map(|field| {
                    Some((&field.ty, &wanted.iter().find(|other| other.name == field.name)?.ty))
                });
                pairs.into_iter().try_for_each(|(found, wanted)| self.learn(found, wanted, span))
            }
            (Base::Object(fields), Base::Map(value)) => {
                fields.iter().try_for_each(|field| self.learn(&field.ty, value, span))
            }
            (Base::List(item), Base::List(wanted)) => self.learn(item, wanted, span),
            _ => Ok(()),
        }
    }

    /// Learns that it holds something secret.
    pub(super) fn keep_secret(&mut self, ty: &Type) {
        if let Base::Hole(hole) = ty.base
            && let Some(hole) = self.list.get_mut(hole)
        {
            hole.secret = true;
        }
    }

    pub(super) fn is_secret(&self, ty: &Type) -> bool {
        matches!(ty.base, Base::Hole(hole) if self.list.get(hole).is_some_and(|hole| hole.secret))
    }
}

//! Fields of requests and messages: what all syncs that name them make of their types, and whether they may be absent.

use std::sync::Arc;

use super::Checker;
use super::pattern::Fields;
use super::scope::Scope;
use crate::ast::{FieldPattern, Name, Pattern, Target};
use crate::plan::{Match, RouteField, Test};
use crate::source::Span;
use crate::types::{Base, FieldType, Type};

/// A field that syncs name.
pub(super) struct Node {
    pub(super) name: Arc<str>,
    /// Where it was named first.
    pub(super) span: Span,
    pub(super) ty: Type,
    pub(super) optional: bool,
    pub(super) nested: Vec<Node>,
}

impl Checker<'_> {
    pub(super) fn node_pattern(&mut self, scope: &mut Scope, field: &FieldPattern, node: &mut Node) -> Match {
        let Target::Nested(pattern) = &field.target else {
            let ty = node.ty.clone();
            return self.field_pattern(
                scope,
                field,
                ty,
                Fields { ty: &Type::ANY, of: "a request", matters: false },
            );
        };
        self.once(pattern);
        self.learn(&node.ty, &Type::of(Base::Object([].into())), pattern.span);
        let default = field.default.as_ref().map(|default| {
            let (value, ty) = self.expression(scope, default);
            let what = format!("what stands in for `{}`", field.key.text);
            self.flows(&ty, &Type::of(Base::Object([].into())), default.span, &what);
            value
        });
        let inner = self.nested_nodes(scope, pattern, node);
        Match { key: Arc::clone(&field.key.text), default, test: Test::Inside(inner) }
    }

    fn nested_nodes(&mut self, scope: &mut Scope, pattern: &Pattern, node: &mut Node) -> Vec<Match> {
        let mut matches = Vec::new();
        for field in &pattern.fields {
            let required = field.default.is_none();
            let mut inner = take(&mut node.nested, &field.key, || self.holes.fresh(), required);
            matches.push(self.node_pattern(scope, field, &mut inner));
            node.nested.push(inner);
        }
        matches
    }

    /// The field, for the plan.
    pub(super) fn node_field(&self, node: &Node) -> RouteField {
        let FieldType { name, ty, optional } = self.node_type(node);
        RouteField { name, ty, optional, secret: self.is_secret(node) }
    }

    /// Whether it ends in a secret input, or something in it does.
    pub(super) fn is_secret(&self, node: &Node) -> bool {
        self.holes.is_secret(&node.ty) || node.nested.iter().any(|inner| self.is_secret(inner))
    }

    fn node_type(&self, node: &Node) -> FieldType {
        let known = self.holes.resolve(&node.ty);
        let ty = if node.nested.is_empty() {
            Type { null: node.optional, ..known }
        } else {
            let fields = node.nested.iter().map(|inner| self.node_type(inner)).collect();
            let nested = Type::of(Base::Object(fields));
            Type { null: node.optional, ..known.meet(&nested).unwrap_or(nested) }
        };
        FieldType { name: Arc::clone(&node.name), ty, optional: node.optional }
    }
}

/// Takes the field of this name out of the list, or makes it. Who names it without a default requires it.
pub(super) fn take(nodes: &mut Vec<Node>, name: &Name, fresh: impl FnOnce() -> Type, required: bool) -> Node {
    match nodes.iter().position(|node| node.name == name.text) {
        Some(at) => {
            let mut node = nodes.remove(at);
            node.optional &= !required;
            node
        }
        None => Node {
            name: Arc::clone(&name.text),
            span: name.span,
            ty: fresh(),
            optional: !required,
            nested: Vec::new(),
        },
    }
}

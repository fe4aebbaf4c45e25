//! Expressions, with no more brackets than they need.

use concord::Value;

use super::document::Doc;
use super::rule::{call, text_literal};
use crate::ast::{Binary, Entry, Expr, ExprKind, Literal, Name};

/// As tight as `not`: looser than comparisons.
const NOT: u8 = 3;
/// Tighter than any operator.
const TIGHT: u8 = 10;

/// An expression within something that binds as tightly as this.
pub(super) fn expr(expr: &Expr, around: u8) -> Doc {
    let (doc, strength) = bare(expr);
    if strength < around { Doc::joined([Doc::text_of("("), doc, Doc::text_of(")")]) } else { doc }
}

fn bare(whole: &Expr) -> (Doc, u8) {
    let doc = match &*whole.kind {
        ExprKind::Literal(value) => Doc::text_of(literal(value)),
        ExprKind::Variable(name) => Doc::text_of(&**name),
        ExprKind::Member(object, field) => {
            Doc::joined([expr(object, TIGHT), Doc::text_of(format!(".{}", field.text))])
        }
        ExprKind::Index(list, at) => {
            Doc::joined([expr(list, TIGHT), Doc::text_of("["), expr(at, 0), Doc::text_of("]")])
        }
        ExprKind::Object(entries) if entries.is_empty() => Doc::text_of("{}"),
        ExprKind::Object(entries) => {
            Doc::Group { open: "{ ", items: entries.iter().map(entry).collect(), close: " }" }
        }
        ExprKind::List(items) => {
            Doc::Group { open: "[", items: items.iter().map(|item| expr(item, 0)).collect(), close: "]" }
        }
        ExprKind::Rows { call: query, filter, give } => comprehension(call(query), filter.as_ref(), give),
        ExprKind::Items { name, list, filter, give } => {
            let head = Doc::joined([Doc::text_of(format!("{} in ", name.text)), expr(list, 5)]);
            comprehension(head, filter.as_ref(), give)
        }
        ExprKind::If(condition, yes, no) => {
            let word = |word: &str| Doc::text_of(word);
            let parts =
                [word("if "), expr(condition, 0), word(" then "), expr(yes, 0), word(" else "), expr(no, 0)];
            return (Doc::joined(parts), 0);
        }
        ExprKind::Binary(op, left, right) => return binary(*op, left, right),
        ExprKind::Not(inner) => return (Doc::joined([Doc::text_of("not "), expr(inner, NOT + 1)]), NOT),
        ExprKind::Negative(inner) => Doc::joined([Doc::text_of("-"), expr(inner, TIGHT)]),
        ExprKind::Call(name, args) => {
            let args = args.iter().map(|arg| expr(arg, 0)).collect();
            Doc::joined([Doc::text_of(&*name.text), Doc::Group { open: "(", items: args, close: ")" }])
        }
    };
    (doc, TIGHT)
}

fn binary(op: Binary, left: &Expr, right: &Expr) -> (Doc, u8) {
    let (spelling, strength) = op.spelling();
    let parts = [expr(left, strength), Doc::text_of(format!(" {spelling} ")), expr(right, strength + 1)];
    (Doc::joined(parts), strength)
}

fn comprehension(head: Doc, filter: Option<&Expr>, give: &Expr) -> Doc {
    let mut head = vec![head];
    if let Some(filter) = filter {
        head.extend([Doc::text_of(" if "), expr(filter, 0)]);
    }
    let tail = Doc::joined([Doc::text_of("=> "), expr(give, 0)]);
    let stacked = Doc::Stacked(Box::new(Doc::Joined(head)), Box::new(tail));
    Doc::joined([Doc::text_of("["), stacked, Doc::text_of("]")])
}

fn entry(entry: &Entry) -> Doc {
    match entry {
        Entry::Field { key, short: true, .. } => Doc::text_of(&*key.text),
        Entry::Field { key: name, value, short: false } => {
            Doc::joined([Doc::text_of(format!("{}: ", key(name))), expr(value, 0)])
        }
        Entry::Spread(inner) => Doc::joined([Doc::text_of("..."), expr(inner, 0)]),
    }
}

/// A key, in quotes only if it needs them.
pub(super) fn key(name: &Name) -> String {
    let is_word = name.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word { name.text.to_string() } else { text_literal(&name.text) }
}

pub(super) fn literal(literal: &Literal) -> String {
    match (&literal.spelt, &literal.value) {
        (Some(spelt), _) => spelt.to_string(),
        (None, Value::Text(text)) => text_literal(text),
        (None, other) => other.to_json(),
    }
}

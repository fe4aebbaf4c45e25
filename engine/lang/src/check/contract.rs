//! Contracts: where routes live, who gets in, and what a refusal looks like.

use std::sync::Arc;

use concord::{Kind, Value};

use super::Checker;
use super::find::ENGINE_CODES;
use super::scope::Scope;
use crate::ast::{self, Entry, ExprKind, Name, Rename};
use crate::diagnostic::Diagnostic;
use crate::plan::{self, Renamed};
use crate::source::Span;
use crate::types::{Base, Type};

/// What `admit` starts from: the first slots.
const GIVEN: [(&str, Type); 4] = [
    ("headers", Type::of(Base::Any)),
    ("ip", Type::of(Base::Text)),
    ("route", Type::of(Base::Text)),
    ("path", Type::of(Base::Text)),
];

/// What the shape of a refusal is made of: the first slots.
pub(super) const REFUSAL: [(&str, Type); 4] = [
    ("message", Type::of(Base::Text)),
    ("code", Type::of(Base::Text)),
    ("details", Type { base: Base::Any, null: true }),
    ("status", Type::of(Base::Number)),
];

/// The name of a header, and its value.
type Header = (Arc<str>, plan::Expr);

/// The kind that a status speaks of.
fn kind_of(status: u16) -> Kind {
    match status {
        401 => Kind::Unauthorized,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        410 => Kind::Expired,
        413 => Kind::TooLarge,
        422 => Kind::Unprocessable,
        429 => Kind::Limited,
        502 => Kind::Upstream,
        503 => Kind::Unavailable,
        500..=599 => Kind::Internal,
        _ => Kind::Invalid,
    }
}

impl Checker<'_> {
    pub(super) fn contract(&mut self, contract: &ast::Contract) {
        let place = self.plan.contracts.len();
        self.contract = Some(place);
        self.other_contracts(contract);
        self.owned(contract);
        self.twice_in_contract(contract);
        self.exposes(contract);
        self.settings(contract);
        let codes: Vec<Renamed> = contract.codes.iter().map(|rename| self.rename(rename)).collect();
        let shape = contract.errors.as_ref().map(|shape| self.shape(shape));
        let mut scope = given(&GIVEN);
        self.loose = true;
        let admit = self.lines(&mut scope, &contract.admit);
        self.loose = false;
        self.admission(contract, &admit);
        let headers = contract.headers.as_ref().map(|headers| self.headers(&mut scope, headers));
        let (headers, header_types) = headers.unwrap_or_default().into_iter().unzip();
        let admitted: Vec<_> = scope
            .all()
            .skip(GIVEN.len())
            .map(|variable| (Arc::clone(&variable.name), variable.slot, self.holes.resolve(&variable.ty)))
            .collect();
        self.admitted = admitted.iter().map(|(name, _, ty)| (Arc::clone(name), ty.clone())).collect();
        let bases = self.bases(contract);
        let socket = self.socket(contract);
        self.plan.contracts.push(plan::Contract {
            name: Arc::clone(&contract.name.text),
            bases,
            expose: contract.expose.iter().map(|name| Arc::clone(&name.text)).collect(),
            settings: contract.settings.iter().map(|(name, _)| Arc::clone(&name.text)).collect(),
            shape,
            codes,
            admit: admit.steps,
            admit_slots: scope.slots.len(),
            admitted: admitted.into_iter().map(|(name, slot, _)| (name, slot)).collect(),
            headers,
            header_types,
            routes: Vec::new(),
            socket,
            span: contract.name.span,
        });
    }

    fn other_contracts(&mut self, contract: &ast::Contract) {
        let taken = self.plan.contracts.iter().find(|other| other.name == contract.name.text);
        if let Some(span) = taken.map(|other| other.span) {
            let message = format!("there is a contract `{}` already", contract.name.text);
            let fault = Diagnostic::error("name-taken", contract.name.span, message);
            self.say(fault.also(span, "the first one"));
        }
    }

    fn owned(&mut self, contract: &ast::Contract) {
        for name in contract.own.iter().chain(&contract.expose) {
            if self.names.concept(&name.text).is_none() {
                let message = format!("there is no concept `{}`", name.text);
                let fault = Diagnostic::error("unknown-concept", name.span, message);
                self.say(fault.near(&name.text, self.names.concepts()));
            }
        }
    }

    fn settings(&mut self, contract: &ast::Contract) {
        for (name, ast::Literal { value: default, .. }) in &contract.settings {
            let set = self.names.setting(&contract.name.text, &name.text);
            let value = match set.as_deref().map(|text| read_as(default, text)) {
                None => default.clone(),
                Some(Some(value)) => value,
                Some(None) => {
                    let message = format!("`{}` is set to something else than {}", name.text, default.kind());
                    self.say(Diagnostic::error("bad-setting", name.span, message));
                    default.clone()
                }
            };
            self.settings.push((Arc::clone(&name.text), value));
        }
    }

    pub(super) fn rename(&mut self, rename: &Rename) -> Renamed {
        let code = &rename.code.code;
        let status = rename.status.map(|(status, _)| status);
        let known = match &rename.code.concept {
            Some(_) => Some(self.otherwise(&rename.code)),
            None => ENGINE_CODES
                .iter()
                .find(|(engine, ..)| **engine == *code.text)
                .map(|(code, kind, message)| super::find::refusal(*kind, code, message))
                .or_else(|| self.codes.iter().find(|known| known.code == code.text).cloned()),
        };
        if known.is_none() && (status.is_none() || rename.text.is_none()) && rename.renamed.is_none() {
            self.incomplete(code, rename.span);
        }
        let renamed = rename.renamed.as_ref().unwrap_or(code);
        let kind = status.map(kind_of).or(known.as_ref().map(|known| known.kind)).unwrap_or(Kind::Invalid);
        let text = rename.text.clone();
        let message =
            text.clone().or(known.map(|known| known.message)).unwrap_or_else(|| Arc::clone(&renamed.text));
        self.codes.push(plan::Otherwise { kind, code: Arc::clone(&renamed.text), message, details: None });
        Renamed {
            concept: rename.code.concept.as_ref().map(|concept| Arc::clone(&concept.text)),
            code: Arc::clone(&code.text),
            renamed: Arc::clone(&renamed.text),
            status,
            text,
        }
    }

    fn incomplete(&mut self, code: &Name, span: Span) {
        let message = format!("the error {} is new, so it needs a status and a text", code.text);
        let help = format!("error {} 400 \"what the client is told\"", code.text);
        self.say(Diagnostic::error("incomplete-error", span, message).help(help));
    }

    fn shape(&mut self, shape: &ast::Expr) -> plan::Expr {
        let mut scope = given(&REFUSAL);
        self.expression(&mut scope, shape).0
    }

    /// A line of `admit` that drops has to say with what it refuses.
    pub(super) fn admission(&mut self, contract: &ast::Contract, admit: &super::line::Checked) {
        if let Some(span) = admit.drops {
            let fault =
                Diagnostic::error("may-not-answer", span, "when this line drops, nobody tells the client");
            self.say(fault.help("add `else CODE` to the line"));
        }
        if let Some(span) = admit.many_at {
            let message =
                format!("{} admits a request once, and this line may have many rows", contract.name.text);
            self.say(Diagnostic::error("many-rows", span, message).help("take the `first` row"));
        }
    }

    fn headers(&mut self, scope: &mut Scope, headers: &ast::Expr) -> Vec<(Header, Type)> {
        let ExprKind::Object(entries) = &*headers.kind else {
            self.say(Diagnostic::error(
                "syntax",
                headers.span,
                "headers are an object: { \"X-Name\": value }",
            ));
            return Vec::new();
        };
        let mut list = Vec::new();
        for entry in entries {
            match entry {
                Entry::Field { key, value, .. } => {
                    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                    if !key.text.bytes().all(is_token) {
                        self.say(Diagnostic::error("bad-header", key.span, "this is no name of a header"));
                    }
                    let (value, ty) = self.expression(scope, value);
                    list.push(((Arc::clone(&key.text), value), self.holes.resolve(&ty)));
                }
                Entry::Spread(inner) => {
                    self.say(Diagnostic::error("bad-header", inner.span, "headers are named one by one"));
                }
            }
        }
        list
    }
}

pub(super) fn given(variables: &[(&str, Type)]) -> Scope {
    let mut scope = Scope::default();
    for (name, ty) in variables {
        scope.bind(&Name { text: (*name).into(), span: Span::default() }, ty.clone(), false);
    }
    scope
}

/// A setting from outside, as the same sort of value as the default.
fn read_as(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::Int(_) | Value::Float(_) => text.parse().ok().map(Value::number),
        Value::Bool(_) => text.parse().ok().map(Value::Bool),
        Value::Text(_) => Some(Value::text(text)),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

//! Base paths: each belongs to one contract, and what lies beneath one is not taken from another.

use std::sync::Arc;

use super::Checker;
use super::routes::parse_path;
use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::{Plan, Route, Segment};

/// Where the server itself answers.
const SERVERS: [&str; 6] = ["", "/health", "/ready", "/metrics", "/docs", "/openapi.json"];

impl Checker<'_> {
    pub(super) fn bases(&mut self, contract: &ast::Contract) -> Vec<Arc<str>> {
        let mut bases: Vec<Arc<str>> = Vec::new();
        for base in &contract.bases {
            let path = base.text.strip_suffix('/').unwrap_or(&base.text);
            if let Some(message) = fault(path, &base.text) {
                self.say(Diagnostic::error("bad-route", base.span, message));
            } else if bases.iter().any(|other| **other == *path) {
                let message = format!("{} is at `{path}` twice", contract.name.text);
                self.say(Diagnostic::error("name-taken", base.span, message));
            } else if let Some(other) =
                self.plan.contracts.iter().find(|other| other.bases.iter().any(|other| **other == *path))
            {
                let message = format!("there is a contract at `{path}` already");
                let fault = Diagnostic::error("name-taken", base.span, message);
                let fault = fault.also(other.span, "the first one");
                self.say(fault);
            }
            bases.push(path.into());
        }
        bases
    }
}

/// What is wrong with a base path, if anything is. It is given without the slash at its end, and as it was written.
fn fault(path: &str, text: &str) -> Option<String> {
    if !text.starts_with('/') {
        return Some("a base path begins with `/`".into());
    }
    if SERVERS.contains(&path) {
        return Some(format!("the server itself is at `{text}`"));
    }
    match parse_path(path) {
        Err(message) => Some(message),
        Ok(parts) if parts.iter().any(|part| matches!(part, Segment::Param(_))) => {
            Some("a base path has no named parts".into())
        }
        Ok(_) => None,
    }
}

/// Routes that nobody reaches: the longest base path wins, and these are beneath that of another contract.
pub(super) fn hidden(plan: &Plan, diagnostics: &mut Diagnostics) {
    // Who has no routes takes no requests.
    let all = || plan.contracts.iter().filter(|contract| !contract.routes.is_empty());
    for (outer, inner) in all().flat_map(|outer| all().map(move |inner| (outer, inner))) {
        if outer.span == inner.span {
            continue;
        }
        let pairs = inner.bases.iter().flat_map(|base| outer.bases.iter().map(move |outer| (base, outer)));
        let below = |(base, outer): (&Arc<str>, &Arc<str>)| {
            let rest = base.strip_prefix(&**outer).filter(|rest| rest.starts_with('/'))?;
            Some((Arc::clone(base), rest.to_owned()))
        };
        let taken: Vec<(Arc<str>, String)> = pairs.filter_map(below).collect();
        for route in &outer.routes {
            let Some((base, _)) = taken.iter().find(|(_, rest)| begins(route, rest)) else { continue };
            let message = format!("no request comes here: `{base}` belongs to {}", inner.name);
            let fault = Diagnostic::error("never-fires", route.span, message);
            diagnostics.push(fault.also(inner.span, "the contract that takes it"));
        }
    }
}

/// Whether all that fits the route begins with this path.
fn begins(route: &Route, path: &str) -> bool {
    let mut parts = route.path.iter();
    path.split('/').skip(1).all(|wanted| match parts.next() {
        Some(Segment::Literal(part)) => **part == *wanted,
        Some(Segment::Param(_)) | None => false,
    })
}

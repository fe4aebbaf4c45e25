//! What a contract may own, and the contract of the generic API: which concepts anybody may call.
//!
//! That API has its place and its shapes from the server, and asks nobody in: what else a contract can say would go
//! unheard there, so whoever says it is told.

use super::Checker;
use crate::ast::Contract;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Where the generic API is.
const PLACE: &str = "/api";

/// What is fed by the server alone.
const NEVER: [&str; 2] = ["Requesting", "Socket"];

impl Checker<'_> {
    pub(super) fn exposes(&mut self, contract: &Contract) {
        for name in contract.own.iter().filter(|name| NEVER.contains(&&*name.text)) {
            let message = format!("`{}` is fed by the server, for all contracts", name.text);
            self.say(Diagnostic::error("not-callable", name.span, message));
        }
        if contract.expose.is_empty() {
            return;
        }
        for base in contract.bases.iter().filter(|base| base.text.trim_end_matches('/') != PLACE) {
            self.say(Diagnostic::error("bad-expose", base.span, format!("the generic API is at `{PLACE}`")));
        }
        for (what, span) in unheard(contract) {
            let message = format!("the generic API knows no `{what}`: this would go unheard");
            let fault = Diagnostic::error("bad-expose", span, message);
            self.say(fault.help("what needs it belongs on routes, in a contract of its own"));
        }
        for name in contract.expose.iter().filter(|name| NEVER.contains(&&*name.text)) {
            let message = format!("`{}` cannot be called from outside", name.text);
            self.say(Diagnostic::error("bad-expose", name.span, message));
        }
    }
}

fn unheard(contract: &Contract) -> Vec<(&'static str, Span)> {
    let admit = contract.admit.first().map(|line| ("admit", line.span));
    let errors = contract.errors.as_ref().map(|shape| ("errors", shape.span));
    let error = contract.codes.first().map(|rename| ("error", rename.span));
    let headers = contract.headers.as_ref().map(|headers| ("headers", headers.span));
    [admit, errors, error, headers].into_iter().flatten().collect()
}

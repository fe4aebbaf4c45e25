//! A refusal that may come, and what a contract or its socket calls it.

use concord::Kind;
use concord_lang::plan::{Contract, Renamed};

/// A refusal that may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault<'a> {
    /// The concept whose error it is; none: an `else`, or the engine.
    pub(super) concept: Option<&'a str>,
    /// Its own code.
    pub(super) code: &'a str,
    /// Its kind.
    pub(super) kind: Kind,
    /// The status, if not that of its kind.
    pub(super) status: Option<u16>,
    /// Its own words.
    pub(super) message: &'a str,
    /// The line of `admit` that it comes from; none: something that comes after.
    pub(super) line: Option<usize>,
}

/// What clients are told.
pub(super) struct Named<'a> {
    pub(super) status: u16,
    pub(super) code: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Fault<'a> {
    /// In answer to a request.
    pub(super) fn on_route(&self, contract: &'a Contract) -> Named<'a> {
        self.named(contract.renamed(self.concept, self.code))
    }

    /// In answer to a message, or to a client of Socket.IO that connects.
    pub(super) fn on_socket(&self, contract: &'a Contract) -> Named<'a> {
        self.named(contract.renamed_on_socket(self.concept, self.code))
    }

    fn named(&self, entry: Option<&'a Renamed>) -> Named<'a> {
        let own = if self.kind == Kind::Internal { "an internal error" } else { self.message };
        Named {
            status: entry.and_then(|entry| entry.status).or(self.status).unwrap_or(self.kind.status()),
            code: entry.map_or(self.code, |entry| &entry.renamed),
            text: entry.and_then(|entry| entry.text.as_deref()).unwrap_or(own),
        }
    }
}

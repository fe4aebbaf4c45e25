//! A refusal that may come, and what a contract or its socket calls it.
//!
//! The tables are looked through in the engine's order (`concord_runtime` has the same for refusals that do come).

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
        self.named(self.entry(&contract.codes))
    }

    /// In answer to a message, or to a client of Socket.IO that connects.
    pub(super) fn on_socket(&self, contract: &'a Contract) -> Named<'a> {
        let codes = contract.socket.as_ref().map_or(&[][..], |socket| &socket.codes);
        let of_contract = self.entry(&contract.codes);
        let of_socket = self.entry(codes).or_else(|| {
            // The contract may call it what the socket calls otherwise.
            let renamed = &of_contract?.renamed;
            let is_made = codes.iter().any(|entry| entry.renamed == *renamed);
            if is_made { None } else { Fault { concept: None, code: renamed, ..*self }.entry(codes) }
        });
        self.named(of_socket.or(of_contract))
    }

    /// Its entry in a table: one of its concept, or of any, or one that it made itself.
    fn entry(&self, table: &'a [Renamed]) -> Option<&'a Renamed> {
        let of = |entry: &&Renamed| entry.concept.as_deref() == self.concept && *entry.code == *self.code;
        let of_any = |entry: &&Renamed| entry.concept.is_none() && *entry.code == *self.code;
        let made = |entry: &&Renamed| *entry.renamed == *self.code;
        let codes = || table.iter();
        codes().find(of).or_else(|| codes().find(of_any)).or_else(|| codes().find(made))
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

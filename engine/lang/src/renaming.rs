//! What a contract calls the errors of others.
//!
//! The runtime asks for refusals that come, the documents for those that may: both have to be told the same.

use crate::plan::{Contract, Renamed};

impl Contract {
    /// What it makes of an error in answer to a request; none: it is called what its concept calls it.
    pub fn renamed(&self, concept: Option<&str>, code: &str) -> Option<&Renamed> {
        entry(&self.codes, concept, code)
    }

    /// The same in answer to a message, or to who connects: what its socket says counts first.
    pub fn renamed_on_socket(&self, concept: Option<&str>, code: &str) -> Option<&Renamed> {
        let codes = self.socket.as_ref().map_or(&[][..], |socket| &socket.codes);
        let of_contract = self.renamed(concept, code);
        let of_socket = entry(codes, concept, code).or_else(|| {
            // The contract may call it what the socket calls otherwise.
            let other = &of_contract?.renamed;
            let is_made = codes.iter().any(|entry| entry.renamed == *other);
            if is_made { None } else { entry(codes, None, other) }
        });
        of_socket.or(of_contract)
    }
}

/// An entry of a table: one of this concept, or of any, or one that it made itself.
fn entry<'c>(table: &'c [Renamed], concept: Option<&str>, code: &str) -> Option<&'c Renamed> {
    let of = |entry: &&Renamed| entry.concept.as_deref() == concept && *entry.code == *code;
    let of_any = |entry: &&Renamed| entry.concept.is_none() && *entry.code == *code;
    let made = |entry: &&Renamed| *entry.renamed == *code;
    let codes = || table.iter();
    codes().find(of).or_else(|| codes().find(of_any)).or_else(|| codes().find(made))
}

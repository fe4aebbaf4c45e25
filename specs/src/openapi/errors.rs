//! The table of the codes by which messages of a socket are refused.
//!
//! A code stands in it once, whoever refuses with it, with all that is said then and with the events that it answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use concord_lang::plan::Contract;

use super::fault::{Fault, Named};
use crate::cell;

#[derive(Default)]
pub(super) struct Errors(BTreeMap<String, Said>);

/// What is said of a code.
#[derive(Default)]
struct Said {
    texts: Vec<String>,
    /// The events that it answers.
    events: Vec<String>,
    /// Whether it may answer any message.
    any: bool,
}

impl Errors {
    /// Notes what a message of this event, or any message, may be refused with.
    pub(super) fn note(&mut self, event: Option<&str>, faults: &[Fault<'_>], contract: &Contract) {
        let Self(codes) = self;
        for fault in faults {
            let Named { code, text, .. } = fault.on_socket(contract);
            let said = codes.entry(code.to_owned()).or_default();
            said.any |= event.is_none();
            add(&mut said.texts, text);
            if let Some(event) = event {
                add(&mut said.events, &format!("`{event}`"));
            }
        }
    }

    pub(super) fn table(&self) -> String {
        let Self(codes) = self;
        let mut out = String::from("\n## Errors\n\n| code | message | in answer to |\n| --- | --- | --- |\n");
        for (code, Said { texts, events, any }) in codes {
            let events = if *any { "any message".to_owned() } else { events.join(", ") };
            // Writing to a string does not fail.
            let _ = writeln!(out, "| `{code}` | {} | {events} |", cell(&texts.join("; ")));
        }
        out
    }
}

fn add(texts: &mut Vec<String>, text: &str) {
    if !texts.iter().any(|known| known == text) {
        texts.push(text.to_owned());
    }
}

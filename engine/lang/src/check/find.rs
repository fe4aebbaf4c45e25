//! Looking names up, and saying what was probably meant.

use std::sync::Arc;

use concord::Kind;

use super::Checker;
use crate::ast::{Code, Else, Name, Path, Rename};
use crate::diagnostic::Diagnostic;
use crate::names::{ActionSig, ConceptSig};
use crate::plan::Otherwise;

/// The engine's own refusals; contracts may rename them.
pub(super) const ENGINE_CODES: [(&str, Kind, &str); 7] = [
    ("INVALID_REQUEST", Kind::Invalid, "the request makes no sense"),
    ("NOT_FOUND", Kind::NotFound, "there is nothing here"),
    ("METHOD_NOT_ALLOWED", Kind::Invalid, "this method is not allowed here"),
    ("TOO_LARGE", Kind::TooLarge, "this is too large"),
    ("UNSUPPORTED_TYPE", Kind::Invalid, "this type of content is not understood"),
    ("OVERLOADED", Kind::Unavailable, "too much is going on; try again"),
    ("INTERNAL", Kind::Internal, "an internal error"),
];

impl<'a> Checker<'a> {
    /// The concept of a name: the contract's own instance, if it has one.
    pub(super) fn concept(&self, name: &str) -> Option<&'a ConceptSig> {
        let names = self.names;
        let owned = self.folder.contract.and_then(|contract| {
            let is_own = contract.own.iter().any(|own| *own.text == *name);
            is_own.then(|| names.own(&contract.name.text, name)).flatten()
        });
        owned.or_else(|| names.concept(name))
    }

    /// An action or query by its path; a fault if there is none.
    pub(super) fn action(&mut self, path: &Path) -> Option<&'a ActionSig> {
        let (concept, action) = (&path.concept, &path.action);
        let Some(found) = self.concept(&concept.text) else {
            let known = self.names.concepts();
            let message = format!("there is no concept `{}`", concept.text);
            let fault =
                Diagnostic::error("unknown-concept", concept.span, message).near(&concept.text, known);
            self.say(fault);
            return None;
        };
        let sig = found.action(&action.text);
        if sig.is_none() {
            let asks = action.text.starts_with('_');
            let (id, what) = if asks { ("unknown-query", "query") } else { ("unknown-action", "action") };
            let message = format!("{} has no {what} `{}`", concept.text, action.text);
            let alike = found.actions.iter().filter(|action| action.is_query() == asks);
            let known: Vec<&str> = alike.map(|action| &*action.name).collect();
            let fault = Diagnostic::error(id, action.span, message).near(&action.text, known.iter().copied());
            let all =
                if known.is_empty() { "it has none".into() } else { format!("it has {}", known.join(", ")) };
            self.say(if fault.help.is_some() { fault } else { fault.help(all) });
        }
        sig
    }

    /// What `else CODE` refuses with.
    pub(super) fn otherwise(&mut self, code: &Code) -> Otherwise {
        let name = &code.code.text;
        if let Some(concept) = &code.concept {
            return self.concept_code(concept, code);
        }
        let table = self.codes.iter().find(|entry| entry.code == *name).cloned();
        let engine = || ENGINE_CODES.iter().find(|(code, ..)| **code == **name);
        if let Some(entry) = table {
            return entry;
        }
        if let Some((code, kind, message)) = engine() {
            return refusal(*kind, code, message);
        }
        let mut anywhere = self.names.concepts().into_iter().filter_map(|name| self.concept(name));
        if let Some(error) =
            anywhere.find_map(|concept| concept.errors.iter().find(|error| error.code == *name))
        {
            return refusal(error.kind, &error.code, &error.message);
        }
        let known: Vec<Arc<str>> = self.known_codes();
        let message = format!("there is no error code `{name}`");
        let fault = Diagnostic::error("unknown-code", code.code.span, message)
            .near(name, known.iter().map(|code| &**code));
        let help = format!("define it in the contract: error {name} 404 \"what the client is told\"");
        self.say(if fault.help.is_some() { fault } else { fault.help(help) });
        refusal(Kind::Internal, name, "")
    }

    fn concept_code(&mut self, concept: &Name, code: &Code) -> Otherwise {
        let name = &code.code.text;
        let found = self.concept(&concept.text);
        if let Some(entry) = self.renamed(concept, name) {
            return entry;
        }
        if let Some(error) = found.and_then(|found| found.errors.iter().find(|error| error.code == *name)) {
            return refusal(error.kind, &error.code, &error.message);
        }
        let fault = match found {
            None => {
                let message = format!("there is no concept `{}`", concept.text);
                Diagnostic::error("unknown-concept", concept.span, message)
                    .near(&concept.text, self.names.concepts())
            }
            Some(found) => {
                let message = format!("{} has no error `{name}`", concept.text);
                let known = found.errors.iter().map(|error| &*error.code);
                Diagnostic::error("unknown-code", code.code.span, message).near(name, known)
            }
        };
        self.say(fault);
        refusal(Kind::Internal, name, "")
    }

    /// What the contract makes of an error of a concept.
    fn renamed(&self, concept: &Name, code: &str) -> Option<Otherwise> {
        let is_it = |rename: &&Rename| {
            rename.code.concept.as_ref().is_some_and(|other| other.text == concept.text)
                && *rename.code.code.text == *code
        };
        let rename = self.folder.contract?.codes.iter().find(is_it)?;
        let name = &rename.renamed.as_ref().unwrap_or(&rename.code.code).text;
        self.codes.iter().find(|entry| entry.code == *name).cloned()
    }

    fn known_codes(&self) -> Vec<Arc<str>> {
        let table = self.codes.iter().map(|entry| Arc::clone(&entry.code));
        let engine = ENGINE_CODES.iter().map(|(code, ..)| (*code).into());
        table.chain(engine).collect()
    }

    /// The `else` of a line, without its details.
    pub(super) fn else_code(&mut self, otherwise: &Else) -> Otherwise {
        self.otherwise(&otherwise.code)
    }
}

/// A message with placeholders says nothing without what belongs there; then the code speaks.
pub(super) fn refusal(kind: Kind, code: &str, message: &str) -> Otherwise {
    let message = if message.contains('{') { code.to_lowercase().replace('_', " ") } else { message.into() };
    Otherwise { kind, code: code.into(), message: message.into(), details: None }
}

//! Names that were given twice: the second would hide the first, or be hidden.

use std::collections::BTreeMap;

use super::Checker;
use super::function::is_function;
use crate::ast::{Contract, Name, Rename, View};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Reports names that there are already, in `place`.
pub(super) fn twice<'a>(
    names: impl Iterator<Item = &'a Name>,
    (what, place): (&str, &str),
    diagnostics: &mut Diagnostics,
) {
    let mut seen: BTreeMap<&str, &Name> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.insert(&name.text, name) {
            let message = format!("there is a {what} `{}` in this {place} already", name.text);
            let fault = Diagnostic::error("name-taken", name.span, message);
            diagnostics.push(fault.also(first.span, "the first one"));
        }
    }
}

/// The names of views, and those of their parameters.
pub(super) fn views(views: &[&View], diagnostics: &mut Diagnostics) {
    twice(views.iter().map(|view| &view.name), ("view", "folder"), diagnostics);
    for view in views {
        twice(view.params.iter(), ("parameter", "view"), diagnostics);
        if is_function(&view.name.text) {
            let message = format!("`{}` is a function of the language", view.name.text);
            diagnostics.push(Diagnostic::error("name-taken", view.name.span, message));
        }
    }
}

impl Checker<'_> {
    /// The names of settings, and the codes that are renamed.
    pub(super) fn twice_in_contract(&mut self, contract: &Contract) {
        let settings = contract.settings.iter().map(|(name, _)| name);
        twice(settings, ("setting", "contract"), self.diagnostics);
        self.twice_renamed(&contract.codes);
        for socket in &contract.sockets {
            self.twice_renamed(&socket.codes);
        }
    }

    fn twice_renamed(&mut self, codes: &[Rename]) {
        let mut seen = BTreeMap::new();
        for rename in codes {
            let concept = rename.code.concept.as_ref().map(|concept| &*concept.text);
            let code = &rename.code.code;
            if let Some(first) = seen.insert((concept, &*code.text), code.span) {
                let message = format!("what {} becomes is said twice", code.text);
                let fault = Diagnostic::error("name-taken", code.span, message);
                self.say(fault.also(first, "the first time"));
            }
        }
    }
}

//! What makes a `when` hopeless: a flow has one stimulus, and the clock ticks in intervals that are written down.

use concord::Value;

use super::Checker;
use super::rule::is_request;
use super::socket::happening;
use crate::ast::{FieldPattern, Literal, Path, Sync, Target, When};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

fn is_tick(path: &Path) -> bool {
    *path.concept.text == *"Clock" && *path.action.text == *"tick"
}

impl Checker<'_> {
    /// Looks for what can never happen in the lines of a `when`.
    pub(super) fn stimuli(&mut self, sync: &Sync) {
        let mut first: Option<Span> = None;
        for line in &sync.when {
            if !self.begins_a_flow(&line.path) {
                continue;
            }
            if is_tick(&line.path) {
                self.tick(line);
            }
            if let Some(first) = first {
                let message = "this and the other never happen in one flow: each begins one";
                let fault = Diagnostic::error("never-fires", line.span, message).also(first, "the other");
                self.say(
                    fault.help("what one leaves for the other is state of a concept: ask it in `where`"),
                );
            }
            first = first.or(Some(line.span));
        }
    }

    fn begins_a_flow(&self, path: &Path) -> bool {
        let sig = self.concept(&path.concept.text).and_then(|concept| concept.action(&path.action.text));
        sig.is_some_and(|sig| sig.stimulus || is_tick(path))
    }

    fn tick(&mut self, line: &When) {
        let every = line.input.fields.iter().find(|field| *field.key.text == *"every");
        let is_interval = |field: &FieldPattern| match &field.target {
            Target::Literal(Literal { value: Value::Int(millis), .. }, _) => *millis > 0,
            Target::Literal(..) | Target::Variable(_) | Target::Nested(_) => false,
        };
        if !every.is_some_and(is_interval) {
            let span = every.map_or(line.path.span(), |field| field.key.span);
            let message = "the clock ticks in the intervals that are written here, of whole milliseconds";
            let fault = Diagnostic::error("never-fires", span, message);
            self.say(fault.help("write it as a literal: (every: 1m)"));
        }
    }

    /// The engine says to which contract a request or message came: the one of this folder.
    pub(super) fn other_contract(&mut self, line: &When) {
        let Some(contract) = self.folder.contract else { return };
        if !is_request(&line.path) && happening(&line.path).is_none() {
            return;
        }
        for field in line.input.fields.iter().filter(|field| *field.key.text == *"contract") {
            if let Target::Literal(literal, span) = &field.target
                && literal.value.as_text() != Some(&*contract.name.text)
            {
                let message = format!("this never fires: what comes here comes to {}", contract.name.text);
                self.say(Diagnostic::error("never-fires", *span, message));
            }
        }
    }
}

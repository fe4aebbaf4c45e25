//! Stopping a flow that has no end of its own.

use std::collections::BTreeSet;

use concord::Refusal;

use super::{Run, Task};
use crate::bound::{self, Excess};
use crate::flow::{Note, What};
use crate::rules::SyncId;
use crate::stimulus::Answer;

impl Run<'_> {
    /// Counts the records from this one on.
    pub(super) fn weigh(&mut self, first: usize) {
        self.facts[first..].iter().for_each(|fact| self.weight.add(fact));
    }

    /// Of what the flow has too much, if it has; one match that was due is off the stack.
    pub(super) fn excess(&self) -> Option<Excess> {
        let bound = self.engine.flow_bound;
        if self.facts.len() >= bound {
            Some(Excess::Actions)
        } else if self.stack.len() >= bound {
            Some(Excess::Due)
        } else if self.matched > bound.saturating_mul(bound::FIRINGS) {
            Some(Excess::Firings)
        } else {
            (self.weight.bytes > bound::BYTES).then_some(Excess::Bytes)
        }
    }

    /// The flow has no end of its own.
    pub(super) fn stop(&mut self, excess: Excess, due: SyncId) {
        let names = self.names(excess, due);
        let why = excess.text();
        tracing::error!(flow = %self.id, why, syncs = names, "a flow went on and on, and was stopped");
        let refusal = Refusal::internal(format!("the flow has no end: {why} {names}"));
        self.notes.push(Note { cause: None, what: What::Endless { excess, syncs: names.into() } });
        self.stack.clear();
        self.lasting = 0;
        self.say(Answer::Refused(None, refusal));
    }

    /// The syncs that led to too much of something: those of the last hundred of it.
    fn names(&self, excess: Excess, due: SyncId) -> String {
        const LAST: usize = 100;
        let name = |sync: SyncId| &**self.engine.rules.name(sync);
        let names: BTreeSet<&str> = match excess {
            Excess::Actions | Excess::Bytes => {
                let causes = self.facts.iter().rev().filter_map(|fact| fact.record.cause.as_ref());
                causes.take(LAST).map(|cause| &*cause.sync).collect()
            }
            Excess::Due | Excess::Firings => {
                let top = self.stack.iter().rev().take(LAST).filter_map(|task| match task {
                    Task::Fire(due) => Some(due.sync),
                    Task::Refuse(..) => None,
                });
                top.chain([due]).map(name).collect()
            }
        };
        names.into_iter().collect::<Vec<&str>>().join(", ")
    }
}

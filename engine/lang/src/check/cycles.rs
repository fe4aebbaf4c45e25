//! Syncs that can wake each other for ever.
//!
//! Looked for among actions first, of which there are few however many syncs there are: an action leads to another if a
//! sync that waits for the one does the other. Only where actions form a circle are syncs looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::names::ActionId;
use crate::plan::{ExprKind, Match, Plan, Sync, Test};

/// The syncs that take part.
#[derive(Default)]
pub(super) struct Graph {
    syncs: Vec<usize>,
}

impl Graph {
    pub(super) fn add(&mut self, sync: usize) {
        self.syncs.push(sync);
    }

    pub(super) fn report(&self, plan: &Plan, diagnostics: &mut Diagnostics) {
        let mut leads: BTreeMap<ActionId, BTreeSet<ActionId>> = BTreeMap::new();
        for sync in self.syncs.iter().map(|at| &plan.syncs[*at]) {
            for line in &sync.when {
                leads.entry(line.action).or_default().extend(sync.then.iter().map(|call| call.action));
            }
        }
        let circling: Vec<&Sync> = self
            .syncs
            .iter()
            .map(|at| &plan.syncs[*at])
            .filter(|sync| {
                sync.when
                    .iter()
                    .any(|line| sync.then.iter().any(|call| reaches(&leads, call.action, line.action)))
            })
            .collect();
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for (at, sync) in circling.iter().enumerate() {
            let mut path = vec![at];
            if !told.contains(&at) && circle(&circling, at, &mut path) {
                let names: Vec<&str> = path.iter().map(|at| &*circling[*at].name).collect();
                told.extend(path.iter().copied());
                let message = format!("this can go on for ever: {} → {}", names.join(" → "), sync.name);
                let said = Diagnostic::warning("cycle", sync.span, message);
                diagnostics.push(
                    said.help("a flow that does is stopped at its bound; a line in `where` can end it"),
                );
            }
        }
    }
}

fn reaches(leads: &BTreeMap<ActionId, BTreeSet<ActionId>>, from: ActionId, to: ActionId) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(action) = open.pop() {
        if action == to {
            return true;
        }
        let next = leads.get(&action).into_iter().flatten();
        open.extend(next.filter(|next| seen.insert(**next)));
    }
    false
}

/// Looks for a way from the last of `path` back to `start`, through syncs that are not on it yet.
fn circle(syncs: &[&Sync], start: usize, path: &mut Vec<usize>) -> bool {
    const LONGEST: usize = 8;
    let Some(&last) = path.last() else { return false };
    if wakes(syncs[last], syncs[start]) {
        return true;
    }
    if path.len() >= LONGEST {
        return false;
    }
    for next in 0..syncs.len() {
        if !path.contains(&next) && wakes(syncs[last], syncs[next]) {
            path.push(next);
            if circle(syncs, start, path) {
                return true;
            }
            path.pop();
        }
    }
    false
}

/// Whether what one sync does is something that the other waits for.
fn wakes(one: &Sync, other: &Sync) -> bool {
    one.then.iter().any(|call| {
        other.when.iter().any(|line| {
            let given = |field: &Match| call.args.iter().find(|(name, _)| *name == field.key);
            let conflicts = |field: &Match| match (&field.test, given(field).map(|(_, value)| &*value.kind)) {
                (Test::Is(wanted), Some(ExprKind::Const(value))) => wanted != value,
                _ => false,
            };
            line.action == call.action && !line.fails && !line.input.iter().any(conflicts)
        })
    })
}

//! Syncs that can wake each other for ever.
//!
//! Looked for among actions first, of which there are few however many syncs there are: an action leads to another if a
//! sync that waits for the one does the other. Only where actions form a circle are syncs looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edges, circle, components};
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

    /// One warning for all syncs that can wake each other, with a way that is as short as any through the first.
    pub(super) fn report(&self, plan: &Plan, diagnostics: &mut Diagnostics) {
        let syncs: Vec<&Sync> = self.syncs.iter().map(|at| &plan.syncs[*at]).collect();
        let syncs = among_circling_actions(&syncs);
        let mut edges = wakings(&syncs);
        let component = components(&edges);
        for (at, next) in edges.iter_mut().enumerate() {
            next.retain(|next| component[*next] == component[at]);
        }
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for at in 0..syncs.len() {
            if told.contains(&component[at]) {
                continue;
            }
            let Some(way) = circle(&edges, at) else { continue };
            told.insert(component[at]);
            let names: Vec<&str> = way.iter().map(|at| &*syncs[*at].name).collect();
            let message = format!("this can go on for ever: {} → {}", names.join(" → "), syncs[at].name);
            let said = Diagnostic::warning("cycle", syncs[at].span, message);
            diagnostics
                .push(said.help("a flow that does is stopped at its bound; a line in `where` can end it"));
        }
    }
}

/// The syncs that wait for one action of a circle and do another.
fn among_circling_actions<'p>(syncs: &[&'p Sync]) -> Vec<&'p Sync> {
    let mut places: BTreeMap<ActionId, usize> = BTreeMap::new();
    let mut leads: Vec<BTreeSet<usize>> = Vec::new();
    let mut place = |action, leads: &mut Vec<BTreeSet<usize>>| {
        *places.entry(action).or_insert_with(|| {
            leads.push(BTreeSet::new());
            leads.len() - 1
        })
    };
    let mut steps: Vec<Vec<(usize, usize)>> = Vec::new();
    for sync in syncs {
        let mut of_sync = Vec::new();
        for line in &sync.when {
            for call in &sync.then {
                let (from, to) = (place(line.action, &mut leads), place(call.action, &mut leads));
                leads[from].insert(to);
                of_sync.push((from, to));
            }
        }
        steps.push(of_sync);
    }
    let edges: Edges = leads.into_iter().map(|next| next.into_iter().collect()).collect();
    let component = components(&edges);
    let circles =
        |steps: &[(usize, usize)]| steps.iter().any(|(from, to)| component[*from] == component[*to]);
    syncs.iter().zip(&steps).filter(|(_, steps)| circles(steps)).map(|(sync, _)| *sync).collect()
}

/// For each sync, those that it can wake.
fn wakings(syncs: &[&Sync]) -> Edges {
    let mut waiting: BTreeMap<ActionId, BTreeSet<usize>> = BTreeMap::new();
    for (at, sync) in syncs.iter().enumerate() {
        for line in &sync.when {
            waiting.entry(line.action).or_default().insert(at);
        }
    }
    let woken = |sync: &Sync| {
        let done: BTreeSet<ActionId> = sync.then.iter().map(|call| call.action).collect();
        let next: BTreeSet<usize> =
            done.iter().filter_map(|action| waiting.get(action)).flatten().copied().collect();
        next.into_iter().filter(|next| wakes(sync, syncs[*next])).collect()
    };
    syncs.iter().map(|sync| woken(sync)).collect()
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

//! Commits that are decided elsewhere.
//!
//! Between its check and its outcome such a commit holds on to what it read and what it writes; a commit that overlaps
//! waits. What was looked up is held as whole collections: coarse, but such commits are few and short.

use std::collections::BTreeSet;

use concord::storage::{Changes, CollectionId, DocKey};

use super::MemoryStore;

#[derive(Default)]
pub(super) struct Pendings {
    next: u64,
    pendings: Vec<Pending>,
}

struct Pending {
    ticket: u64,
    reads: BTreeSet<DocKey>,
    writes: BTreeSet<DocKey>,
    looked_through: BTreeSet<CollectionId>,
}

impl Pendings {
    pub(super) fn stand_in_the_way(&self, changes: &Changes) -> bool {
        self.pendings.iter().any(|pending| pending.overlaps(changes))
    }

    pub(super) fn add(&mut self, changes: &Changes) -> u64 {
        let lookups = changes.lookups.iter().map(|(lookup, _)| lookup.collection);
        let scans = changes.scans.iter().map(|(scan, _)| scan.collection);
        let ticket = self.next;
        self.next += 1;
        self.pendings.push(Pending {
            ticket,
            reads: changes.reads.iter().map(|(key, _)| key.clone()).collect(),
            writes: changes.writes.iter().map(|write| write.key.clone()).collect(),
            looked_through: lookups.chain(scans).collect(),
        });
        ticket
    }

    pub(super) fn remove(&mut self, ticket: u64) {
        self.pendings.retain(|pending| pending.ticket != ticket);
    }
}

impl Pending {
    /// Whether either of the two writes what the other read or writes.
    fn overlaps(&self, changes: &Changes) -> bool {
        let touched = |key: &DocKey| {
            self.reads.contains(key)
                || self.writes.contains(key)
                || self.looked_through.contains(&key.collection)
        };
        let writes_into = |collection| self.writes.iter().any(|key| key.collection == collection);
        changes.writes.iter().any(|write| touched(&write.key))
            || changes.reads.iter().any(|(key, _)| self.writes.contains(key))
            || changes.lookups.iter().any(|(lookup, _)| writes_into(lookup.collection))
            || changes.scans.iter().any(|(scan, _)| writes_into(scan.collection))
    }
}

/// A commit that has been checked and will hold, if it is applied. Dropped, it never was.
pub(crate) struct Prepared {
    store: MemoryStore,
    ticket: u64,
    /// None once it is applied.
    changes: Option<Changes>,
}

impl Prepared {
    pub(super) fn new(store: MemoryStore, ticket: u64, changes: Changes) -> Self {
        Self { store, ticket, changes: Some(changes) }
    }

    pub(crate) fn apply(mut self) {
        let changes = self.changes.take();
        self.store.settle(self.ticket, changes.or_else(|| Some(Changes::default())));
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if self.changes.is_some() {
            self.store.settle(self.ticket, None);
        }
    }
}

//! The most recent flows, in memory, bounded in bytes.
//!
//! For `trace`: it also holds what the journal leaves out (queries, refusals, what wrote nothing durable). Finding a flow
//! walks the ring, which is fine for a person who asks and keeps the cost of adding one to a copy.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use concord::Json;

use crate::flow::{Flow, FlowId, Note, Record, pack, unpack};

pub(crate) struct Ring {
    /// Bytes at most.
    limit: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// Their records, one flow behind the other.
    packed: VecDeque<u8>,
    /// What they weigh, all together.
    bytes: usize,
}

/// A flow without its records.
struct Entry {
    id: FlowId,
    /// Bytes of its records.
    length: usize,
    /// Bytes that all of it holds on to.
    weight: usize,
    notes: Vec<Note>,
}

impl Ring {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, inner: Mutex::default() }
    }

    /// Adds a flow: what `admit` did before it began, what happened, and what did not. Of one that would push out most of
    /// the others only the beginning is kept.
    pub(crate) fn push<'r>(
        &self,
        id: FlowId,
        admitted: &[Record],
        records: impl ExactSizeIterator<Item = &'r Record> + Clone,
        notes: Vec<Note>,
    ) {
        let mut size = 0;
        let fits = |record: &&Record| {
            size += record.input.size() + record.outcome.as_ref().map_or(0, Json::size);
            size <= self.limit / 2
        };
        let kept = records.clone().take_while(fits).count();
        // That is most of it.
        let mut packed = Vec::with_capacity(512 + size.min(self.limit));
        pack(admitted.iter(), &mut packed);
        pack(records.take(kept), &mut packed);
        let length = packed.len();
        let weight = size_of::<Entry>() + length + notes.iter().map(Note::weight).sum::<usize>();
        let entry = Entry { id, length, weight, notes };
        let mut inner = self.inner();
        while inner.bytes + weight > self.limit {
            let Some(oldest) = inner.entries.pop_front() else { return };
            inner.bytes -= oldest.weight;
            drop(inner.packed.drain(..oldest.length));
        }
        inner.make_room(length, self.limit);
        inner.bytes += weight;
        inner.packed.extend(&packed);
        inner.entries.push_back(entry);
    }

    /// The flows in which something failed only because the store did.
    pub(crate) fn stranded(&self) -> HashSet<u128> {
        let inner = self.inner();
        let stranded = inner.entries.iter().filter(|entry| entry.notes.iter().any(Note::is_stranded));
        stranded.map(|entry| entry.id.0).collect()
    }

    pub(crate) fn all(&self) -> Vec<Flow> {
        self.inner().flows(|_| true)
    }

    pub(crate) fn find(&self, id: FlowId) -> Option<Flow> {
        self.inner().flows(|entry| entry.id == id).pop()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Grows by doubling, but not beyond what the ring may hold.
    fn make_room(&mut self, length: usize, limit: usize) {
        let (used, room) = (self.packed.len(), self.packed.capacity());
        if used + length > room {
            self.packed.reserve_exact((2 * room).clamp(used + length, limit) - used);
        }
    }

    /// The flows that are wanted.
    fn flows(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Flow> {
        let mut from = 0;
        let mut found = Vec::new();
        for entry in &self.entries {
            let to = from + entry.length;
            if wanted(entry) {
                let packed: Vec<u8> = self.packed.range(from..to).copied().collect();
                found.extend(unpacked(entry, &packed));
            }
            from = to;
        }
        found
    }
}

fn unpacked(entry: &Entry, mut packed: &[u8]) -> Option<Flow> {
    let (admitted, records) = (unpack(&mut packed)?, unpack(&mut packed)?);
    Some(Flow { id: entry.id, admitted, records, notes: entry.notes.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_flows_fall_out_when_the_ring_is_full() {
        let push = |ring: &Ring, id| ring.push(FlowId(id), &[], [].iter(), Vec::new());
        let ring = Ring::new(usize::MAX);
        push(&ring, 0);
        let ring = Ring::new(10 * ring.inner().bytes);
        for id in 0..25 {
            push(&ring, id);
        }
        assert!(ring.find(FlowId(14)).is_none());
        assert!(ring.find(FlowId(15)).is_some());
        assert!(ring.find(FlowId(24)).is_some());
        assert_eq!(ring.all().len(), 10);
    }
}

//! The most recent flows, in memory, bounded in bytes.
//!
//! For `trace`: it also holds what the journal leaves out (queries, refusals, what wrote nothing durable). Finding a flow
//! walks the ring, which is fine for a person who asks and keeps the cost of adding one to a push.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::flow::{Flow, FlowId, Record};

pub(crate) struct Ring {
    /// Bytes at most.
    limit: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Oldest first, each with what it weighs.
    flows: VecDeque<(usize, Flow)>,
    bytes: usize,
}

impl Ring {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, inner: Mutex::default() }
    }

    pub(crate) fn push(&self, flow: Flow) {
        let weight = weight(&flow);
        let mut inner = self.inner();
        inner.bytes += weight;
        inner.flows.push_back((weight, flow));
        while inner.bytes > self.limit {
            let Some((weight, oldest)) = inner.flows.pop_front() else { return };
            inner.bytes -= weight;
            let is_enough = inner.bytes <= self.limit; // nearly always: one comes, one goes
            drop(inner);
            drop(oldest); // while others may use the ring
            if is_enough {
                return;
            }
            inner = self.inner();
        }
    }

    /// The flows in which something failed only because the store did.
    pub(crate) fn stranded(&self) -> HashSet<u128> {
        let inner = self.inner();
        let flows = inner.flows.iter().map(|(_, flow)| flow);
        flows.filter(|flow| flow.is_stranded()).map(|flow| flow.id.0).collect()
    }

    pub(crate) fn all(&self) -> Vec<Flow> {
        self.inner().flows.iter().map(|(_, flow)| flow.clone()).collect()
    }

    pub(crate) fn find(&self, id: FlowId) -> Option<Flow> {
        let inner = self.inner();
        inner.flows.iter().rev().find(|(_, flow)| flow.id == id).map(|(_, flow)| flow.clone())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that a flow holds on to, roughly; the constant stands for allocations' own cost.
fn weight(flow: &Flow) -> usize {
    128 + size_of::<Flow>() + flow.admitted.iter().chain(&flow.records).map(Record::weight).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_flows_fall_out_when_the_ring_is_full() {
        let flow = |id| Flow::refused(FlowId(id), Vec::new());
        let ring = Ring::new(10 * weight(&flow(0)));
        for id in 0..25 {
            ring.push(flow(id));
        }
        assert!(ring.find(FlowId(14)).is_none());
        assert!(ring.find(FlowId(15)).is_some());
        assert!(ring.find(FlowId(24)).is_some());
    }
}

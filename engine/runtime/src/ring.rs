//! The most recent flows, in memory, bounded in bytes.
//!
//! For `trace`: it also holds what the journal leaves out (queries, refusals, what wrote nothing durable). Finding a flow
//! walks the ring, which is fine for a person who asks and keeps the cost of adding one to a push.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::flow::{Flow, FlowId, Record};

pub(crate) struct Ring {
    /// Bytes at most.
    limit: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Oldest first.
    flows: VecDeque<Arc<Flow>>,
    bytes: usize,
}

impl Ring {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, inner: Mutex::default() }
    }

    pub(crate) fn push(&self, flow: Flow) {
        let flow = Arc::new(flow);
        let mut fallen = Vec::new(); // dropped after the lock is
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes += weight(&flow);
        inner.flows.push_back(flow);
        while inner.bytes > self.limit {
            let Some(oldest) = inner.flows.pop_front() else { break };
            inner.bytes -= weight(&oldest);
            fallen.push(oldest);
        }
    }

    /// The flows in which something failed only because the store did.
    pub(crate) fn stranded(&self) -> HashSet<u128> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.flows.iter().filter(|flow| flow.is_stranded()).map(|flow| flow.id.0).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Flow>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.flows.iter().cloned().collect()
    }

    pub(crate) fn find(&self, id: FlowId) -> Option<Arc<Flow>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.flows.iter().rev().find(|flow| flow.id == id).cloned()
    }
}

/// Bytes that a flow holds on to, roughly; the constant stands for allocations' own cost.
fn weight(flow: &Flow) -> usize {
    128 + size_of::<Flow>() + flow.records.iter().map(Record::weight).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_flows_fall_out_when_the_ring_is_full() {
        let flow = |id| Flow { id: FlowId(id), records: Vec::new(), notes: Vec::new() };
        let ring = Ring::new(10 * weight(&flow(0)));
        for id in 0..25 {
            ring.push(flow(id));
        }
        assert!(ring.find(FlowId(14)).is_none());
        assert!(ring.find(FlowId(15)).is_some());
        assert!(ring.find(FlowId(24)).is_some());
    }
}

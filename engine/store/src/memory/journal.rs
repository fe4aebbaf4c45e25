//! The journal of a store in memory: bounded, and looked through from end to end when somebody asks.
//!
//! The texts lie one behind the other in one ring of bytes. Records kept as they came would each be an allocation that is
//! cold by the time it is freed, by another thread than made it, and that costs a commit more than the copy does.

use std::collections::VecDeque;

use bytes::Bytes;
use concord::Millis;

use crate::store::{Record, Retention};

#[derive(Default)]
pub(super) struct Journal {
    retention: Retention,
    /// Oldest first.
    records: VecDeque<Entry>,
    texts: VecDeque<u8>,
}

struct Entry {
    flow: u128,
    /// Bytes of its text.
    length: usize,
}

impl Journal {
    pub(super) fn new(retention: Retention) -> Self {
        Self { retention, ..Self::default() }
    }

    pub(super) fn extend(&mut self, records: &[Record]) {
        for Record { flow, body } in records {
            let now = Millis(i64::try_from(flow >> 80).unwrap_or(i64::MAX));
            self.records.push_back(Entry { flow: *flow, length: body.len() });
            self.texts.extend(&body[..]);
            self.trim(self.retention.oldest_flow(now));
        }
    }

    pub(super) fn of(&self, flow: u128) -> Vec<Bytes> {
        let mut from = 0;
        let mut found = Vec::new();
        for entry in &self.records {
            let to = from + entry.length;
            if entry.flow == flow {
                found.push(self.texts.range(from..to).copied().collect());
            }
            from = to;
        }
        found
    }

    fn trim(&mut self, oldest: u128) {
        while self.records.front().is_some_and(|first| first.flow < oldest || self.is_full()) {
            let Some(entry) = self.records.pop_front() else { return };
            drop(self.texts.drain(..entry.length));
        }
    }

    fn is_full(&self) -> bool {
        (self.texts.len() + self.records.len() * size_of::<Entry>()) as u64 > self.retention.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_whole_until_they_fall_out() {
        let record = |flow: u32| Record { flow: flow.into(), body: format!("{flow:07}").into() };
        let room = 10 * (size_of::<Entry>() + 7);
        let mut journal = Journal::new(Retention { bytes: room as u64, ..Retention::default() });
        for flow in 0..25 {
            journal.extend(&[record(flow)]);
        }
        assert!(journal.of(14).is_empty());
        for flow in 15..25 {
            assert_eq!(journal.of(flow.into()), [record(flow).body]);
        }
    }
}

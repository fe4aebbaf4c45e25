//! The journal of a store in memory: bounded, and looked through from end to end when somebody asks.

use std::collections::VecDeque;

use bytes::Bytes;
use concord::Millis;

use crate::store::{Record, Retention};

#[derive(Default)]
pub(super) struct Journal {
    retention: Retention,
    /// Oldest first.
    records: VecDeque<Record>,
    bytes: u64,
}

impl Journal {
    pub(super) fn new(retention: Retention) -> Self {
        Self { retention, ..Self::default() }
    }

    pub(super) fn extend(&mut self, records: Vec<Record>) {
        for record in records {
            let now = Millis(i64::try_from(record.flow >> 80).unwrap_or(i64::MAX));
            self.bytes += weight(&record);
            self.records.push_back(record);
            self.trim(self.retention.oldest_flow(now));
        }
    }

    pub(super) fn of(&self, flow: u128) -> Vec<Bytes> {
        self.records.iter().filter(|record| record.flow == flow).map(|record| record.body.clone()).collect()
    }

    fn trim(&mut self, oldest: u128) {
        while self
            .records
            .front()
            .is_some_and(|first| first.flow < oldest || self.bytes > self.retention.bytes)
        {
            let Some(record) = self.records.pop_front() else { return };
            self.bytes -= weight(&record);
        }
    }
}

fn weight(record: &Record) -> u64 {
    (size_of::<Record>() + record.body.len()) as u64
}

//! What the store keeps of a flow that is not done: records and firings, in rows that only grow.
//!
//! Each durable commit that leaves something due adds one row, with what happened since the last. After a crash the rows
//! are read in order: the records say what matches, the firings which of the matches have had their effect.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::flow::Record;
use crate::matching::RecordId;
use crate::registry::Registry;
use crate::rules::{Rules, SyncId};

/// Which firing: a sync and the records that it matched.
pub(crate) type Key = (SyncId, Arc<[RecordId]>);

/// A flow as its rows have it.
#[derive(Default)]
pub(crate) struct Open {
    pub(crate) records: Vec<Record>,
    pub(crate) fired: Vec<Key>,
}

/// A row: the records from the one numbered `first` on, and firings.
pub(crate) fn encode<'r>(
    first: usize,
    records: impl Iterator<Item = &'r Record>,
    fired: impl Iterator<Item = (SyncId, &'r [RecordId])>,
    registry: &Registry,
    rules: &Rules,
) -> Bytes {
    let mut row = format!(r#"{{"first":{first},"records":["#).into_bytes();
    for (at, record) in records.enumerate() {
        if at > 0 {
            row.push(b',');
        }
        row.extend_from_slice(&record.to_json(registry));
    }
    let fired: Vec<(&str, &[RecordId])> =
        fired.map(|(sync, records)| (&**rules.name(sync), records)).collect();
    row.extend_from_slice(br#"],"fired":"#);
    // Texts and numbers always turn into JSON, and writing to memory does not fail.
    let _ = serde_json::to_writer(&mut row, &fired);
    row.push(b'}');
    row.into()
}

#[derive(Deserialize)]
struct Row<'a> {
    first: usize,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    fired: Vec<(String, Vec<RecordId>)>,
}

/// Reads a flow's rows. What they say of concepts or syncs that are not there any more cannot be taken up.
pub(crate) fn decode(rows: &[Bytes], registry: &Registry, rules: &Rules) -> Option<Open> {
    let mut open = Open::default();
    for row in rows {
        let row: Row<'_> = serde_json::from_slice(row).ok()?;
        open.records.truncate(row.first);
        for line in row.records {
            open.records.push(Record::of_json(line, registry)?);
        }
        let known =
            row.fired.into_iter().filter_map(|(sync, records)| Some((rules.by_name(&sync)?, records.into())));
        open.fired.extend(known);
    }
    Some(open)
}

//! A batch of commits in one SQLite transaction.
//!
//! Each is checked on its own against what those before it left, so a conflicting one drops out without a trace and the
//! others stand. What they write goes into the newest layer, where nobody sees it yet, and into one row of the log.

use concord::storage::{DocKey, Version};
use rusqlite::{Connection, Result, params};

use super::queries::{Catalog, Text, stored_version};
use super::reader::Readers;
use super::sight::Sight;
use super::{journal, log};
use crate::store::{Commit, Contended, Owed, Record, Retention};
use crate::versions::NEWEST;

/// What the database counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    /// Drawn for versions and for the order of the journal and the log.
    pub(super) sequence: u64,
    pub(super) journal_bytes: u64,
}

pub(super) struct Batch<'a> {
    db: &'a Connection,
    catalog: &'a Catalog,
    readers: &'a Readers,
    counters: Counters,
    /// For the log.
    row: Vec<u8>,
    /// For the journal. They share a row as well.
    records: Vec<Record>,
    /// What has been written.
    written: &'a mut Vec<DocKey>,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(
        db: &'a Connection,
        catalog: &'a Catalog,
        readers: &'a Readers,
        counters: Counters,
        written: &'a mut Vec<DocKey>,
    ) -> Result<Self> {
        db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self { db, catalog, readers, counters, row: Vec::new(), records: Vec::new(), written })
    }

    /// Adds a commit that was right as of a version, or says what it conflicts with.
    pub(super) fn add(&mut self, commit: Commit, as_of: Version) -> Result<Option<Contended>> {
        let Commit { changes, records, owed, effects: _ } = commit;
        let layers = self.readers.recent.layers();
        if layers.touched_since(&changes, as_of) {
            let (catalog, filter) = (self.catalog, &self.readers.filter);
            let now = Sight { at: NEWEST, layers: &layers, catalog, filter, tables: self.db };
            if let Some(contended) = now.contended(&changes)? {
                return Ok(Some(contended));
            }
        }
        self.counters.sequence += 1;
        let version = self.counters.sequence;
        for write in &changes.writes {
            let indexes = self.catalog.get(&write.key.collection).map_or(&[][..], Vec::as_slice);
            log::note(&mut self.row, write, version, indexes);
            self.written.push(write.key.clone());
        }
        self.readers.recent.write(changes.writes, version);
        self.owe(owed)?;
        self.records.extend(records);
        Ok(None)
    }

    /// Keeps what a flow needs in order to go on, and forgets flows that are done.
    fn owe(&mut self, owed: Owed) -> Result<()> {
        for flow in &owed.closed {
            self.db.prepare_cached("DELETE FROM flows WHERE flow = ?1")?.execute([flow.to_be_bytes()])?;
        }
        if let Some((flow, row)) = owed.row {
            self.counters.sequence += 1;
            let n = stored_version(self.counters.sequence);
            let mut insert = self.db.prepare_cached("INSERT INTO flows VALUES (?1, ?2, ?3)")?;
            insert.execute(params![flow.to_be_bytes(), n, Text(&row)])?;
        }
        Ok(())
    }

    /// Writes the records, drops old ones, and writes the row of the log. All that is left to do is to commit. What the
    /// database counts then.
    pub(super) fn close(self, retention: &Retention) -> Result<Counters> {
        let Self { db, mut counters, row, records, .. } = self;
        if let Some(youngest) = records.iter().map(|record| record.flow).max() {
            let added = journal::add(db, records, &mut counters.sequence)?;
            let bytes = counters.journal_bytes + added;
            let dropped = journal::trim(db, retention, youngest, bytes, added)?;
            counters.journal_bytes = bytes.saturating_sub(dropped);
        }
        counters.sequence += 1;
        log::append(db, counters, &row)?;
        Ok(counters)
    }
}

//! A batch of commits in one SQLite transaction.
//!
//! Each is checked on its own against what those before it left, so a conflicting one drops out without a trace and the
//! others stand. An update names the version that it replaces, which checks and writes in one statement; only a commit
//! that writes several documents is checked beforehand, as it must not stop half way.

use concord::storage::{NewDoc, Write};
use rusqlite::{Connection, Result, params};

use super::journal;
use super::queries::{self, Catalog, Text, stored_version};
use crate::store::{Commit, Contended, Owed, Record, Retention};

/// What the database counts, as of the batch under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    /// Drawn for versions and for the order of the journal.
    pub(super) sequence: u64,
    pub(super) journal_bytes: u64,
}

pub(super) struct Batch<'a> {
    db: &'a Connection,
    catalog: &'a Catalog,
    counters: Counters,
    /// For the journal. They share a row, which is written at the end.
    records: Vec<Record>,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(db: &'a Connection, catalog: &'a Catalog) -> Result<Self> {
        db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let counters = counters(db)?;
        Ok(Self { db, catalog, counters, records: Vec::new() })
    }

    /// Adds a commit, or says what it conflicts with.
    pub(super) fn add(&mut self, commit: Commit) -> Result<Option<Contended>> {
        let Commit { changes, records, owed, effects: _ } = commit;
        if let Some(contended) = queries::contended(self.db, self.catalog, &changes)? {
            return Ok(Some(contended));
        }
        if changes.writes.len() > 1 {
            for write in &changes.writes {
                if queries::version_of(self.db, &write.key)? != write.expected {
                    return Ok(Some(Contended::Doc(write.key.clone())));
                }
            }
        }
        self.counters.sequence += 1;
        for (place, write) in changes.writes.iter().enumerate() {
            if !self.write(write)? {
                // After the check above only a lone write can get here; anything else must not be committed.
                let lone = Some(Contended::Doc(write.key.clone()));
                return if place == 0 { Ok(lone) } else { Err(rusqlite::Error::StatementChangedRows(0)) };
            }
        }
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

    /// Writes a document and its index entries. False if the document is not what it should be.
    fn write(&self, write: &Write) -> Result<bool> {
        let (collection, id) = (write.key.collection.0, &*write.key.id);
        let version = stored_version(self.counters.sequence);
        let changed = match (write.expected, &write.after) {
            (None, Some(NewDoc { body, .. })) => self
                .db
                .prepare_cached("INSERT INTO documents VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
                .execute(params![collection, id, version, Text(body)])?,
            (Some(expected), Some(NewDoc { body, .. })) => self
                .db
                .prepare_cached(
                    "UPDATE documents SET version = ?3, body = ?4 WHERE collection = ?1 AND id = ?2 AND version = ?5",
                )?
                .execute(params![collection, id, version, Text(body), stored_version(expected)])?,
            (Some(expected), None) => self
                .db
                .prepare_cached("DELETE FROM documents WHERE collection = ?1 AND id = ?2 AND version = ?3")?
                .execute(params![collection, id, stored_version(expected)])?,
            // A transaction reports what it made and unmade as a read.
            (None, None) => return Ok(queries::version_of(self.db, &write.key)?.is_none()),
        };
        if changed == 0 {
            return Ok(false);
        }
        self.index(write)?;
        Ok(true)
    }

    fn index(&self, write: &Write) -> Result<()> {
        let Some(indexes) = self.catalog.get(&write.key.collection) else { return Ok(()) };
        let id = &*write.key.id;
        for (place, index) in indexes.iter().enumerate() {
            let before = write.before.get(place);
            let after = write.after.as_ref().and_then(|doc| doc.keys.get(place));
            if before == after {
                continue;
            }
            if let Some(key) = before {
                let mut delete = self
                    .db
                    .prepare_cached("DELETE FROM entries WHERE \"index\" = ?1 AND key = ?2 AND id = ?3")?;
                delete.execute(params![index, key, id])?;
            }
            if let Some(key) = after {
                let mut insert =
                    self.db.prepare_cached("INSERT OR IGNORE INTO entries VALUES (?1, ?2, ?3)")?;
                insert.execute(params![index, key, id])?;
            }
        }
        Ok(())
    }

    /// Writes the records, drops old ones, and notes where the counters stand. All that is left to do is to commit.
    pub(super) fn close(self, retention: &Retention) -> Result<()> {
        let Self { db, mut counters, records, .. } = self;
        if let Some(youngest) = records.iter().map(|record| record.flow).max() {
            let added = journal::add(db, records, &mut counters.sequence)?;
            let bytes = counters.journal_bytes + added;
            let dropped = journal::trim(db, retention, youngest, bytes, added)?;
            counters.journal_bytes = bytes.saturating_sub(dropped);
        }
        let Counters { sequence, journal_bytes } = counters;
        let mut update = db.prepare_cached("UPDATE state SET sequence = ?1, journal_bytes = ?2")?;
        update.execute(params![stored_version(sequence), stored_version(journal_bytes)])?;
        Ok(())
    }
}

fn counters(db: &Connection) -> Result<Counters> {
    let mut state = db.prepare_cached("SELECT sequence, journal_bytes FROM state")?;
    state.query_row([], |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(Counters { sequence: number(0)?, journal_bytes: number(1)? })
    })
}

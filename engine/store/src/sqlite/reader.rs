//! Connections that read, and snapshots.
//!
//! Reads run inline on the task that wants them: a page from the cache costs less than a hop to another thread. A
//! connection is taken for one read, so there are never more of them than threads that read at once. It keeps its read
//! transaction, and with it its cache, for as long as the tables are no older than the layers that the reader has in
//! front of them: what they have beyond that is in those layers too. So a snapshot holds no connection, and nothing in
//! the file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord::storage::{Answer, DocKey, Lookup, Scan, Snapshot, StorageFault, Stored, Version};
use rusqlite::{Connection, Result};

use super::filter::Filter;
use super::queries::Catalog;
use super::recent::{Layers, Recent};
use super::schema;
use super::sight::{Sight, Tables};

/// Connections that are kept at most. Each holds its cache, so this bounds memory as well.
const KEPT: usize = 16;

pub(super) struct Pool {
    path: PathBuf,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    readers: Vec<Reader>,
    /// Counted up when transactions have to end.
    round: u64,
}

struct Reader {
    db: Connection,
    /// In a transaction, which sees at least what the tables had when they were settled up to here.
    sees: Option<Version>,
    /// When it was taken.
    round: u64,
}

impl Reader {
    fn end(&mut self) -> Result<()> {
        if self.sees.take().is_some() {
            self.db.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }

    fn begin(&mut self, sees: Version) -> Result<()> {
        self.end()?;
        self.db.prepare_cached("BEGIN")?.execute([])?;
        self.sees = Some(sees);
        Ok(())
    }
}

impl Pool {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::default() }
    }

    /// Reads tables that are settled at least up to this version.
    fn settled<T>(
        &self,
        recent: &Recent,
        to: Version,
        read: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let mut reader = self.take()?;
        if reader.sees.is_none_or(|sees| sees < to) {
            // Asked before the transaction begins, so that it sees that much.
            reader.begin(recent.settled())?;
        }
        let answer = read(&reader.db)?;
        self.put_back(reader)?;
        Ok(answer)
    }

    /// Reads the database as it is now.
    pub(super) fn now<T>(&self, recent: &Recent, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut reader = self.take()?;
        reader.begin(recent.settled())?;
        let answer = read(&reader.db)?;
        self.put_back(reader)?;
        Ok(answer)
    }

    /// Ends all transactions, those under way when they are through, so that the write-ahead log can begin anew.
    pub(super) fn end_transactions(&self) {
        let mut idle = self.idle();
        idle.round += 1;
        // One that will not end its transaction is not used again.
        idle.readers.retain_mut(|reader| reader.end().is_ok());
    }

    /// Closes what is idle, so that the writer is the last to close and tidies up.
    pub(super) fn close(&self) {
        self.idle().readers.clear();
    }

    fn take(&self) -> Result<Reader> {
        let (found, round) = {
            let mut idle = self.idle();
            (idle.readers.pop(), idle.round)
        };
        match found {
            Some(reader) => Ok(Reader { round, ..reader }),
            None => Ok(Reader { db: schema::reader(&self.path)?, sees: None, round }),
        }
    }

    /// A connection that failed is not put back.
    fn put_back(&self, mut reader: Reader) -> Result<()> {
        let mut idle = self.idle();
        if idle.round != reader.round {
            reader.end()?;
        }
        if idle.readers.len() < KEPT {
            idle.readers.push(reader);
        }
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What readers share.
pub(super) struct Readers {
    pub(super) recent: Recent,
    pub(super) filter: Filter,
    pub(super) pool: Pool,
}

impl Readers {
    /// Begins to read what has been committed so far.
    pub(super) fn view(self: &Arc<Self>, catalog: Arc<Catalog>) -> View {
        let (at, layers) = self.recent.enter();
        View { readers: Arc::clone(self), catalog, at, layers }
    }
}

/// A snapshot: a version that the tables do not go beyond for as long as this lives.
pub(super) struct View {
    readers: Arc<Readers>,
    catalog: Arc<Catalog>,
    pub(super) at: Version,
    layers: Layers,
}

impl View {
    pub(super) fn sight(&self) -> Sight<'_, &Self> {
        let Self { readers, catalog, at, layers } = self;
        Sight { at: *at, layers, catalog, filter: &readers.filter, tables: self }
    }
}

impl Tables for &View {
    fn read<T>(self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.readers.pool.settled(&self.readers.recent, self.layers.settled, read)
    }
}

impl Snapshot for View {
    fn get(&self, key: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>> {
        Answer::Now(self.sight().get(key).map_err(StorageFault::new))
    }

    fn find(&self, lookup: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(self.sight().find(lookup).map_err(StorageFault::new))
    }

    fn scan(&self, scan: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(self.sight().scan(scan).map_err(StorageFault::new))
    }

    fn version(&self) -> Option<Version> {
        Some(self.at)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.readers.recent.leave(self.at);
    }
}

//! Snapshots: read transactions on pooled connections.
//!
//! Reads run inline on the task that wants them: a page from the cache costs less than a hop to another thread. The
//! number of connections is bounded; who finds none waits without blocking a thread.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord::storage::{Answer, DocKey, Lookup, Scan, Snapshot, StorageFault, Stored};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::queries::{self, Catalog};
use super::schema;

/// Connections at most. Each holds its cache, so this bounds memory as well.
const CONNECTIONS: usize = 32;

pub(super) struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, idle: Mutex::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// A connection at the beginning of a read transaction.
    pub(super) fn view(self: &Arc<Self>, catalog: Arc<Catalog>) -> Answer<'_, Result<View, StorageFault>> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Answer::Now(self.begin(permit, catalog)),
            Err(_) => Answer::Later(Box::pin(async move {
                let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(StorageFault::new)?;
                self.begin(permit, catalog)
            })),
        }
    }

    /// Closes what is idle, so that the writer is the last to close and tidies up.
    pub(super) fn close(&self) {
        self.idle().clear();
    }

    fn begin(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        catalog: Arc<Catalog>,
    ) -> Result<View, StorageFault> {
        let idle = self.idle().pop();
        let db = idle.map_or_else(|| schema::reader(&self.path), Ok).map_err(StorageFault::new)?;
        db.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).map_err(StorageFault::new)?;
        Ok(View { db: Mutex::new(Some(db)), pool: Arc::clone(self), catalog, _permit: permit })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read transaction. What it sees is fixed by its first read.
pub(super) struct View {
    /// There until this is dropped. Behind a lock because a connection serves one thread at a time.
    db: Mutex<Option<Connection>>,
    pool: Arc<Pool>,
    catalog: Arc<Catalog>,
    _permit: OwnedSemaphorePermit,
}

impl View {
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection, &Catalog) -> rusqlite::Result<T>,
    ) -> Result<T, StorageFault> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = || StorageFault::new("the connection is gone");
        read(db.as_ref().ok_or_else(gone)?, &self.catalog).map_err(StorageFault::new)
    }
}

impl Snapshot for View {
    fn get(&self, key: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>> {
        Answer::Now(self.read(|db, _| queries::get(db, key)))
    }

    fn find(&self, lookup: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(self.read(|db, catalog| queries::find(db, catalog, lookup)))
    }

    fn scan(&self, scan: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(self.read(|db, _| queries::scan(db, scan)))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let db = self.db.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(db) = db else { return };
        let ended = db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        // One that will not end its transaction is not used again.
        if ended.is_ok() {
            self.pool.idle().push(db);
        }
    }
}

//! The store on SQLite: one machine, one file, durable.
//!
//! Write-ahead log, `synchronous=FULL`: an acknowledged commit has been synced. One thread writes and groups what is
//! waiting into one sync and one row of a table, `log`; the documents stand in memory until they are moved into their own
//! tables, many at a time. Reads run inline, on those in memory and on pooled connections. A file belongs to one server at
//! a time; others may read it meanwhile, to back it up or to look at the journal.

mod backup;
mod batch;
mod catalog;
mod filter;
mod journal;
mod log;
mod queries;
mod reader;
mod recent;
mod rows;
mod schema;
mod settle;
mod sight;
mod sweep;
mod writer;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use concord::storage::{Answer, Changes, CollectionId, Snapshot, Source, StorageFault, Version};
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use self::backup::{BackupError, backup, read_journal, recent_flows};
use self::filter::Filter;
use self::reader::{Pool, Readers, View};
use self::recent::Recent;
use self::writer::{Job, Shared, Writer};
use crate::store::{Commit, CommitError, Layout, OpenFlow, PrepareError, Retention, Store};

/// Called on the writing thread when a transaction is complete but for the sync.
///
/// For tests alone: `kill -9` cannot show that replies wait for the disk, as what a process has written survives it
/// without any sync. Here a test can make the sync wait, or fail.
pub trait BeforeSync: Send + Sync {
    /// Waits, fails, or lets the sync go on.
    fn before_sync(&self) -> io::Result<()>;
}

/// How to open a database.
#[derive(Clone, Default)]
pub struct Options {
    /// How long the journal keeps its records.
    pub retention: Retention,
    /// For tests of durability.
    pub before_sync: Option<Arc<dyn BeforeSync>>,
    /// For tests of a full disk: how many pages the database may have, asked whenever it is opened.
    pub max_pages: Option<Arc<AtomicU32>>,
    /// How documents move from memory into their tables.
    pub pace: Pace,
}

/// How documents move from memory into their tables. The standard is right but for tests, which have few.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Bytes that are gathered before they are moved. The more, the more of them share a page, and the longer a start
    /// after a crash.
    pub layer: usize,
    /// Bytes that are gathered at most while they cannot be moved, as somebody reads what was before them. Commits fail
    /// from there on.
    pub most: usize,
    /// Documents and index entries that are moved in one piece at most: commits wait for that long.
    pub piece: usize,
    /// How long nobody has asked for anything when everything is moved that there is.
    pub quiet: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { layer: 16 << 20, most: 96 << 20, piece: 128, quiet: Duration::from_millis(500) }
    }
}

/// Why a database does not open.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// Its folder cannot be made or written to.
    #[error("cannot use the folder of {path}")]
    Folder {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// Another process serves it.
    #[error("{path} is in use by another server")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// Another version of Concord wrote it, in a way that this one does not know.
    #[error(
        "{path} was written by another version: its tables are version {found}, this one knows {}",
        schema::VERSION
    )]
    Version {
        /// The database.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// The system has no thread to spare.
    #[error("cannot start a thread for {path}")]
    Thread {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// It is no database of ours, or damaged.
    #[error("cannot open the database {path}")]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// A store on SQLite.
///
/// ```
/// use concord_store::sqlite::{Options, SqliteStore};
///
/// let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(&folder.path().join("concord.db"), Options::default())?;
/// # drop(store);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    /// None while this is dropped.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Held for as long as the database is ours.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database at `path`; makes it, and its folder, if it is not there.
    pub fn open(path: &Path, options: Options) -> Result<Self, SqliteError> {
        let lock = lock(path)?;
        let database = |source| SqliteError::Database { path: path.to_path_buf(), source };
        let db = schema::writer(path, options.max_pages.as_deref()).map_err(database)?;
        let found = schema::upgraded(&db).map_err(database)?;
        if found != schema::VERSION {
            return Err(SqliteError::Version { path: path.to_path_buf(), found });
        }
        let db = match journal::prune(&db, &options.retention) {
            Ok(()) => db,
            Err(error) => {
                // A disk that is full is no reason not to read from it.
                tracing::warn!(%error, "old records were not dropped from the journal");
                drop(db);
                schema::writer(path, options.max_pages.as_deref()).map_err(database)?
            }
        };
        log::settle(&db).map_err(database)?;
        let counters = log::counters(&db).map_err(database)?;
        let readers = Readers {
            recent: Recent::new(counters.sequence, options.pace),
            filter: Filter::default(),
            pool: Pool::new(path.to_path_buf()),
        };
        let shared = Arc::new(Shared {
            readers: Arc::new(readers),
            catalog: Mutex::default(),
            healthy: AtomicBool::new(true),
            syncs: AtomicU64::new(0),
        });
        let (jobs, queue) = channel();
        let writer = Writer::new(path.to_path_buf(), options, Arc::clone(&shared), db, counters);
        let writer = thread::Builder::new().name("concord-writer".into()).spawn(move || writer.run(&queue));
        let writer = writer.map_err(|source| SqliteError::Thread { path: path.to_path_buf(), source })?;
        Ok(Self { jobs: Some(jobs), writer: Some(writer), shared, _lock: lock })
    }

    /// How many transactions have been synced. Commits that waited at the same time share one.
    pub fn syncs(&self) -> u64 {
        self.shared.syncs.load(Ordering::Relaxed)
    }

    /// Sends the writer a job and waits for its reply.
    fn ask<T, J: FnOnce(oneshot::Sender<T>) -> Job>(
        &self,
        job: J,
    ) -> impl Future<Output = Result<T, StorageFault>> + use<T, J> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job(reply)).is_ok());
        async move {
            match answer.await {
                Ok(answer) if sent => Ok(answer),
                Ok(_) | Err(_) => Err(StorageFault::new("the writing thread is gone")),
            }
        }
    }

    fn view(&self) -> View {
        self.shared.readers.view(self.shared.catalog())
    }

    /// As of which version a transaction is right: the newest. Or what is not so.
    fn right_now(&self, changes: &Changes) -> Result<Version, CommitError> {
        let view = self.view();
        match view.sight().contended(changes).map_err(StorageFault::new)? {
            None => Ok(view.at),
            Some(contended) => Err(CommitError::Conflict(contended)),
        }
    }

    /// The same, but for what has changed since some version, which is for the writer to see. One that says what its
    /// snapshot was is right as of that, if what it presumed without a look is.
    fn right_once(&self, changes: &Changes) -> Result<Version, CommitError> {
        let Some(as_of) = changes.as_of else { return self.right_now(changes) };
        if sight::absent(changes).next().is_none() {
            return Ok(as_of);
        }
        match self.view().sight().presumed(changes).map_err(StorageFault::new)? {
            None => Ok(as_of),
            Some(contended) => Err(CommitError::Conflict(contended)),
        }
    }

    fn now<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageFault> {
        let Readers { recent, pool, .. } = &*self.shared.readers;
        pool.now(recent, read).map_err(StorageFault::new)
    }
}

impl Source for SqliteStore {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        Answer::Now(Ok(Box::new(self.view())))
    }
}

impl Store for SqliteStore {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        let layouts = layouts.to_vec();
        let answer = self.ask(move |reply| Job::Prepare(layouts, reply));
        Answer::Later(Box::pin(async { answer.await? }))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        let writes_nothing =
            commit.changes.is_read_only() && commit.records.is_empty() && commit.owed.is_nothing();
        if writes_nothing {
            return Answer::Now(self.right_now(&commit.changes).map(|_| commit.effects.run()));
        }
        let as_of = match self.right_once(&commit.changes) {
            Ok(as_of) => as_of,
            Err(error) => return Answer::Now(Err(error)),
        };
        let commit = Box::new(commit);
        let answer = self.ask(move |reply| Job::Commit(commit, as_of, reply));
        Answer::Later(Box::pin(async { answer.await? }))
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        Answer::Now(self.now(|db| journal::of(db, flow)))
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        Answer::Now(self.now(queries::open_flows))
    }

    fn probe(&self) -> Answer<'_, Result<(), StorageFault>> {
        if self.shared.healthy.load(Ordering::Acquire) {
            return Answer::Now(Ok(()));
        }
        let answer = self.ask(Job::Probe);
        Answer::Later(Box::pin(async { answer.await? }))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shared.readers.pool.close();
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so already.
            drop(writer.join());
        }
    }
}

/// Takes the database for this process. The lock is a file of its own, as SQLite locks the database itself.
fn lock(path: &Path) -> Result<File, SqliteError> {
    let folder = |source| SqliteError::Folder { path: path.to_path_buf(), source };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::create(PathBuf::from(name)).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SqliteError::InUse { path: path.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(folder(source)),
    }
}

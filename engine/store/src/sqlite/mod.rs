//! The store on SQLite: one machine, one file, durable.
//!
//! Write-ahead log, `synchronous=FULL`: an acknowledged commit has been synced. One thread writes and groups what is
//! waiting into one sync; reads run inline on pooled connections. A file belongs to one server at a time; others may read
//! it meanwhile, to back it up or to look at the journal.

mod backup;
mod batch;
mod catalog;
mod journal;
mod queries;
mod reader;
mod schema;
mod writer;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use concord::storage::{Answer, Changes, CollectionId, Snapshot, Source, StorageFault};
use tokio::sync::oneshot;

pub use self::backup::{BackupError, backup, read_journal, recent_flows};
use self::reader::Pool;
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
    /// For tests of a full disk: how many pages the database may have.
    pub max_pages: Option<u32>,
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
    pool: Arc<Pool>,
    shared: Arc<Shared>,
    /// Held for as long as the database is ours.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database at `path`; makes it, and its folder, if it is not there.
    pub fn open(path: &Path, options: Options) -> Result<Self, SqliteError> {
        let lock = lock(path)?;
        let database = |source| SqliteError::Database { path: path.to_path_buf(), source };
        let db = schema::writer(path, options.max_pages).map_err(database)?;
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
                schema::writer(path, options.max_pages).map_err(database)?
            }
        };
        let shared = Arc::new(Shared {
            catalog: Mutex::default(),
            healthy: AtomicBool::new(true),
            syncs: AtomicU64::new(0),
        });
        let (jobs, queue) = channel();
        let writer = Writer { path: path.to_path_buf(), options, shared: Arc::clone(&shared), db: Some(db) };
        let writer = thread::Builder::new().name("concord-writer".into()).spawn(move || writer.run(&queue));
        let writer = writer.map_err(|source| SqliteError::Thread { path: path.to_path_buf(), source })?;
        let pool = Pool::new(path.to_path_buf());
        Ok(Self { jobs: Some(jobs), writer: Some(writer), pool, shared, _lock: lock })
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

    /// A transaction that writes nothing is checked against a snapshot of now; the writer has no part in it.
    async fn check(&self, changes: Changes) -> Result<(), CommitError> {
        let view = self.pool.view(self.shared.catalog()).wait().await?;
        let contended = view.read(|db, catalog| queries::contended(db, catalog, &changes))?;
        contended.map_or(Ok(()), |key| Err(CommitError::Conflict(key)))
    }
}

impl Source for SqliteStore {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        match self.pool.view(self.shared.catalog()) {
            Answer::Now(view) => Answer::Now(view.map(|view| Box::new(view) as Box<dyn Snapshot>)),
            Answer::Later(view) => {
                Answer::Later(Box::pin(async { view.await.map(|view| Box::new(view) as Box<dyn Snapshot>) }))
            }
        }
    }
}

impl Store for SqliteStore {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        let layouts = layouts.to_vec();
        let answer = self.ask(move |reply| Job::Prepare(layouts, reply));
        Answer::Later(Box::pin(async { answer.await? }))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        if commit.changes.is_read_only() && commit.records.is_empty() && commit.owed.is_nothing() {
            return Answer::Later(Box::pin(async move {
                self.check(commit.changes).await?;
                commit.effects.run();
                Ok(())
            }));
        }
        let answer = self.ask(|reply| Job::Commit(commit, reply));
        Answer::Later(Box::pin(async { answer.await? }))
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        Answer::Later(Box::pin(async move {
            self.pool.view(self.shared.catalog()).wait().await?.read(|db, _| journal::of(db, flow))
        }))
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        Answer::Later(Box::pin(async move {
            self.pool.view(self.shared.catalog()).wait().await?.read(|db, _| queries::open_flows(db))
        }))
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
        self.pool.close();
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

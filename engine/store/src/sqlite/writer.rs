//! The one thread that writes.
//!
//! It takes whatever is waiting, commits it as one SQLite transaction with one sync, and answers only then. There is no
//! timer: a lone commit is a batch of one and waits for nobody; under load the next batch gathers while this one syncs.
//! Between batches it moves what was committed into the tables, as much as keeps up with what comes; all of it when
//! nobody has asked for anything for a while. So with what was there at the start, which it sweeps into the filter.

mod moving;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord::storage::{CollectionId, DocKey, StorageFault, Version};
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::moving::CHECKPOINT;
use super::batch::{Batch, Counters};
use super::queries::Catalog;
use super::reader::Readers;
use super::settle::{Settling, Stage};
use super::sweep::Sweep;
use super::{Options, catalog, log, schema};
use crate::store::{Commit, CommitError, Effects, Layout, PrepareError};

/// Commits in one batch at most: enough that a sync is shared by all who wait, few enough that none waits long.
const BATCH: usize = 256;

pub(super) enum Job {
    /// A commit that was right as of a version.
    Commit(Box<Commit>, Version, oneshot::Sender<Result<(), CommitError>>),
    Prepare(Vec<Layout>, oneshot::Sender<Result<Vec<CollectionId>, PrepareError>>),
    Probe(oneshot::Sender<Result<(), StorageFault>>),
}

/// What the writer shares with the store in front of it.
pub(super) struct Shared {
    pub(super) readers: Arc<Readers>,
    pub(super) catalog: Mutex<Arc<Catalog>>,
    /// Whether the last commit went well.
    pub(super) healthy: AtomicBool,
    /// How many transactions were synced, for tests of the grouping.
    pub(super) syncs: AtomicU64,
}

impl Shared {
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct Writer {
    path: PathBuf,
    options: Options,
    shared: Arc<Shared>,
    counters: Counters,
    /// None after a failure: what a failed sync left behind is the next connection's to recover.
    db: Option<Connection>,
    settling: Option<Stage>,
    /// What has been settled, and is freed when nobody reads it any more.
    spent: Option<Settling>,
    sweep: Sweep,
    /// Whether the last piece failed: the next is tried when there has been another commit.
    is_stuck: bool,
    /// Pages of SQLite's write-ahead log at which the next checkpoint is due.
    checkpoint_at: i64,
}

type Waiting = (Box<Commit>, Version, oneshot::Sender<Result<(), CommitError>>);

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        options: Options,
        shared: Arc<Shared>,
        db: Connection,
        counters: Counters,
    ) -> Self {
        Self {
            path,
            options,
            shared,
            counters,
            db: Some(db),
            settling: None,
            spent: None,
            sweep: Sweep::Done,
            is_stuck: false,
            checkpoint_at: CHECKPOINT,
        }
    }

    /// Works until the store is dropped and everything queued is done.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut left_over = None;
        let mut quiet = self.options.pace.quiet;
        loop {
            let next = match left_over.take() {
                Some(job) => Ok(job),
                None if self.is_stuck || self.is_through() => {
                    jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
                }
                None => jobs.recv_timeout(quiet),
            };
            quiet = self.options.pace.quiet;
            match next {
                Ok(Job::Commit(commit, as_of, reply)) => {
                    let mut batch = vec![(commit, as_of, reply)];
                    left_over = gather(&mut batch, jobs);
                    self.commit(batch);
                    self.checkpoint();
                    self.keep_up();
                    self.sweep_piece();
                    self.free_spent();
                }
                // Whoever asked may be gone; that is no concern of the writer's.
                Ok(Job::Prepare(layouts, reply)) => drop(reply.send(self.prepare(&layouts))),
                Ok(Job::Probe(reply)) => drop(reply.send(self.probe())),
                Err(RecvTimeoutError::Timeout) => {
                    if self.settle_piece(false) || self.sweep_piece() {
                        quiet = Duration::ZERO;
                    }
                    self.free_spent();
                    self.checkpoint();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        while self.settle_piece(true) {}
    }

    fn commit(&mut self, batch: Vec<Waiting>) {
        let mut commits = Vec::with_capacity(batch.len());
        let mut replies: Vec<(_, Effects)> = Vec::with_capacity(batch.len());
        for (mut commit, as_of, reply) in batch {
            replies.push((reply, std::mem::take(&mut commit.effects)));
            commits.push((commit, as_of));
        }
        let outcomes = self.write(commits);
        self.note(outcomes.as_ref().err());
        match outcomes {
            Ok(outcomes) => {
                for ((reply, effects), outcome) in replies.into_iter().zip(outcomes) {
                    if outcome.is_ok() {
                        effects.run();
                    }
                    drop(reply.send(outcome));
                }
            }
            Err(fault) => {
                for (reply, _) in replies {
                    drop(reply.send(Err(CommitError::Failed(fault.clone()))));
                }
            }
        }
    }

    /// Commits what does not conflict, and says which did. A fault fails all of them.
    fn write(
        &mut self,
        commits: Vec<(Box<Commit>, Version)>,
    ) -> Result<Vec<Result<(), CommitError>>, StorageFault> {
        let readers = Arc::clone(&self.shared.readers);
        let recent = &readers.recent;
        while recent.takes_no_more() && self.settle_piece(true) {}
        if recent.takes_no_more() {
            return Err(StorageFault::new("what was committed cannot be moved into the tables"));
        }
        let catalog = self.shared.catalog();
        let retention = self.options.retention;
        let mut written: Vec<DocKey> = Vec::new();
        let done = self.synced(|db, counters| {
            let mut batch = Batch::begin(db, &catalog, &readers, counters, &mut written)?;
            let mut outcomes = Vec::with_capacity(commits.len());
            for (commit, as_of) in commits {
                let contended = batch.add(*commit, as_of)?;
                outcomes.push(contended.map_or(Ok(()), |key| Err(CommitError::Conflict(key))));
            }
            // When all lost, nothing is written and there is nothing to sync.
            let any = outcomes.iter().any(Result::is_ok);
            Ok((if any { batch.close(&retention)? } else { counters }, outcomes))
        });
        match &done {
            Ok(_) => {
                recent.logged(self.counters.sequence);
                recent.publish(self.counters.sequence);
            }
            Err(_) => recent.retract(&written),
        }
        done
    }

    /// A write that changes nothing, to learn whether one would succeed.
    fn probe(&mut self) -> Result<(), StorageFault> {
        let tried = self.synced(|db, counters| {
            db.execute_batch("BEGIN IMMEDIATE; UPDATE state SET id = 1;")?;
            Ok((counters, ()))
        });
        self.note(tried.as_ref().err());
        tried
    }

    /// Runs `work`, which leaves a transaction open and says what the database counts then, and commits it.
    fn synced<T>(
        &mut self,
        work: impl FnOnce(&Connection, Counters) -> rusqlite::Result<(Counters, T)>,
    ) -> Result<T, StorageFault> {
        let db = self.connection().map_err(StorageFault::new)?;
        // On every way out but the last, dropping the connection rolls back.
        let (counters, done) = work(&db, self.counters).map_err(StorageFault::new)?;
        if let Some(hook) = &self.options.before_sync {
            hook.before_sync().map_err(StorageFault::new)?;
        }
        db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).map_err(StorageFault::new)?;
        self.shared.syncs.fetch_add(1, Ordering::Relaxed);
        self.counters = counters;
        self.db = Some(db);
        Ok(done)
    }

    /// Takes the connection; the one who takes it puts it back if all goes well.
    fn connection(&mut self) -> rusqlite::Result<Connection> {
        if let Some(db) = self.db.take() {
            return Ok(db);
        }
        let db = schema::writer(&self.path, self.options.max_pages.as_deref())?;
        self.catch_up(&db)?;
        Ok(db)
    }

    /// After a commit that failed: it may be there all the same.
    fn catch_up(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let (recent, catalog) = (&self.shared.readers.recent, self.shared.catalog());
        while let Some((n, entries)) = log::next(db, recent.published())? {
            for entry in entries {
                let version = entry.version;
                recent.write(vec![entry.into_write(&catalog)], version);
            }
            recent.logged(n);
            recent.publish(n);
        }
        self.counters = log::counters(db)?;
        if let Some(Stage::Moving(settling)) = &mut self.settling {
            settling.restart();
        }
        Ok(())
    }

    fn note(&self, fault: Option<&StorageFault>) {
        let was_healthy = self.shared.healthy.swap(fault.is_none(), Ordering::AcqRel);
        match fault {
            Some(fault) if was_healthy => tracing::error!(cause = %fault.0, "the store takes no writes"),
            None if !was_healthy => tracing::info!("the store takes writes again"),
            Some(_) | None => {}
        }
    }

    fn prepare(&mut self, layouts: &[Layout]) -> Result<Vec<CollectionId>, PrepareError> {
        while self.settle_piece(true) {}
        if !self.is_settled() {
            return Err(StorageFault::new("what was committed is not in the tables yet").into());
        }
        let mut catalog = Catalog::clone(&self.shared.catalog());
        let mut db = self.connection().map_err(StorageFault::new)?;
        let ids = catalog::prepare(&mut db, &mut catalog, layouts);
        self.begin_to_sweep(&db);
        self.db = Some(db);
        let ids = ids?;
        self.shared.readers.pool.end_transactions();
        self.shared.readers.recent.begin(&catalog);
        *self.shared.catalog.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        Ok(ids)
    }
}

/// Adds the commits that wait. A job of another kind ends the batch and comes next.
fn gather(batch: &mut Vec<Waiting>, jobs: &Receiver<Job>) -> Option<Job> {
    while batch.len() < BATCH {
        match jobs.try_recv() {
            Ok(Job::Commit(commit, as_of, reply)) => batch.push((commit, as_of, reply)),
            Ok(other) => return Some(other),
            Err(_) => break,
        }
    }
    None
}

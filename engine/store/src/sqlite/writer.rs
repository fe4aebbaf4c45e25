//! The one thread that writes.
//!
//! It takes whatever is waiting, commits it as one SQLite transaction with one sync, and answers only then. There is no
//! timer: a lone commit is a batch of one and waits for nobody; under load the next batch gathers while this one syncs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use concord::storage::{CollectionId, StorageFault};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::queries::Catalog;
use super::{Options, catalog, schema};
use crate::store::{Commit, CommitError, Effects, Layout, PrepareError};

/// Commits in one batch at most: enough that a sync is shared by all who wait, few enough that none waits long.
const BATCH: usize = 256;

/// Pages of the write-ahead log from which on it is copied: about 8 MB.
const LOG: i64 = 2_000;

pub(super) enum Job {
    Commit(Commit, oneshot::Sender<Result<(), CommitError>>),
    Prepare(Vec<Layout>, oneshot::Sender<Result<Vec<CollectionId>, PrepareError>>),
    Probe(oneshot::Sender<Result<(), StorageFault>>),
}

/// What the writer shares with the store in front of it.
pub(super) struct Shared {
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
    pub(super) path: PathBuf,
    pub(super) options: Options,
    pub(super) shared: Arc<Shared>,
    /// None after a failure: what a failed sync left behind is the next connection's to recover.
    pub(super) db: Option<Connection>,
}

type Waiting = (Commit, oneshot::Sender<Result<(), CommitError>>);

impl Writer {
    /// Works until the store is dropped and everything queued is done.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut left_over = None;
        while let Some(job) = left_over.take().or_else(|| jobs.recv().ok()) {
            match job {
                Job::Commit(commit, reply) => {
                    let mut batch = vec![(commit, reply)];
                    while batch.len() < BATCH {
                        match jobs.try_recv() {
                            Ok(Job::Commit(commit, reply)) => batch.push((commit, reply)),
                            Ok(other) => {
                                left_over = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(batch);
                    self.copy_log();
                }
                // Whoever asked may be gone; that is no concern of the writer's.
                Job::Prepare(layouts, reply) => drop(reply.send(self.prepare(&layouts))),
                Job::Probe(reply) => drop(reply.send(self.probe())),
            }
        }
    }

    fn commit(&mut self, batch: Vec<Waiting>) {
        let (mut commits, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let effects: Vec<Effects> =
            commits.iter_mut().map(|commit: &mut Commit| std::mem::take(&mut commit.effects)).collect();
        let outcomes = self.write(commits);
        self.note(outcomes.as_ref().err());
        match outcomes {
            Ok(outcomes) => {
                for ((reply, effects), outcome) in replies.into_iter().zip(effects).zip(outcomes) {
                    if outcome.is_ok() {
                        effects.run();
                    }
                    drop(reply.send(outcome));
                }
            }
            Err(fault) => {
                for reply in replies {
                    drop(reply.send(Err(CommitError::Failed(fault.clone()))));
                }
            }
        }
    }

    /// Commits what does not conflict, and says which did. A fault fails all of them.
    fn write(&mut self, commits: Vec<Commit>) -> Result<Vec<Result<(), CommitError>>, StorageFault> {
        let catalog = self.shared.catalog();
        let retention = self.options.retention;
        self.synced(|db| {
            let mut batch = Batch::begin(db, &catalog)?;
            let mut outcomes = Vec::with_capacity(commits.len());
            for commit in commits {
                let contended = batch.add(commit)?;
                outcomes.push(contended.map_or(Ok(()), |key| Err(CommitError::Conflict(key))));
            }
            // When all lost, nothing is written and there is nothing to sync.
            if outcomes.iter().any(Result::is_ok) {
                batch.close(&retention)?;
            }
            Ok(outcomes)
        })
    }

    /// A write that changes nothing, to learn whether one would succeed.
    fn probe(&mut self) -> Result<(), StorageFault> {
        let tried =
            self.synced(|db| db.execute_batch("BEGIN IMMEDIATE; UPDATE state SET sequence = sequence + 1;"));
        self.note(tried.as_ref().err());
        tried
    }

    /// Runs `work`, which leaves a transaction open, and commits it.
    fn synced<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageFault> {
        let db = self.connection().map_err(StorageFault::new)?;
        // On every way out but the last, dropping the connection rolls back.
        let done = work(&db).map_err(StorageFault::new)?;
        if let Some(hook) = &self.options.before_sync {
            hook.before_sync().map_err(StorageFault::new)?;
        }
        db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).map_err(StorageFault::new)?;
        self.shared.syncs.fetch_add(1, Ordering::Relaxed);
        self.db = Some(db);
        Ok(done)
    }

    /// Copies the write-ahead log into the database when it has grown, so that it begins anew. SQLite would do so within a
    /// commit; here the replies are out. What a reader still needs stays; what fails is tried after the next commit.
    fn copy_log(&self) {
        let Some(db) = &self.db else { return };
        let run = |sql| db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(1));
        let copied = run("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|pages| if pages < LOG { Ok(pages) } else { run("PRAGMA wal_checkpoint(PASSIVE)") });
        if let Err(error) = copied {
            tracing::debug!(%error, "the log was not copied");
        }
    }

    /// Takes the connection; the one who takes it puts it back if all goes well.
    fn connection(&mut self) -> rusqlite::Result<Connection> {
        self.db.take().map_or_else(|| schema::writer(&self.path, self.options.max_pages), Ok)
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
        let mut catalog = Catalog::clone(&self.shared.catalog());
        let mut db = self.connection().map_err(StorageFault::new)?;
        let ids = catalog::prepare(&mut db, &mut catalog, layouts);
        self.db = Some(db);
        let ids = ids?;
        *self.shared.catalog.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        Ok(ids)
    }
}

//! Volatile documents beside durable ones, in one store.
//!
//! Each collection lives on one side. A commit that touches one side goes straight there. One that writes on both is
//! prepared in memory first: what it touches there is held while the durable side decides, then it is applied or never
//! was. Others that want the same wait, so a mixed commit is seen whole or not at all by anyone who writes.
//!
//! A reader's two snapshots are not taken at one moment: the volatile one comes first, the durable one when it is needed.
//! A mixed commit between the two would show its durable half alone. Such a reader is checked at its end, like a writer:
//! the mixed commit is pending until its volatile half is applied, so the check waits for it, and then finds the versions
//! changed. The other way round cannot be: what the volatile snapshot shows of a mixed commit is on disk by then. Hence a
//! reader of one side needs no check, and a commit without writes that read on both sides is worth making.
//!
//! Effects go with the durable half, if there is one: they are let go in the order in which it is on disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use concord::storage::{
    Answer, Changes, CollectionId, DocKey, Lookup, Scan, Snapshot, Source, StorageFault, Stored, Version,
};

use crate::memory::{MemoryStore, View};
use crate::store::{Commit, CommitError, Contended, Layout, OpenFlow, PrepareError, Store};

/// The numbers of volatile collections have this bit; those of a durable side never get that far.
const VOLATILE: u32 = 1 << 31;

/// A durable store with volatile collections beside it.
pub struct Layered {
    durable: Arc<dyn Store>,
    volatile: MemoryStore,
    /// Whether there is anything volatile at all.
    is_mixed: AtomicBool,
}

fn is_volatile(collection: CollectionId) -> bool {
    collection.0 & VOLATILE != 0
}

/// From a volatile collection's number on its own side to the one in the whole, and back.
fn flip(collection: CollectionId) -> CollectionId {
    CollectionId(collection.0 ^ VOLATILE)
}

impl Layered {
    /// Puts volatile collections beside those of `durable`.
    pub fn new(durable: Arc<dyn Store>) -> Self {
        Self { durable, volatile: MemoryStore::default(), is_mixed: AtomicBool::new(false) }
    }

    async fn prepare_both(&self, layouts: Vec<Layout>) -> Result<Vec<CollectionId>, PrepareError> {
        let (volatile, durable): (Vec<Layout>, Vec<Layout>) =
            layouts.iter().cloned().partition(|layout| layout.state.volatile);
        self.is_mixed.fetch_or(!volatile.is_empty(), Ordering::AcqRel);
        let mut durable = self.durable.prepare(&durable).wait().await?.into_iter();
        let mut volatile = self.volatile.make_room(&volatile).into_iter().map(flip);
        let number = |layout: &Layout| if layout.state.volatile { volatile.next() } else { durable.next() };
        Ok(layouts.iter().filter_map(number).collect())
    }

    async fn commit_both(&self, volatile: Changes, durable: Commit) -> Result<(), CommitError> {
        let held = self.volatile.prepare_commit(volatile).await.map_err(renumbered)?;
        self.durable.commit(durable).wait().await?;
        held.apply();
        Ok(())
    }
}

/// Takes the volatile part out of `changes`, in the numbers of its own side.
fn split(changes: &mut Changes) -> Changes {
    let mut volatile = Changes {
        as_of: None,
        reads: changes.reads.extract_if(.., |(key, _)| is_volatile(key.collection)).collect(),
        lookups: changes.lookups.extract_if(.., |(lookup, _)| is_volatile(lookup.collection)).collect(),
        scans: changes.scans.extract_if(.., |(scan, _)| is_volatile(scan.collection)).collect(),
        writes: changes.writes.extract_if(.., |write| is_volatile(write.key.collection)).collect(),
    };
    let keys = volatile.reads.iter_mut().map(|(key, _)| key);
    for key in keys.chain(volatile.writes.iter_mut().map(|write| &mut write.key)) {
        key.collection = flip(key.collection);
    }
    for (lookup, _) in &mut volatile.lookups {
        lookup.collection = flip(lookup.collection);
    }
    for (scan, _) in &mut volatile.scans {
        scan.collection = flip(scan.collection);
    }
    volatile
}

/// A conflict on the volatile side, in the numbers of the whole.
fn renumbered(error: CommitError) -> CommitError {
    match error {
        CommitError::Conflict(Contended::Doc(key)) => {
            CommitError::Conflict(Contended::Doc(DocKey { collection: flip(key.collection), ..key }))
        }
        CommitError::Conflict(Contended::Range(collection)) => {
            CommitError::Conflict(Contended::Range(flip(collection)))
        }
        CommitError::Failed(fault) => CommitError::Failed(fault),
    }
}

impl Source for Layered {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        if !self.is_mixed.load(Ordering::Acquire) {
            return self.durable.snapshot();
        }
        let both = Both {
            volatile: self.volatile.view(),
            store: Arc::clone(&self.durable),
            durable: OnceLock::new(),
        };
        Answer::Now(Ok(Box::new(both)))
    }
}

impl Store for Layered {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        Answer::Later(Box::pin(self.prepare_both(layouts.to_vec())))
    }

    fn commit(&self, mut commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        if !self.is_mixed.load(Ordering::Acquire) {
            return self.durable.commit(commit);
        }
        let volatile = split(&mut commit.changes);
        if volatile.is_untouched() {
            return self.durable.commit(commit);
        }
        if commit.changes.is_untouched() && commit.records.is_empty() && commit.owed.is_nothing() {
            let alone = Commit { changes: volatile, effects: commit.effects, ..Commit::default() };
            return match self.volatile.commit(alone) {
                Answer::Now(done) => Answer::Now(done.map_err(renumbered)),
                Answer::Later(done) => Answer::Later(Box::pin(async { done.await.map_err(renumbered) })),
            };
        }
        Answer::Later(Box::pin(self.commit_both(volatile, commit)))
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        self.durable.journal(flow)
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        self.durable.open_flows()
    }

    fn probe(&self) -> Answer<'_, Result<(), StorageFault>> {
        self.durable.probe()
    }
}

/// A snapshot of both sides.
struct Both {
    volatile: View,
    store: Arc<dyn Store>,
    /// Opened at the first durable read, always after the volatile one.
    durable: OnceLock<Box<dyn Snapshot>>,
}

impl Both {
    /// The durable snapshot, if it is open or opens at once.
    fn durable_now(&self) -> Result<Option<&dyn Snapshot>, StorageFault> {
        if self.durable.get().is_none()
            && let Answer::Now(opened) = self.store.snapshot()
        {
            // Of two first reads at once, one opens in vain.
            drop(self.durable.set(opened?));
        }
        Ok(self.durable.get().map(AsRef::as_ref))
    }

    async fn durable_later(&self) -> Result<&dyn Snapshot, StorageFault> {
        let opened = self.store.snapshot().wait().await?;
        Ok(&**self.durable.get_or_init(|| opened))
    }
}

impl Snapshot for Both {
    fn get(&self, key: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>> {
        if is_volatile(key.collection) {
            return self.volatile.get(&DocKey { collection: flip(key.collection), id: Arc::clone(&key.id) });
        }
        match self.durable_now() {
            Ok(Some(durable)) => durable.get(key),
            Ok(None) => {
                let key = key.clone();
                Answer::Later(Box::pin(async move { self.durable_later().await?.get(&key).wait().await }))
            }
            Err(fault) => Answer::Now(Err(fault)),
        }
    }

    fn find(&self, lookup: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        if is_volatile(lookup.collection) {
            return self.volatile.find(&Lookup { collection: flip(lookup.collection), ..lookup.clone() });
        }
        match self.durable_now() {
            Ok(Some(durable)) => durable.find(lookup),
            Ok(None) => {
                let lookup = lookup.clone();
                Answer::Later(Box::pin(async move { self.durable_later().await?.find(&lookup).wait().await }))
            }
            Err(fault) => Answer::Now(Err(fault)),
        }
    }

    fn scan(&self, scan: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        if is_volatile(scan.collection) {
            return self.volatile.scan(&Scan { collection: flip(scan.collection), ..scan.clone() });
        }
        match self.durable_now() {
            Ok(Some(durable)) => durable.scan(scan),
            Ok(None) => {
                let scan = scan.clone();
                Answer::Later(Box::pin(async move { self.durable_later().await?.scan(&scan).wait().await }))
            }
            Err(fault) => Answer::Now(Err(fault)),
        }
    }

    fn version(&self) -> Option<Version> {
        self.durable.get()?.version()
    }
}

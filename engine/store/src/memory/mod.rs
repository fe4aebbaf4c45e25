//! The store in memory: for tests, and for documents that are volatile in any store.
//!
//! Same transactions as on disk, same conflicts, same snapshots; nothing survives the process. It is also one half of
//! [`Layered`](crate::Layered), for which it can prepare a commit whose outcome is decided elsewhere.

mod journal;
mod pending;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use concord::storage::{
    Answer, Changes, CollectionId, DocKey, Lookup, Scan, Snapshot, Source, StorageFault, Stored, Version,
};
use tokio::sync::Notify;

use self::journal::Journal;
use self::pending::Pendings;
pub(crate) use self::pending::Prepared;
use crate::store::{Commit, CommitError, Layout, OpenFlow, Owed, PrepareError, Record, Retention, Store};
use crate::versions::{Clock, Tables};

/// A store in memory. A cheap handle: clones are the same store.
///
/// ```
/// use concord_store::{MemoryStore, Store};
///
/// let store = MemoryStore::default();
/// # drop(store.probe());
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
    /// Held only for moments, always after the state.
    clock: Mutex<Clock>,
    journal: Mutex<Journal>,
    /// Flows that are not done.
    open: Mutex<BTreeMap<u128, Vec<Bytes>>>,
    /// A pending commit has ended.
    ended: Notify,
}

#[derive(Default)]
struct State {
    tables: Tables,
    by_name: BTreeMap<Arc<str>, CollectionId>,
    pendings: Pendings,
}

impl MemoryStore {
    /// A store whose journal keeps its records for so long.
    pub fn new(retention: Retention) -> Self {
        let store = Self::default();
        *lock(&store.shared.journal) = Journal::new(retention);
        store
    }

    /// A snapshot without the box around it.
    pub(crate) fn view(&self) -> View {
        let at = lock(&self.shared.clock).enter();
        View { shared: Arc::clone(&self.shared), at }
    }

    /// Commits at once, unless a pending commit stands in the way.
    fn try_commit(&self, commit: &mut Commit) -> Option<Result<(), CommitError>> {
        let mut state = self.state_mut();
        if state.pendings.stand_in_the_way(&commit.changes) {
            return None;
        }
        let Commit { changes, records, owed, effects } = std::mem::take(commit);
        if let Err(contended) = state.tables.validate(&changes) {
            return Some(Err(CommitError::Conflict(contended)));
        }
        self.apply(&mut state, changes);
        // Here, where no other commit can come in between.
        effects.run();
        drop(state);
        self.keep(&records, owed);
        Some(Ok(()))
    }

    async fn commit_later(&self, mut commit: Commit) -> Result<(), CommitError> {
        loop {
            let ended = self.shared.ended.notified();
            if let Some(done) = self.try_commit(&mut commit) {
                return done;
            }
            ended.await;
        }
    }

    /// Checks a commit and holds on to all it touches, until the result is applied or dropped.
    pub(crate) async fn prepare_commit(&self, changes: Changes) -> Result<Prepared, CommitError> {
        loop {
            let ended = self.shared.ended.notified();
            {
                let mut state = self.state_mut();
                if !state.pendings.stand_in_the_way(&changes) {
                    state.tables.validate(&changes).map_err(CommitError::Conflict)?;
                    let ticket = state.pendings.add(&changes);
                    return Ok(Prepared::new(self.clone(), ticket, changes));
                }
            }
            ended.await;
        }
    }

    /// Ends a pending commit, well or not.
    fn settle(&self, ticket: u64, outcome: Option<Changes>) {
        {
            let mut state = self.state_mut();
            if let Some(changes) = outcome {
                self.apply(&mut state, changes);
            }
            state.pendings.remove(ticket);
        }
        self.shared.ended.notify_waiters();
    }

    fn apply(&self, state: &mut State, changes: Changes) {
        if changes.is_read_only() {
            return;
        }
        // Whoever opens a snapshot from here on waits for the state before it reads, and needs nothing older than this.
        let (now, oldest) = lock(&self.shared.clock).tick();
        for write in changes.writes {
            state.tables.write(write.key, write.after, now);
        }
        state.tables.forget(oldest);
    }

    /// Makes room for collections; one that is there already keeps its documents.
    pub(crate) fn make_room(&self, layouts: &[Layout]) -> Vec<CollectionId> {
        let mut state = self.state_mut();
        let State { tables, by_name, .. } = &mut *state;
        let room = |layout: &Layout| {
            let add = || tables.add(layout.state.indexes.len());
            *by_name.entry(Arc::clone(&layout.name)).or_insert_with(add)
        };
        layouts.iter().map(room).collect()
    }

    fn keep(&self, records: &[Record], owed: Owed) {
        if !records.is_empty() {
            lock(&self.shared.journal).extend(records);
        }
        if !owed.is_nothing() {
            let mut open = lock(&self.shared.open);
            for flow in owed.closed {
                open.remove(&flow);
            }
            if let Some((flow, row)) = owed.row {
                open.entry(flow).or_default().push(row);
            }
        }
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.shared.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for MemoryStore {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        Answer::Now(Ok(Box::new(self.view())))
    }
}

impl Store for MemoryStore {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        Answer::Now(Ok(self.make_room(layouts)))
    }

    fn commit(&self, mut commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        match self.try_commit(&mut commit) {
            Some(done) => Answer::Now(done),
            None => Answer::Later(Box::pin(self.commit_later(commit))),
        }
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        Answer::Now(Ok(lock(&self.shared.journal).of(flow)))
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        let open = lock(&self.shared.open);
        let flows = open.iter().map(|(flow, rows)| OpenFlow { flow: *flow, rows: rows.clone() });
        Answer::Now(Ok(flows.collect()))
    }

    fn probe(&self) -> Answer<'_, Result<(), StorageFault>> {
        Answer::Now(Ok(()))
    }
}

/// A snapshot: a version that is kept for as long as this lives.
pub(crate) struct View {
    shared: Arc<Shared>,
    at: Version,
}

impl View {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot for View {
    fn get(&self, key: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>> {
        Answer::Now(Ok(self.state().tables.get(key, self.at)))
    }

    fn find(&self, lookup: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(Ok(self.state().tables.find(lookup, self.at)))
    }

    fn scan(&self, scan: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(Ok(self.state().tables.scan(scan, self.at)))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        lock(&self.shared.clock).leave(self.at);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use concord::storage::{NewDoc, Write};

    use super::*;

    fn key(id: &str) -> DocKey {
        DocKey { collection: CollectionId(0), id: id.into() }
    }

    /// A store with one collection, without indexes.
    fn store() -> MemoryStore {
        let store = MemoryStore::default();
        store.state_mut().tables.add(0);
        store
    }

    fn put(store: &MemoryStore, id: &str, expected: Option<Version>, body: Option<&'static str>) {
        let after = body.map(|body| NewDoc { body: Bytes::from_static(body.as_bytes()), keys: Vec::new() });
        let writes = vec![Write { key: key(id), expected, before: Vec::new(), after }];
        let changes = Changes { writes, ..Changes::default() };
        assert!(matches!(store.try_commit(&mut Commit { changes, ..Commit::default() }), Some(Ok(()))));
    }

    fn seen(view: &View, id: &str) -> Option<Bytes> {
        view.state().tables.get(&key(id), view.at).map(|doc| doc.body)
    }

    fn versions(store: &MemoryStore) -> usize {
        store.state_mut().tables.versions()
    }

    #[test]
    fn an_old_snapshot_sees_its_own_state_and_only_that_is_kept() {
        let store = store();
        put(&store, "a", None, Some("1"));
        let old = store.view();
        for version in 1..100 {
            put(&store, "a", Some(version), Some("2"));
        }
        assert_eq!(seen(&old, "a").as_deref(), Some(&b"1"[..]));
        assert_eq!(seen(&store.view(), "a").as_deref(), Some(&b"2"[..]));

        drop(old);
        put(&store, "a", Some(100), Some("3"));
        assert_eq!(versions(&store), 1, "nobody can see any other");
    }

    #[test]
    fn endless_updates_and_deletes_leave_nothing_behind() {
        let store = store();
        for round in 0..1_000 {
            let reader = store.view();
            put(&store, "a", None, Some("1"));
            put(&store, "a", Some(round * 2 + 1), None);
            drop(reader);
        }
        put(&store, "b", None, Some("1"));
        assert_eq!(versions(&store), 1);
    }
}

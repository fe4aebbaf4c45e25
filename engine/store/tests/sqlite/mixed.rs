//! Commits that touch disk and memory: while the disk decides, others wait; whatever it decides, both sides agree.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use concord::State;
use concord::spec::StateSpec;
use concord::storage::{Changes, CollectionId, Source};
use concord_store::{Commit, CommitError, Layered, Layout, Store};

use crate::{Gate, Note, Place, insert, is_failed, key, write};

static VOLATILE: StateSpec = StateSpec { volatile: true, ..*<Note as State>::SPEC };

struct Both {
    _place: Place,
    gate: Arc<Gate>,
    store: Arc<Layered>,
    durable: CollectionId,
    volatile: CollectionId,
}

impl Both {
    async fn open() -> Self {
        let (place, gate) = (Place::new(), Arc::new(Gate::default()));
        let (disk, _) = place.open_with(gate.options()).await;
        let store = Arc::new(Layered::new(Arc::new(disk)));
        let layouts = [("Test.notes", Note::SPEC), ("Test.fleeting", &VOLATILE)]
            .map(|(name, state)| Layout { name: name.into(), state });
        let ids = store.prepare(&layouts).wait().await.unwrap();
        Self { _place: place, gate, store, durable: ids[0], volatile: ids[1] }
    }

    /// One document on each side.
    fn mixed(&self, id: &str) -> Commit {
        let mut commit = insert(self.durable, id);
        commit.changes.writes.extend(insert(self.volatile, id).changes.writes);
        commit
    }

    /// Starts a commit, and waits until its sync begins.
    fn start(&self, commit: Commit) -> tokio::task::JoinHandle<Result<(), CommitError>> {
        let (begun, store) = (self.gate.begun(), Arc::clone(&self.store));
        let running = tokio::spawn(async move { store.commit(commit).wait().await });
        self.gate.wait_for(begun + 1);
        running
    }

    async fn is_there(&self, id: &str) -> (bool, bool) {
        let snapshot = self.store.snapshot().wait().await.unwrap();
        let durable = snapshot.get(&key(self.durable, id)).wait().await.unwrap().is_some();
        let volatile = snapshot.get(&key(self.volatile, id)).wait().await.unwrap().is_some();
        (durable, volatile)
    }
}

/// Whether a future is ready; it has been polled once.
fn is_ready(future: std::pin::Pin<&mut impl Future>) -> bool {
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_fails_neither_side_applies_and_who_waited_goes_on() {
    let both = Both::open().await;
    let _held = both.gate.hold();
    let running = both.start(both.mixed("a"));
    assert_eq!(both.is_there("a").await, (false, false));
    let mut same = pin!(both.store.commit(insert(both.volatile, "a")).wait());
    assert!(!is_ready(same.as_mut()), "the document is spoken for");
    both.store.commit(insert(both.volatile, "b")).wait().await.expect("others are not held up");

    both.gate.decide(false);
    assert!(is_failed(&running.await.unwrap()));
    assert_eq!(both.is_there("a").await, (false, false));
    same.await.unwrap();
    assert_eq!(both.is_there("a").await, (false, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_succeeds_both_sides_apply_and_who_waited_loses() {
    let both = Both::open().await;
    let _held = both.gate.hold();
    let running = both.start(both.mixed("a"));
    let mut same = pin!(both.store.commit(insert(both.volatile, "a")).wait());
    assert!(!is_ready(same.as_mut()));
    both.gate.decide(true);
    running.await.unwrap().unwrap();
    assert!(matches!(same.await, Err(CommitError::Conflict(_))));
    assert_eq!(both.is_there("a").await, (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saw_one_half_is_found_out() {
    let both = Both::open().await;
    let snapshot = both.store.snapshot().wait().await.unwrap();
    assert!(snapshot.get(&key(both.volatile, "a")).wait().await.unwrap().is_none());
    both.store.commit(both.mixed("a")).wait().await.unwrap();
    // The durable snapshot opens only now, and shows what the volatile one does not.
    let seen = snapshot.get(&key(both.durable, "a")).wait().await.unwrap().unwrap();
    let reads = vec![(key(both.durable, "a"), Some(seen.version)), (key(both.volatile, "a"), None)];
    let changes = Changes { reads, ..Changes::default() };
    let checked = both.store.commit(Commit { changes, ..Commit::default() }).wait().await;
    assert!(matches!(checked, Err(CommitError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_touches_memory_never_reaches_the_disk() {
    let both = Both::open().await;
    both.store.commit(insert(both.volatile, "a")).wait().await.unwrap();
    let snapshot = both.store.snapshot().wait().await.unwrap();
    let version = snapshot.get(&key(both.volatile, "a")).wait().await.unwrap().unwrap().version;
    both.store.commit(write(both.volatile, "a", Some(version), None)).wait().await.unwrap();
    assert_eq!(both.gate.begun(), 0);
}

//! What the cases work with: two collections of one document type, one durable, one volatile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use concord::spec::StateSpec;
use concord::storage::{CollectionId, DocKey, Source, StorageFault, Version};
use concord::{Collection, Find, Id, Ids, Millis, Place, State, StoreError, Tx};

use crate::store::{Commit, CommitError, Contended, Layout, Owed, Record, Store};

/// A document with an index of each sort.
#[derive(State, Debug, Clone, PartialEq, Eq)]
#[state(index(group, rank), unique(group, seat))]
pub(super) struct Item {
    #[id]
    pub(super) id: Id<Item>,
    #[index]
    pub(super) group: String,
    pub(super) rank: i64,
    #[unique]
    pub(super) tag: Option<String>,
    pub(super) seat: Option<i64>,
}

static DURABLE: StateSpec = StateSpec { volatile: false, ..*<Item as State>::SPEC };
static VOLATILE: StateSpec = StateSpec { volatile: true, ..*<Item as State>::SPEC };

impl Item {
    pub(super) fn new(id: &str) -> Self {
        Self { id: self::id(id), group: "red".into(), rank: 0, tag: None, seat: None }
    }

    pub(super) fn grouped(self, group: &str, rank: i64) -> Self {
        Self { group: group.into(), rank, ..self }
    }

    pub(super) fn tagged(self, tag: &str) -> Self {
        Self { tag: Some(tag.into()), ..self }
    }

    pub(super) fn seated(self, seat: i64) -> Self {
        Self { seat: Some(seat), ..self }
    }

    /// All of a group.
    pub(super) fn of(group: &str) -> Find<Self> {
        Self::GROUP.is(&group.to_owned())
    }
}

pub(super) fn id(text: &str) -> Id<Item> {
    Id::new(text).expect("the suite's ids are short and plain")
}

/// Which of the two collections a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    Durable,
    Volatile,
}

pub(super) struct Lab {
    pub(super) store: Arc<dyn Store>,
    source: Arc<dyn Source>,
    ids: Arc<dyn Ids>,
    /// The collection that the case is about.
    pub(super) items: Collection<Item>,
    /// Its number.
    pub(super) place: CollectionId,
    /// The collection on the other side.
    pub(super) others: Collection<Item>,
}

impl Lab {
    pub(super) async fn open(
        store: Arc<dyn Store>,
        focus: Focus,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let layouts = [("Suite.durable", &DURABLE), ("Suite.volatile", &VOLATILE)]
            .map(|(name, state)| Layout { name: name.into(), state });
        let numbers = store.prepare(&layouts).wait().await?;
        let [durable, volatile] = numbers[..] else {
            return Err("one number for each layout, please".into());
        };
        let (place, other) = match focus {
            Focus::Durable => (durable, volatile),
            Focus::Volatile => (volatile, durable),
        };
        let source: Arc<dyn Source> = Arc::<dyn Store>::clone(&store);
        let ids = Arc::new(Counting::default());
        Ok(Self { store, source, ids, items: collection(place), place, others: collection(other) })
    }

    /// A transaction as the engine begins it: an insert does not look first.
    pub(super) fn begin(&self) -> Tx {
        Tx::new(Arc::clone(&self.source), Arc::clone(&self.ids), Millis(1_000), false)
    }

    /// A transaction as the engine begins it after a conflict.
    pub(super) fn begin_carefully(&self) -> Tx {
        Tx::new(Arc::clone(&self.source), Arc::clone(&self.ids), Millis(1_000), true)
    }

    pub(super) async fn commit(&self, tx: Tx) -> Result<(), CommitError> {
        self.commit_with(tx, &[]).await
    }

    /// Commits, and puts these texts into the journal of these flows.
    pub(super) async fn commit_with(&self, tx: Tx, records: &[(u128, &str)]) -> Result<(), CommitError> {
        let changes = tx.finish().map_err(StorageFault::new)?;
        let record = |(flow, body): &(u128, &str)| Record {
            flow: *flow,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let commit = Commit { changes, records: records.iter().map(record).collect(), ..Commit::default() };
        self.store.commit(commit).wait().await
    }

    /// Commits, and what is owed with it.
    pub(super) async fn commit_owing(&self, tx: Tx, owed: Owed) -> Result<(), CommitError> {
        let changes = tx.finish().map_err(StorageFault::new)?;
        self.store.commit(Commit { changes, owed, ..Commit::default() }).wait().await
    }

    /// Puts these documents into the collection that the case is about.
    pub(super) async fn put(&self, items: &[Item]) -> super::Outcome {
        let mut tx = self.begin();
        for item in items {
            self.items.put(&mut tx, item).await?;
        }
        Ok(self.commit(tx).await?)
    }

    /// The document as a new transaction sees it.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Item>, StoreError> {
        self.items.get(&self.begin(), &id(name)).await
    }

    /// The version of a document, past all typed access.
    pub(super) async fn version(&self, name: &str) -> Result<Option<Version>, StorageFault> {
        let snapshot = self.store.snapshot().wait().await?;
        Ok(snapshot.get(&self.key(name)).wait().await?.map(|doc| doc.version))
    }

    pub(super) fn key(&self, name: &str) -> DocKey {
        DocKey { collection: self.place, id: name.into() }
    }
}

/// Asserts that a commit lost, and over what.
pub(super) fn assert_lost(outcome: Result<(), CommitError>, over: &Contended) {
    match outcome {
        Err(CommitError::Conflict(key)) => assert_eq!(key, *over),
        Ok(()) => panic!("this should have been a conflict over {over:?}"),
        Err(CommitError::Failed(fault)) => panic!("the store failed: {}", fault.0),
    }
}

pub(super) fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

fn collection(place: CollectionId) -> Collection<Item> {
    let mut collection = Collection::default();
    collection.bind(Place { id: place, name: "Suite.items".into() });
    collection
}

#[derive(Default)]
struct Counting(AtomicU64);

impl Ids for Counting {
    fn bits(&self) -> u128 {
        self.0.fetch_add(1, Ordering::Relaxed).into()
    }
}

//! What every store does.
//!
//! Reading is [`Source`](concord::storage::Source); writing is one call, [`Store::commit`], with everything a
//! transaction read, wrote and recorded. A store applies it atomically or says which key stood in the way. That is all
//! the engine asks for, so one commit can be a lock in memory, a share of a group commit or a transaction of a cluster.

use std::sync::Arc;

use bytes::Bytes;
use concord::Millis;
use concord::spec::StateSpec;
use concord::storage::{Answer, Changes, CollectionId, DocKey, Source, StorageFault};

/// A store.
pub trait Store: Source {
    /// Makes room for these collections, builds the indexes that are new, and numbers the collections: the ids are in
    /// the order of the layouts. Called once for each app, before anything else. A collection keeps its documents under its name.
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>>;

    /// Applies all of it, or nothing. `Ok` means that it survives a crash, as far as this store survives one. The answer
    /// has to be waited for: to drop it half way is to leave open whether the commit happened, and, if it was to write
    /// durable and volatile documents, to lose the volatile ones.
    fn commit(&self, commit: Commit) -> Answer<'_, Result<(), CommitError>>;

    /// The journal's records of one flow, oldest first.
    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>>;

    /// The flows that are open, oldest first.
    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>>;

    /// Whether the store takes writes. After a failed commit this tries one.
    fn probe(&self) -> Answer<'_, Result<(), StorageFault>>;
}

/// A collection to make room for.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Its whole name: `CallSession.sessions`.
    pub name: Arc<str>,
    /// What it keeps.
    pub state: &'static StateSpec,
}

/// A transaction to apply.
#[derive(Debug, Default)]
pub struct Commit {
    /// What it read and wrote.
    pub changes: Changes,
    /// What goes into the journal with it.
    pub records: Vec<Record>,
    /// What is still to be done because of it.
    pub owed: Owed,
    /// What happens outside the store because of it.
    pub effects: Effects,
}

/// What a commit lets go when it has happened: messages, say. A store runs it once, before the commit is answered, and
/// in the order of its commits; of a commit that did not happen it is dropped. It is short and never waits.
///
/// ```
/// use concord_store::Effects;
/// use std::sync::mpsc::channel;
///
/// let (sender, receiver) = channel();
/// Effects::new(move || drop(sender.send("sent"))).run();
/// assert_eq!(receiver.recv(), Ok("sent"));
/// ```
#[derive(Default)]
pub struct Effects(Option<Box<dyn FnOnce() + Send>>);

impl Effects {
    /// This happens.
    pub fn new(effects: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(effects)))
    }

    /// Lets it happen.
    pub fn run(self) {
        if let Some(effects) = self.0 {
            effects();
        }
    }
}

impl std::fmt::Debug for Effects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Effects" } else { "none" })
    }
}

/// What has to be known after a crash: which flows are not done, and what they need in order to go on.
#[derive(Debug, Clone, Default)]
pub struct Owed {
    /// A flow that is open from now on, or still, and a row to add to what is kept of it.
    pub row: Option<(u128, Bytes)>,
    /// Flows that are done: whatever is kept of them goes.
    pub closed: Vec<u128>,
}

impl Owed {
    /// Whether there is nothing to keep and nothing to forget.
    pub fn is_nothing(&self) -> bool {
        self.row.is_none() && self.closed.is_empty()
    }
}

/// A flow that was not done when its process ended.
#[derive(Debug, Clone)]
pub struct OpenFlow {
    /// Which flow.
    pub flow: u128,
    /// Its rows, oldest first.
    pub rows: Vec<Bytes>,
}

/// An entry of the journal.
#[derive(Debug, Clone)]
pub struct Record {
    /// The flow it belongs to. The high 48 bits are the flow's start in milliseconds, so flows sort by age.
    pub flow: u128,
    /// JSON text.
    pub body: Bytes,
}

/// Why a commit did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody else committed first. Run the transaction again.
    #[error("another transaction committed first")]
    Conflict(Contended),
    /// The store failed. Whether the commit is there is not known; nobody was told that it is.
    #[error(transparent)]
    Failed(#[from] StorageFault),
}

/// What two transactions both wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contended {
    /// A document.
    Doc(DocKey),
    /// A range of a collection: somebody put a document into it or took one out.
    Range(CollectionId),
}

/// Why a store cannot serve a collection.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A document does not parse, so it cannot be indexed.
    #[error("document {id:?} of {collection} cannot be read")]
    Unreadable {
        /// The collection.
        collection: Arc<str>,
        /// The document.
        id: Arc<str>,
        /// Which field, and what is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The documents that are there break a constraint that is new.
    #[error("documents {first:?} and {second:?} of {collection} have the same {index}, which must be unique")]
    NotUnique {
        /// The collection.
        collection: Arc<str>,
        /// The index.
        index: &'static str,
        /// One document.
        first: Arc<str>,
        /// The other.
        second: Arc<str>,
    },
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] StorageFault),
}

/// How long the journal keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long at most.
    pub age: std::time::Duration,
    /// How many bytes at most, all records together.
    pub bytes: u64,
}

impl Default for Retention {
    /// Seven days, one gibibyte.
    fn default() -> Self {
        Self { age: std::time::Duration::from_hours(168), bytes: 1 << 30 }
    }
}

impl Retention {
    /// The least flow that is young enough at this time.
    pub fn oldest_flow(&self, now: Millis) -> u128 {
        let since = now - self.age;
        u128::from(since.0.max(0).unsigned_abs()) << 80
    }
}

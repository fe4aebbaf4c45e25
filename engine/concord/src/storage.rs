//! What a transaction asks of a store, and what it hands over when it commits.
//!
//! This module is for people who write a store; a concept never sees it. Reads go through a [`Snapshot`]; everything
//! else happens in one call, with the [`Changes`] of the whole transaction, so that an embedded database, a map in
//! memory and a cluster can each apply them in the way that suits them. Documents travel as JSON text: a person can
//! read them where they lie, and no store needs to know a concept's types.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

pub use crate::key::{Range, Scalar, encode, scalars};

/// A store's name for a collection of one concept instance: its place in the store's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId(pub u32);

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocKey {
    /// Its collection.
    pub collection: CollectionId,
    /// Its id there.
    pub id: Arc<str>,
}

/// Which write a document comes from. A version never comes back: not after a delete, not after a restart.
pub type Version = u64;

/// A document as a store keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its id.
    pub id: Arc<str>,
    /// The write that made it what it is.
    pub version: Version,
    /// JSON text.
    pub body: Bytes,
}

/// A look-up by index: all documents whose key lies in the range, sorted by key, then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// Where to look.
    pub collection: CollectionId,
    /// The place of the index in the list of the document type.
    pub index: usize,
    /// The keys.
    pub range: Arc<Range>,
    /// Whether the greatest key comes first.
    pub descending: bool,
    /// How many documents at most.
    pub limit: usize,
}

/// A walk over a whole collection in the order of the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Where to walk.
    pub collection: CollectionId,
    /// The id after which to begin.
    pub after: Option<Arc<str>>,
    /// How many documents at most.
    pub limit: usize,
}

/// An answer that an embedded store has at once and a remote one has later. The first kind costs no allocation.
pub enum Answer<'a, T> {
    /// Here it is.
    Now(T),
    /// It will come.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<T> Answer<'_, T> {
    /// The answer, waited for if need be.
    pub async fn wait(self) -> T {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}

/// Why a store could not do what it was asked: the disk is full, the server is gone. The text is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store failed")]
pub struct StorageFault(#[source] pub Arc<dyn std::error::Error + Send + Sync>);

impl StorageFault {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

/// Opens snapshots.
pub trait Source: Send + Sync {
    /// A consistent view of everything committed so far.
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>>;
}

/// One consistent view of a store. It sees no later commit and no half of one.
pub trait Snapshot: Send + Sync {
    /// The document with this id.
    fn get(&self, key: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>>;

    /// The documents in a range of an index.
    fn find(&self, lookup: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>>;

    /// The documents of a collection.
    fn scan(&self, scan: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>>;

    /// The version of the newest commit that this sees, in a store that counts them. A transaction hands it back in
    /// [`Changes::as_of`], so that such a store needs to look at later commits alone.
    fn version(&self) -> Option<Version> {
        None
    }
}

/// Everything a transaction read and wrote. A store may apply `writes` only if all the rest still holds, and then all
/// of them at once.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The version that it was read at, if the store counts them; see [`Snapshot::version`]. All it says is so at that
    /// version, but that a document is absent: that may be no more than presumed.
    pub as_of: Option<Version>,
    /// Documents that were read and not written, with the version seen (none: there was no document).
    pub reads: Vec<(DocKey, Option<Version>)>,
    /// Look-ups, with the ids that the store gave, in order. The documents stand among `reads` or `writes` too.
    pub lookups: Vec<(Lookup, Vec<Arc<str>>)>,
    /// Walks, likewise.
    pub scans: Vec<(Scan, Vec<Arc<str>>)>,
    /// What to write, one entry a document, in the order of their keys.
    pub writes: Vec<Write>,
}

impl Changes {
    /// Whether nothing is to be written.
    pub fn is_read_only(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether nothing was read or written.
    pub fn is_untouched(&self) -> bool {
        self.collections().next().is_none()
    }

    /// Drops the writes of an action that failed. What it saw of those documents stays.
    pub fn forget_writes(&mut self) {
        self.reads.extend(self.writes.drain(..).map(|write| (write.key, write.expected)));
    }

    /// The collections it touched, some of them more than once.
    pub fn collections(&self) -> impl Iterator<Item = CollectionId> {
        let reads = self.reads.iter().map(|(key, _)| key.collection);
        let lookups = self.lookups.iter().map(|(lookup, _)| lookup.collection);
        let scans = self.scans.iter().map(|(scan, _)| scan.collection);
        let writes = self.writes.iter().map(|write| write.key.collection);
        reads.chain(lookups).chain(scans).chain(writes)
    }
}

/// The change of one document.
#[derive(Debug, Clone)]
pub struct Write {
    /// Which document.
    pub key: DocKey,
    /// The version it must still have; none: it must not exist yet.
    pub expected: Option<Version>,
    /// Its encoded keys so far, one for each index of its type; empty when it did not exist.
    pub before: Vec<Box<[u8]>>,
    /// What it becomes; none: it goes.
    pub after: Option<NewDoc>,
}

/// A document to be written.
#[derive(Debug, Clone)]
pub struct NewDoc {
    /// JSON text.
    pub body: Bytes,
    /// Its encoded keys, one for each index of its type.
    pub keys: Vec<Box<[u8]>>,
}

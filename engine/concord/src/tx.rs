//! The transaction an action runs in.
//!
//! A [`Tx`] reads one consistent snapshot, taken at its first read, notes what it saw, keeps its writes to itself and
//! sees them. Nothing reaches the store before the engine commits all of it at once. A transaction that hit a failing
//! store or an unreadable document cannot commit any more, even if the action swallowed the error.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use crate::docs::{Base, Docs, Entry, Next};
use crate::error::StoreError;
use crate::rt::hex;
use crate::storage::{
    Changes, CollectionId, DocKey, Lookup, NewDoc, Scan, Snapshot, Source, StorageFault, Write,
};
use crate::{Blob, Blobs, Id, Millis};

/// Where new identity comes from.
pub trait Ids: Send + Sync {
    /// Bits that were never given before. Outside of tests they are random, all of them.
    fn bits(&self) -> u128;
}

/// How a fresh id is spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdStyle {
    /// A random UUID: 122 random bits.
    #[default]
    Uuid,
    /// 24 hexadecimal digits.
    Hex24,
    /// 8 hexadecimal digits: short enough to be taken, so look before you use one, and draw again.
    Hex8,
}

/// A transaction. Actions get it as `&mut Tx`, queries as `&Tx`.
pub struct Tx {
    source: Arc<dyn Source>,
    snapshot: OnceLock<Box<dyn Snapshot>>,
    ids: Arc<dyn Ids>,
    now: Millis,
    /// Whether an insert looks first. The first attempt does not, as nearly every insert is of a fresh id; the store
    /// finds out at commit. After a conflict it does, so that the action learns of a duplicate.
    careful: bool,
    /// The files that came with the flow's request, if any did.
    blobs: Option<Arc<Blobs>>,
    /// Behind a lock only because a query may await two reads at once on one `&Tx`.
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    docs: Docs,
    lookups: Vec<(Lookup, Vec<Arc<str>>)>,
    scans: Vec<(Scan, Vec<Arc<str>>)>,
    fault: Option<StoreError>,
}

impl Work {
    /// Whether the store has nothing there, as an earlier look-up found. An action that looks whether a value is taken and
    /// then takes it asks twice.
    fn found_nothing(&self, asked: &Lookup) -> bool {
        self.lookups.iter().any(|(lookup, found)| {
            let Lookup { collection, index, ref range, descending: _, limit } = *lookup;
            let is_same = collection == asked.collection && index == asked.index && *range == asked.range;
            is_same && limit > 0 && found.is_empty()
        })
    }
}

/// What a look-up gave: documents of the store, in order, that this transaction has not touched; and its own.
pub(crate) struct Found {
    pub(crate) stored: Vec<(Arc<str>, Bytes)>,
    pub(crate) own: Vec<(Arc<str>, Bytes)>,
}

impl Tx {
    /// A transaction on `source`. The engine makes these; `careful` after a conflict.
    pub fn new(source: Arc<dyn Source>, ids: Arc<dyn Ids>, now: Millis, careful: bool) -> Self {
        Self { source, snapshot: OnceLock::new(), ids, now, careful, blobs: None, work: Mutex::default() }
    }

    /// With the files that came with the flow's request.
    #[must_use]
    pub fn with_blobs(self, blobs: Option<Arc<Blobs>>) -> Self {
        Self { blobs, ..self }
    }

    /// A file that came with the request of this flow; none if no such file did.
    pub fn blob(&self, id: &Id<Blob>) -> Option<Blob> {
        self.blobs.as_ref()?.find(id)
    }

    /// The time. It stands still within a transaction.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// A fresh id: a random UUID.
    pub fn fresh_id<T: ?Sized>(&mut self) -> Id<T> {
        self.fresh_id_in(IdStyle::Uuid)
    }

    /// A fresh id in the style of your choice.
    pub fn fresh_id_in<T: ?Sized>(&mut self, style: IdStyle) -> Id<T> {
        let bits = self.ids.bits();
        match style {
            IdStyle::Uuid => spelt(&uuid(bits)),
            IdStyle::Hex24 => spelt(&hex::<24>(bits)),
            IdStyle::Hex8 => spelt(&hex::<8>(bits)),
        }
    }

    /// Ends the transaction: what it read and wrote, or the fault that it cannot commit with.
    pub fn finish(self) -> Result<Changes, StoreError> {
        let work = self.work.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = work.fault {
            return Err(fault);
        }
        let as_of = self.snapshot.get().and_then(|snapshot| snapshot.version());
        let mut changes = Changes { as_of, lookups: work.lookups, scans: work.scans, ..Changes::default() };
        let docs = work.docs.into_sorted();
        changes.writes.reserve_exact(docs.iter().filter(|(_, entry)| entry.next.is_some()).count());
        for (key, entry) in docs {
            let version = match entry.base {
                Base::Presumed | Base::Absent => None,
                Base::Present(version, _) => Some(version),
            };
            match entry.next {
                None => changes.reads.push((key, version)),
                // Made and unmade within the transaction; that it was not there is all that counts.
                Some(Next { after: None, .. }) if version.is_none() => changes.reads.push((key, None)),
                Some(Next { before, after }) => {
                    changes.writes.push(Write { key, expected: version, before, after });
                }
            }
        }
        Ok(changes)
    }

    /// The document at `key`, as this transaction left it.
    pub(crate) async fn body(&self, key: DocKey) -> Result<Option<Bytes>, StoreError> {
        if let Some(entry) = self.work().docs.get(&key).filter(|entry| entry.is_known()) {
            return Ok(entry.body().cloned());
        }
        let found = self.snapshot().await?.get(&key).wait().await.map_err(|fault| self.faulted(fault))?;
        let base = found.map_or(Base::Absent, |doc| Base::Present(doc.version, doc.body));
        let entry = Entry { base, next: None };
        let body = entry.body().cloned();
        let mut work = self.work();
        // Of two reads of it at once, the first one counts; both saw the same snapshot.
        let noted = work.docs.entry(key, || Entry { base: Base::Presumed, next: None });
        if !noted.is_known() {
            *noted = entry;
        }
        Ok(body)
    }

    /// Whether an insert at `key` has to look at the store first.
    pub(crate) fn must_look(&self, key: &DocKey) -> bool {
        self.careful || self.work().docs.get(key).is_some()
    }

    /// Notes a write. `before` are the document's keys as the transaction saw it first.
    pub(crate) fn write(&mut self, key: DocKey, before: Vec<Box<[u8]>>, after: Option<NewDoc>) {
        let work = self.work.get_mut().unwrap_or_else(PoisonError::into_inner);
        let entry = work.docs.entry(key, || Entry { base: Base::Presumed, next: None });
        let before = entry.next.take().map_or(before, |earlier| earlier.before);
        entry.next = Some(Next { before, after });
    }

    /// The documents in a range of an index.
    pub(crate) async fn find(&self, lookup: &Lookup) -> Result<Found, StoreError> {
        // Own writes may take the place of as many documents as there are, so ask for that many more.
        let limit = lookup.limit.saturating_add(self.writes_in(lookup.collection));
        let asked = Lookup { limit, ..lookup.clone() };
        let stored = if self.work().found_nothing(&asked) {
            Vec::new()
        } else {
            let snapshot = self.snapshot().await?;
            let stored = snapshot.find(&asked).wait().await.map_err(|fault| self.faulted(fault))?;
            let seen = stored.iter().map(|doc| Arc::clone(&doc.id)).collect();
            self.work().lookups.push((asked, seen));
            stored
        };
        let mut work = self.work();
        work.docs.saw(lookup.collection, &stored);
        let untouched = |id: &Arc<str>| {
            let key = DocKey { collection: lookup.collection, id: Arc::clone(id) };
            work.docs.get(&key).is_none_or(|entry| entry.next.is_none())
        };
        Ok(Found {
            stored: stored
                .into_iter()
                .filter(|doc| untouched(&doc.id))
                .map(|doc| (doc.id, doc.body))
                .collect(),
            own: work.docs.own(lookup),
        })
    }

    /// The documents of a collection by id, own writes included.
    pub(crate) async fn scan(&self, scan: Scan) -> Result<Vec<(Arc<str>, Bytes)>, StoreError> {
        let asked =
            Scan { limit: scan.limit.saturating_add(self.writes_in(scan.collection)), ..scan.clone() };
        let stored = self.snapshot().await?.scan(&asked).wait().await.map_err(|fault| self.faulted(fault))?;
        let mut work = self.work();
        work.scans.push((asked, stored.iter().map(|doc| Arc::clone(&doc.id)).collect()));
        work.docs.saw(scan.collection, &stored);
        let mut rows: BTreeMap<Arc<str>, Bytes> = stored.into_iter().map(|doc| (doc.id, doc.body)).collect();
        for (id, entry) in work.docs.of(scan.collection) {
            match entry.body() {
                Some(body) if scan.after.as_ref().is_none_or(|after| id > after) => {
                    rows.insert(Arc::clone(id), body.clone());
                }
                Some(_) => {}
                None => drop(rows.remove(id)),
            }
        }
        Ok(rows.into_iter().take(scan.limit).collect())
    }

    /// Remembers what makes a commit impossible, and hands it back for the action to return.
    pub(crate) fn spoil(&self, error: StoreError) -> StoreError {
        self.work().fault.get_or_insert(error).clone()
    }

    fn faulted(&self, fault: StorageFault) -> StoreError {
        self.spoil(StoreError::Failed(fault))
    }

    async fn snapshot(&self) -> Result<&dyn Snapshot, StoreError> {
        if self.snapshot.get().is_none() {
            let opened = self.source.snapshot().wait().await.map_err(|fault| self.faulted(fault))?;
            // Of two first reads at once, one opens in vain.
            drop(self.snapshot.set(opened));
        }
        let misuse = || StoreError::Misuse("no snapshot".into());
        self.snapshot.get().map(AsRef::as_ref).ok_or_else(misuse)
    }

    fn writes_in(&self, collection: CollectionId) -> usize {
        let work = self.work();
        work.docs.of(collection).filter(|(_, entry)| entry.next.is_some()).count()
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id that these digits spell.
fn spelt<T: ?Sized>(digits: &[u8]) -> Id<T> {
    Id::trusted(str::from_utf8(digits).expect("hexadecimal digits and dashes are text"))
}

fn uuid(bits: u128) -> [u8; 36] {
    // Version 4, variant 1, as RFC 9562 has it.
    let bits = bits & !(0xF << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let digits = hex::<32>(bits);
    let mut text = [b'-'; 36];
    for (from, to) in [(0..8, 0), (8..12, 9), (12..16, 14), (16..20, 19), (20..32, 24)] {
        text[to..to + from.len()].copy_from_slice(&digits[from]);
    }
    text
}

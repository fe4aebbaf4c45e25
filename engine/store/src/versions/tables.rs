//! Documents in versions.
//!
//! A document keeps older versions only while a snapshot may still ask for them. An index entry stays as long as any kept
//! version has that key; a reader checks it against the version it sees. So readers take no part in commits, and nobody
//! copies a tree.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use concord::storage::{Changes, CollectionId, DocKey, Lookup, NewDoc, Scan, Stored, Version};

use super::chain::{Chain, Kept, key_of};
use super::slots::Slots;
use crate::store::Contended;

/// What everything committed so far looks like to a reader that asks for the newest.
pub(crate) const NEWEST: Version = Version::MAX;

/// Keys with the ids of the documents that have them, in one of the kept versions at least.
type Index = BTreeSet<(Box<[u8]>, Arc<str>)>;

#[derive(Default)]
struct Table {
    /// In no order: nearly every access names a document, and a scan can sort.
    docs: Slots,
    indexes: Vec<Index>,
}

#[derive(Default)]
pub(crate) struct Tables {
    collections: Vec<Table>,
    /// Documents with versions that nobody needs once no snapshot is older than the number; in the order of the numbers.
    superseded: VecDeque<(Version, DocKey)>,
    /// Whether the absence of a document says something: there are documents elsewhere that it hides.
    hides: bool,
}

impl Tables {
    /// Room for one more collection with so many indexes.
    pub(crate) fn add(&mut self, indexes: usize) -> CollectionId {
        let id = CollectionId(u32::try_from(self.collections.len()).unwrap_or(u32::MAX));
        self.collections.push(Table { indexes: vec![Index::new(); indexes], ..Table::default() });
        id
    }

    /// Nothing yet, and in front of other documents.
    pub(crate) fn in_front() -> Self {
        Self { hides: true, ..Self::default() }
    }

    /// Room for a collection that has a number already.
    pub(crate) fn make_room(&mut self, id: CollectionId, indexes: usize) {
        let place = id.0 as usize;
        if self.collections.len() <= place {
            self.collections.resize_with(place + 1, Table::default);
        }
        self.collections[place].indexes.resize_with(indexes, Index::new);
    }

    fn table(&self, id: CollectionId) -> Option<&Table> {
        self.collections.get(id.0 as usize)
    }

    pub(crate) fn get(&self, key: &DocKey, at: Version) -> Option<Stored> {
        visible(&key.id, self.table(key.collection)?.docs.get(&key.id)?, at)
    }

    /// The version of a document that a reader at `at` sees, its absence too; none if nothing is known of it.
    pub(crate) fn kept(&self, collection: CollectionId, id: &str, at: Version) -> Option<&Kept> {
        self.table(collection)?.docs.get(id)?.at(at)
    }

    pub(crate) fn find(&self, lookup: &Lookup, at: Version) -> Vec<Stored> {
        let entries = self.entries(lookup, at);
        let stored = |(_, id, version, doc): (_, &Arc<str>, _, &NewDoc)| Stored {
            id: Arc::clone(id),
            version,
            body: doc.body.clone(),
        };
        if lookup.descending {
            entries.rev().take(lookup.limit).map(stored).collect()
        } else {
            entries.take(lookup.limit).map(stored).collect()
        }
    }

    /// The entries of a range of an index that a reader at `at` sees, the least first, with their documents.
    pub(crate) fn entries(
        &self,
        lookup: &Lookup,
        at: Version,
    ) -> impl DoubleEndedIterator<Item = (&[u8], &Arc<str>, Version, &NewDoc)> {
        let table = self.table(lookup.collection);
        let index = table.and_then(|table| table.indexes.get(lookup.index));
        let (from, to) = lookup.range.encoded();
        let index = index.filter(|_| to.is_none_or(|to| to > from));
        // No id is empty, so the empty id comes before all others of its key.
        let first = |key: &[u8]| (Box::from(key), Arc::default());
        let range =
            (Bound::Included(first(from)), to.map_or(Bound::Unbounded, |to| Bound::Excluded(first(to))));
        let entries = index.map(|index| index.range(range)).into_iter().flatten();
        entries.filter_map(move |(key, id)| {
            let (version, doc) = table?.docs.get(id)?.at(at)?;
            let doc = doc.as_ref()?;
            (doc.keys.get(lookup.index) == Some(key)).then_some((&**key, id, *version, doc))
        })
    }

    /// The documents of a collection and their versions, in no order.
    pub(crate) fn chains(&self, collection: CollectionId) -> impl Iterator<Item = (&Arc<str>, &Chain)> {
        self.table(collection).into_iter().flat_map(|table| table.docs.iter())
    }

    pub(crate) fn scan(&self, scan: &Scan, at: Version) -> Vec<Stored> {
        let Some(table) = self.table(scan.collection) else { return Vec::new() };
        let is_after = |id: &Arc<str>| scan.after.as_ref().is_none_or(|after| id > after);
        let seen = table.docs.iter().filter(|(id, _)| is_after(id));
        let mut docs: Vec<Stored> = seen.filter_map(|(id, chain)| visible(id, chain, at)).collect();
        docs.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        docs.truncate(scan.limit);
        docs
    }

    /// Whether everything that a transaction saw is still so.
    pub(crate) fn validate(&self, changes: &Changes) -> Result<(), Contended> {
        let written = changes.writes.iter().map(|write| (&write.key, write.expected));
        let read = changes.reads.iter().map(|(key, version)| (key, *version));
        for (key, seen) in written.chain(read) {
            let chain = self.table(key.collection).and_then(|table| table.docs.get(&key.id));
            if chain.and_then(Chain::current) != seen {
                return Err(Contended::Doc(key.clone()));
            }
        }
        let same = |found: &[Stored], seen: &[Arc<str>]| found.iter().map(|doc| &doc.id).eq(seen);
        for (lookup, seen) in &changes.lookups {
            if !same(&self.find(lookup, NEWEST), seen) {
                return Err(Contended::Range(lookup.collection));
            }
        }
        for (scan, seen) in &changes.scans {
            if !same(&self.scan(scan, NEWEST), seen) {
                return Err(Contended::Range(scan.collection));
            }
        }
        Ok(())
    }

    /// Writes, as version `now`. What was there before stays for as long as there may be readers of it. Whether anything
    /// was.
    pub(crate) fn write(&mut self, key: DocKey, after: Option<NewDoc>, now: Version) -> bool {
        let Some(table) = self.collections.get_mut(key.collection.0 as usize) else { return false };
        if let Some(doc) = &after {
            for (index, new) in table.indexes.iter_mut().zip(&doc.keys) {
                index.insert((new.clone(), Arc::clone(&key.id)));
            }
        }
        let was_there = table.docs.push(&key.id, (now, after));
        if was_there {
            self.superseded.push_back((now, key));
        }
        was_there
    }

    /// Takes back the versions of a document that are newer than `at`. Their index entries stay: whoever finds one looks
    /// at the document.
    pub(crate) fn retract(&mut self, key: &DocKey, at: Version) {
        let Some(table) = self.collections.get_mut(key.collection.0 as usize) else { return };
        if table.docs.get_mut(&key.id).is_some_and(|chain| chain.retract(at)) {
            table.docs.remove(&key.id);
        }
    }

    /// Drops the versions that no snapshot at `oldest` or later can see.
    pub(crate) fn forget(&mut self, oldest: Version) {
        while self.superseded.front().is_some_and(|(since, _)| *since <= oldest) {
            let Some((_, key)) = self.superseded.pop_front() else { return };
            if let Some(table) = self.collections.get_mut(key.collection.0 as usize) {
                table.forget(&key.id, oldest, self.hides);
            }
        }
    }

    /// How many versions are kept, all documents together.
    #[cfg(test)]
    pub(crate) fn versions(&self) -> usize {
        let of = |table: &Table| table.docs.iter().map(|(_, chain)| chain.len()).sum::<usize>();
        self.collections.iter().map(of).sum()
    }
}

impl Table {
    fn forget(&mut self, id: &Arc<str>, oldest: Version, hides: bool) {
        let Some(chain) = self.docs.get_mut(id) else { return };
        let gone = chain.forget(oldest);
        for (place, index) in self.indexes.iter_mut().enumerate() {
            for key in gone.iter().filter_map(|kept| key_of(kept, place)) {
                if !chain.has_key(place, key) {
                    index.remove(&(key.into(), Arc::clone(id)));
                }
            }
        }
        if chain.is_gone() && !hides {
            self.docs.remove(id);
        }
    }
}

fn visible(id: &Arc<str>, chain: &Chain, at: Version) -> Option<Stored> {
    let (version, doc) = chain.at(at)?;
    let body = doc.as_ref()?.body.clone();
    Some(Stored { id: Arc::clone(id), version: *version, body })
}

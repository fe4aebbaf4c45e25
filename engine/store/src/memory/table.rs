//! Documents in versions.
//!
//! A document keeps older versions only while a snapshot may still ask for them. An index entry stays as long as any kept
//! version has that key; a reader checks it against the version it sees. So readers take no part in commits, and nobody
//! copies a tree.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use concord::storage::{Changes, CollectionId, DocKey, Lookup, NewDoc, Scan, Stored, Version, Write};

use super::chain::{Chain, key_of};
use super::slots::Slots;
use crate::store::Contended;

/// What everything committed so far looks like to a reader that asks for the newest.
pub(super) const NEWEST: Version = Version::MAX;

/// Keys with the ids of the documents that have them, in one of the kept versions at least.
type Index = BTreeSet<(Box<[u8]>, Arc<str>)>;

#[derive(Default)]
struct Table {
    /// In no order: nearly every access names a document, and a scan can sort.
    docs: Slots,
    indexes: Vec<Index>,
}

#[derive(Default)]
pub(super) struct Tables {
    tables: Vec<Table>,
    /// Documents with versions that nobody needs once no snapshot is older than the number; in the order of the numbers.
    superseded: VecDeque<(Version, DocKey)>,
}

impl Tables {
    /// Room for one more collection with so many indexes.
    pub(super) fn add(&mut self, indexes: usize) -> CollectionId {
        let id = CollectionId(u32::try_from(self.tables.len()).unwrap_or(u32::MAX));
        self.tables.push(Table { indexes: vec![Index::new(); indexes], ..Table::default() });
        id
    }

    fn table(&self, id: CollectionId) -> Option<&Table> {
        self.tables.get(id.0 as usize)
    }

    pub(super) fn get(&self, key: &DocKey, at: Version) -> Option<Stored> {
        visible(&key.id, self.table(key.collection)?.docs.get(&key.id)?, at)
    }

    pub(super) fn find(&self, lookup: &Lookup, at: Version) -> Vec<Stored> {
        let Some(table) = self.table(lookup.collection) else { return Vec::new() };
        let Some(index) = table.indexes.get(lookup.index) else { return Vec::new() };
        let (from, to) = lookup.range();
        if to.as_ref().is_some_and(|to| *to <= from) {
            return Vec::new();
        }
        // No id is empty, so the empty id comes before all others of its key.
        let first = |key: Vec<u8>| (key.into_boxed_slice(), Arc::from(""));
        let to = to.map_or(Bound::Unbounded, |to| Bound::Excluded(first(to)));
        let entries = index.range((Bound::Included(first(from)), to));
        let seen = |(key, id): &(Box<[u8]>, Arc<str>)| {
            let doc = table.docs.get(id)?.at(at)?;
            let (version, NewDoc { body, keys }) = (doc.0, doc.1.as_ref()?);
            let has_key = keys.get(lookup.index) == Some(key);
            has_key.then(|| Stored { id: Arc::clone(id), version, body: body.clone() })
        };
        if lookup.descending {
            entries.rev().filter_map(seen).take(lookup.limit).collect()
        } else {
            entries.filter_map(seen).take(lookup.limit).collect()
        }
    }

    pub(super) fn scan(&self, scan: &Scan, at: Version) -> Vec<Stored> {
        let Some(table) = self.table(scan.collection) else { return Vec::new() };
        let is_after = |id: &Arc<str>| scan.after.as_ref().is_none_or(|after| id > after);
        let seen = table.docs.iter().filter(|(id, _)| is_after(id));
        let mut docs: Vec<Stored> = seen.filter_map(|(id, chain)| visible(id, chain, at)).collect();
        docs.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        docs.truncate(scan.limit);
        docs
    }

    /// Whether everything that a transaction saw is still so.
    pub(super) fn validate(&self, changes: &Changes) -> Result<(), Contended> {
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

    /// Writes, as version `now`. What was there before stays for as long as there may be readers of it.
    pub(super) fn apply(&mut self, writes: Vec<Write>, now: Version) {
        for Write { key, after, .. } in writes {
            let Some(table) = self.tables.get_mut(key.collection.0 as usize) else { continue };
            if let Some(doc) = &after {
                for (index, new) in table.indexes.iter_mut().zip(&doc.keys) {
                    index.insert((new.clone(), Arc::clone(&key.id)));
                }
            }
            if table.docs.push(&key.id, (now, after)) {
                self.superseded.push_back((now, key));
            }
        }
    }

    /// Drops the versions that no snapshot at `oldest` or later can see.
    pub(super) fn forget(&mut self, oldest: Version) {
        while self.superseded.front().is_some_and(|(since, _)| *since <= oldest) {
            let Some((_, key)) = self.superseded.pop_front() else { return };
            if let Some(table) = self.tables.get_mut(key.collection.0 as usize) {
                table.forget(&key.id, oldest);
            }
        }
    }

    /// How many versions are kept, all documents together.
    #[cfg(test)]
    pub(super) fn versions(&self) -> usize {
        let of = |table: &Table| table.docs.iter().map(|(_, chain)| chain.len()).sum::<usize>();
        self.tables.iter().map(of).sum()
    }
}

impl Table {
    fn forget(&mut self, id: &Arc<str>, oldest: Version) {
        let Some(chain) = self.docs.get_mut(id) else { return };
        let gone = chain.forget(oldest);
        for (place, index) in self.indexes.iter_mut().enumerate() {
            for key in gone.iter().filter_map(|kept| key_of(kept, place)) {
                if !chain.has_key(place, key) {
                    index.remove(&(key.into(), Arc::clone(id)));
                }
            }
        }
        if chain.is_gone() {
            self.docs.remove(id);
        }
    }
}

fn visible(id: &Arc<str>, chain: &Chain, at: Version) -> Option<Stored> {
    let (version, doc) = chain.at(at)?;
    let body = doc.as_ref()?.body.clone();
    Some(Stored { id: Arc::clone(id), version: *version, body })
}

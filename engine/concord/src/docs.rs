//! The documents that a transaction has touched.
//!
//! Nearly every transaction touches one or a few, so they are kept in a list and found by looking through it: a tree or a
//! table costs more to set up than it saves. Only when there are many does a table of their places come beside the list.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::storage::{CollectionId, DocKey, Lookup, NewDoc, Stored, Version};

/// As many are found by looking through the list.
const FEW: usize = 16;

/// Documents by key, in the order in which they were touched.
#[derive(Default)]
pub(crate) struct Docs {
    entries: Vec<(DocKey, Entry)>,
    /// Where each key stands in `entries`; empty while there are few.
    places: HashMap<DocKey, usize>,
}

/// One of them.
pub(crate) struct Entry {
    pub(crate) base: Base,
    pub(crate) next: Option<Next>,
}

/// What the store has.
pub(crate) enum Base {
    /// Not looked at, taken for absent.
    Presumed,
    Absent,
    Present(Version, Bytes),
}

/// What the transaction makes of it.
pub(crate) struct Next {
    pub(crate) before: Vec<Box<[u8]>>,
    pub(crate) after: Option<NewDoc>,
}

impl Entry {
    /// Whether there is no need to ask the store.
    pub(crate) fn is_known(&self) -> bool {
        self.next.is_some() || !matches!(self.base, Base::Presumed)
    }

    pub(crate) fn body(&self) -> Option<&Bytes> {
        match (&self.next, &self.base) {
            (Some(next), _) => next.after.as_ref().map(|doc| &doc.body),
            (None, Base::Present(_, body)) => Some(body),
            (None, Base::Presumed | Base::Absent) => None,
        }
    }
}

impl Docs {
    pub(crate) fn get(&self, key: &DocKey) -> Option<&Entry> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    /// The entry of a key, made if there is none.
    pub(crate) fn entry(&mut self, key: DocKey, new: impl FnOnce() -> Entry) -> &mut Entry {
        let place = self.place(&key).unwrap_or_else(|| self.add(key, new()));
        &mut self.entries[place].1
    }

    /// All of a collection.
    pub(crate) fn of(&self, collection: CollectionId) -> impl Iterator<Item = (&Arc<str>, &Entry)> {
        let own = self.entries.iter().filter(move |(key, _)| key.collection == collection);
        own.map(|(key, entry)| (&key.id, entry))
    }

    /// Notes documents that a look-up brought along.
    pub(crate) fn saw(&mut self, collection: CollectionId, stored: &[Stored]) {
        for doc in stored {
            let key = DocKey { collection, id: Arc::clone(&doc.id) };
            let base = || Base::Present(doc.version, doc.body.clone());
            self.entry(key, || Entry { base: base(), next: None });
        }
    }

    /// Those written by this transaction that a look-up takes in.
    pub(crate) fn own(&self, lookup: &Lookup) -> Vec<(Arc<str>, Bytes)> {
        let mut written = self.of(lookup.collection).filter(|(_, entry)| entry.next.is_some()).peekable();
        if written.peek().is_none() {
            return Vec::new();
        }
        written
            .filter_map(|(id, entry)| {
                let doc = entry.next.as_ref()?.after.as_ref()?;
                lookup.range.contains(doc.keys.get(lookup.index)?).then(|| (Arc::clone(id), doc.body.clone()))
            })
            .collect()
    }

    /// All of them, sorted by key.
    pub(crate) fn into_sorted(mut self) -> Vec<(DocKey, Entry)> {
        self.entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        self.entries
    }

    fn place(&self, key: &DocKey) -> Option<usize> {
        if self.places.is_empty() {
            return self.entries.iter().position(|(other, _)| other == key);
        }
        self.places.get(key).copied()
    }

    fn add(&mut self, key: DocKey, entry: Entry) -> usize {
        let place = self.entries.len();
        if place >= FEW {
            if self.places.is_empty() {
                let known = self.entries.iter().enumerate();
                self.places = known.map(|(place, (key, _))| (key.clone(), place)).collect();
            }
            self.places.insert(key.clone(), place);
        }
        self.entries.push((key, entry));
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_found_alike() {
        let mut docs = Docs::default();
        let key = |n: usize| DocKey { collection: CollectionId(1), id: n.to_string().into() };
        let version = |entry: &Entry| match entry.base {
            Base::Present(version, _) => version,
            Base::Presumed | Base::Absent => 0,
        };
        for n in (0..3 * FEW).rev() {
            let new = || Entry { base: Base::Present(n as Version + 1, Bytes::new()), next: None };
            assert!(docs.get(&key(n)).is_none());
            docs.entry(key(n), new);
            docs.entry(key(n), || Entry { base: Base::Absent, next: None });
            for known in n..3 * FEW {
                assert_eq!(docs.get(&key(known)).map(version), Some(known as Version + 1));
            }
        }
        let sorted = docs.into_sorted();
        assert_eq!(sorted.len(), 3 * FEW);
        assert!(sorted.is_sorted_by_key(|(key, _)| key.clone()));
    }
}

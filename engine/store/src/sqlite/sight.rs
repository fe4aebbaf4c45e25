//! What a reader sees: the layers, and behind them the tables.
//!
//! The tables are read only if the layers know nothing and the filter does not rule them out.

use std::sync::Arc;

use concord::storage::{Changes, CollectionId, DocKey, Lookup, Scan, Stored, Version};
use rusqlite::{Connection, Result};

use super::filter::Filter;
use super::queries::{self, Catalog};
use super::recent::{Contents, Layers};
use crate::store::Contended;
use crate::versions::Kept;

/// How the tables are read: on a connection that one has, or on one that is taken for it.
pub(super) trait Tables: Copy {
    fn read<T>(self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T>;
}

impl Tables for &Connection {
    fn read<T>(self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        read(self)
    }
}

/// The state as of a version. The tables may be of any state from the one that the layers stand on to this one.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a, T> {
    pub(super) at: Version,
    pub(super) layers: &'a Layers,
    pub(super) catalog: &'a Catalog,
    pub(super) filter: &'a Filter,
    pub(super) tables: T,
}

fn stored(id: &Arc<str>, (version, doc): &Kept) -> Option<Stored> {
    Some(Stored { id: Arc::clone(id), version: *version, body: doc.as_ref()?.body.clone() })
}

impl<T: Tables> Sight<'_, T> {
    /// The document, or its absence, if that is known without the tables.
    #[expect(clippy::option_option, reason = "to know of an absence is not to know nothing")]
    fn known(self, key: &DocKey) -> Option<Option<Stored>> {
        let of = |contents: &Contents| {
            let kept = contents.tables.kept(key.collection, &key.id, self.at)?;
            Some(stored(&key.id, kept))
        };
        let recent = self.layers.iter().find_map(|layer| of(&layer.read()));
        recent.or_else(|| self.filter.lacks_document(key.collection, &key.id).then_some(None))
    }

    /// Whether one of the first layers says something of the document, be it that it is gone.
    fn is_hidden(self, collection: CollectionId, id: &str, layers: usize) -> bool {
        let mut layers = self.layers.iter().take(layers);
        layers.any(|layer| layer.read().tables.kept(collection, id, self.at).is_some())
    }

    pub(super) fn get(self, key: &DocKey) -> Result<Option<Stored>> {
        self.known(key).map_or_else(|| self.tables.read(|db| queries::get(db, key)), Ok)
    }

    pub(super) fn find(self, lookup: &Lookup) -> Result<Vec<Stored>> {
        let index = self.catalog.get(&lookup.collection).and_then(|indexes| indexes.get(lookup.index));
        let Some(index) = index else { return Ok(Vec::new()) };
        let mut found = self.recently_found(lookup);
        let recent = found.len();
        if lookup.limit > 0 && !self.filter.lacks(*index, lookup) {
            self.tables.read(|db| self.find_settled(db, *index, lookup, &mut found))?;
        }
        if recent > 0 {
            found.sort_unstable_by(|(key, doc), (other_key, other)| {
                let order = key.cmp(other_key).then_with(|| doc.id.cmp(&other.id));
                if lookup.descending { order.reverse() } else { order }
            });
            found.truncate(lookup.limit);
        }
        Ok(found.into_iter().map(|(_, doc)| doc).collect())
    }

    /// Adds what the tables have in a range and the layers do not hide: as much as is asked for.
    fn find_settled(
        self,
        db: &Connection,
        index: i64,
        lookup: &Lookup,
        found: &mut Vec<(Box<[u8]>, Stored)>,
    ) -> Result<()> {
        let enough = found.len().saturating_add(lookup.limit);
        queries::find(db, index, lookup, |key, id, stored| {
            if !self.is_hidden(lookup.collection, id, usize::MAX) {
                found.push((key.into(), stored()?));
            }
            Ok(found.len() < enough)
        })
    }

    /// What the layers have in a range, with the keys; of each layer as much as is asked for.
    fn recently_found(self, lookup: &Lookup) -> Vec<(Box<[u8]>, Stored)> {
        let mut found = Vec::new();
        for (place, layer) in self.layers.iter().enumerate() {
            let contents = layer.read();
            let entries = contents.tables.entries(lookup, self.at);
            let seen = entries.filter(|(_, id, ..)| !self.is_hidden(lookup.collection, id, place));
            let seen = seen.map(|(key, id, version, doc)| {
                (Box::from(key), Stored { id: Arc::clone(id), version, body: doc.body.clone() })
            });
            if lookup.descending {
                found.extend(seen.rev().take(lookup.limit));
            } else {
                found.extend(seen.take(lookup.limit));
            }
        }
        found
    }

    pub(super) fn scan(self, scan: &Scan) -> Result<Vec<Stored>> {
        let mut found = Vec::new();
        for (place, layer) in self.layers.iter().enumerate() {
            let contents = layer.read();
            let docs = contents.tables.chains(scan.collection);
            let docs = docs.filter(|(id, _)| scan.after.as_ref().is_none_or(|after| *id > after));
            let docs = docs.filter(|(id, _)| !self.is_hidden(scan.collection, id, place));
            found.extend(docs.filter_map(|(id, chain)| stored(id, chain.at(self.at)?)));
        }
        let enough = found.len().saturating_add(scan.limit);
        if scan.limit > 0 {
            self.tables.read(|db| {
                queries::scan(db, scan, |id, stored| {
                    if !self.is_hidden(scan.collection, id, usize::MAX) {
                        found.push(stored()?);
                    }
                    Ok(found.len() < enough)
                })
            })?;
        }
        found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        found.truncate(scan.limit);
        Ok(found)
    }

    /// A document that is there although a transaction took it to be absent, maybe without a look.
    pub(super) fn presumed(self, changes: &Changes) -> Result<Option<Contended>> {
        self.other_version(absent(changes).map(|key| (key, None)))
    }

    /// What a transaction saw that is not so.
    pub(super) fn contended(self, changes: &Changes) -> Result<Option<Contended>> {
        let written = changes.writes.iter().map(|write| (&write.key, write.expected));
        let read = changes.reads.iter().map(|(key, version)| (key, *version));
        if let Some(contended) = self.other_version(written.chain(read))? {
            return Ok(Some(contended));
        }
        let same = |found: Vec<Stored>, seen: &[Arc<str>]| found.iter().map(|doc| &doc.id).eq(seen);
        for (lookup, seen) in &changes.lookups {
            if !same(self.find(lookup)?, seen) {
                return Ok(Some(Contended::Range(lookup.collection)));
            }
        }
        for (scan, seen) in &changes.scans {
            if !same(self.scan(scan)?, seen) {
                return Ok(Some(Contended::Range(scan.collection)));
            }
        }
        Ok(None)
    }

    /// The first of these documents that is of another version, or is not there, or is.
    fn other_version<'k>(
        self,
        seen: impl Iterator<Item = (&'k DocKey, Option<Version>)>,
    ) -> Result<Option<Contended>> {
        for (key, seen) in seen {
            let version = match self.known(key) {
                Some(doc) => doc.map(|doc| doc.version),
                None => self.tables.read(|db| queries::version_of(db, key))?,
            };
            if version != seen {
                return Ok(Some(Contended::Doc(key.clone())));
            }
        }
        Ok(None)
    }
}

/// The documents that a transaction takes to be absent.
pub(super) fn absent(changes: &Changes) -> impl Iterator<Item = &DocKey> {
    let made = changes.writes.iter().filter(|write| write.expected.is_none()).map(|write| &write.key);
    made.chain(changes.reads.iter().filter(|(_, version)| version.is_none()).map(|(key, _)| key))
}

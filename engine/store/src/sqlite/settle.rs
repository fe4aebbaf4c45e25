//! From a layer into the tables, in pieces.
//!
//! A layer's documents are written in the order of the table, then its index entries in theirs, and only when all are
//! there do its rows leave the log. On their way they are added to the filter. A piece is a transaction of its own, between
//! batches of commits, and is not synced: should it be lost, the log still has it. Each step can be repeated, so after a
//! failure it all begins anew.
//!
//! To sort a layer and to free it take as long as hundreds of commits, so other threads do that.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use concord::storage::{DocKey, Version};
use rusqlite::{Connection, Result};

use super::batch::Counters;
use super::filter::Filter;
use super::queries::Catalog;
use super::recent::{Contents, Layer, share};
use super::{log, rows};
use crate::versions::NEWEST;

/// Rows of the log that are dropped in one piece. Some are large.
const DROPPED: usize = 32;

/// Bytes of documents from which on a piece is large enough, however few they are.
const LARGE: usize = 256 << 10;

/// How far a layer is that was set aside.
pub(super) enum Stage {
    Sorting(Sorting),
    Moving(Settling),
}

/// A layer that is being sorted on a thread of its own.
pub(super) struct Sorting {
    layer: Arc<Layer>,
    catalog: Arc<Catalog>,
    sorted: Receiver<Settling>,
}

impl Sorting {
    pub(super) fn begin(layer: Arc<Layer>, catalog: Arc<Catalog>) -> Self {
        let (done, sorted) = channel();
        let sorting = Self { layer, catalog, sorted };
        let (layer, catalog) = (Arc::clone(&sorting.layer), Arc::clone(&sorting.catalog));
        beside(move || drop(done.send(Settling::new(layer, &catalog))));
        sorting
    }

    /// What is sorted, if it is by now; with `wait`, when it is.
    pub(super) fn end(self, wait: bool) -> Stage {
        let sorted =
            if wait { self.sorted.recv().map_err(TryRecvError::from) } else { self.sorted.try_recv() };
        match sorted {
            Ok(settling) => Stage::Moving(settling),
            Err(TryRecvError::Empty) => Stage::Sorting(self),
            // There was no thread for it.
            Err(TryRecvError::Disconnected) => Stage::Moving(Settling::new(self.layer, &self.catalog)),
        }
    }
}

/// Does something on a thread of its own. If there is none to spare, `work` is dropped.
fn beside(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().name("concord-layers".into()).spawn(work);
    drop(thread.inspect_err(|error| tracing::warn!(%error, "no thread for a layer")));
}

pub(super) struct Settling {
    layer: Arc<Layer>,
    documents: Vec<DocKey>,
    entries: Vec<Entry>,
    /// Of documents, entries and rows of the log together.
    done: usize,
}

/// An entry of an index that comes or goes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    index: i64,
    key: Box<[u8]>,
    id: Arc<str>,
    comes: bool,
}

impl Settling {
    fn new(layer: Arc<Layer>, catalog: &Catalog) -> Self {
        let (mut documents, mut entries) = changed(&layer.read(), catalog);
        documents.sort_unstable();
        entries.sort_unstable();
        Self { layer, documents, entries, done: 0 }
    }

    /// The newest version of the layer.
    pub(super) fn newest(&self) -> Version {
        self.layer.read().newest
    }

    /// How much of it is done, from nought to one.
    pub(super) fn share_done(&self) -> f64 {
        let rows = self.layer.read().rows;
        share(self.done, (self.documents.len() + self.entries.len() + rows).max(1))
    }

    /// Whether somebody reads the layer. The last one who does would free it.
    pub(super) fn is_read(&self) -> bool {
        Arc::strong_count(&self.layer) > 1
    }

    /// Frees it.
    pub(super) fn free(self) {
        beside(move || drop(self));
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) {
        self.done = 0;
    }

    /// Moves so many documents and entries on, within a transaction. Whether that was the last of it.
    pub(super) fn advance(
        &mut self,
        db: &Connection,
        filter: &Filter,
        many: usize,
        counters: Counters,
    ) -> Result<bool> {
        let (all, from) = (self.documents.len() + self.entries.len(), self.done);
        if from >= all {
            let most = many.min(DROPPED);
            let dropped = log::drop_rows(db, self.newest(), most, counters)?;
            self.done += dropped;
            return Ok(dropped < most);
        }
        let to = all.min(from + many);
        let entries_from = self.documents.len();
        self.done = if from < entries_from {
            self.move_documents(db, filter, from, to.min(entries_from))?
        } else {
            for Entry { index, key, id, comes } in &self.entries[from - entries_from..to - entries_from] {
                if *comes {
                    filter.add_entry(*index, key);
                    rows::put_entry(db, *index, key, id)?;
                } else {
                    rows::drop_entry(db, *index, key, id)?;
                }
            }
            to
        };
        Ok(false)
    }

    /// Moves these documents, or the first of them if they are large. Up to which.
    fn move_documents(&self, db: &Connection, filter: &Filter, from: usize, to: usize) -> Result<usize> {
        let contents = self.layer.read();
        let mut bytes = 0;
        for (place, key) in (from..to).zip(&self.documents[from..to]) {
            match contents.tables.kept(key.collection, &key.id, NEWEST) {
                Some((version, Some(doc))) => {
                    filter.add_document(key.collection, &key.id);
                    rows::put_document(db, key, *version, &doc.body)?;
                    bytes += doc.body.len();
                }
                Some((_, None)) | None => rows::drop_document(db, key.collection, &key.id)?,
            }
            if bytes > LARGE {
                return Ok(place + 1);
            }
        }
        Ok(to)
    }
}

/// The documents of a layer, and the index entries that are not what they were before it.
fn changed(contents: &Contents, catalog: &Catalog) -> (Vec<DocKey>, Vec<Entry>) {
    let replaced: HashMap<&DocKey, &[Box<[u8]>]> =
        contents.replaced.iter().map(|(key, before)| (key, before.as_slice())).collect();
    let (mut documents, mut entries) = (Vec::new(), Vec::new());
    for (collection, indexes) in catalog {
        for (id, chain) in contents.tables.chains(*collection) {
            let key = DocKey { collection: *collection, id: Arc::clone(id) };
            let before = replaced.get(&key).copied().unwrap_or_default();
            let after = chain.newest().1.as_ref().map_or(&[][..], |doc| &doc.keys);
            for (place, index) in indexes.iter().enumerate() {
                let (before, after) = (before.get(place), after.get(place));
                if before != after {
                    let entry = |key: &[u8], comes| Entry {
                        index: *index,
                        key: key.into(),
                        id: Arc::clone(id),
                        comes,
                    };
                    entries.extend(before.map(|key| entry(key, false)));
                    entries.extend(after.map(|key| entry(key, true)));
                }
            }
            documents.push(key);
        }
    }
    (documents, entries)
}

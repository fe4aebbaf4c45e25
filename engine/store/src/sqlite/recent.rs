//! What has been committed lately, in memory.
//!
//! A commit writes to the log alone; its documents stand here until the settler has moved them into the tables. Without
//! this each commit would write a page for each of its documents and index entries, as ids are random; so it writes part
//! of one, and the settler, which takes thousands of documents in the order of the tables, meets most pages once.
//!
//! Documents are gathered in a layer. One that is full is set aside and settled while the next one gathers. What a layer
//! says of a document hides what the tables say, so a layer that is half way into the tables reads as before, and one
//! that a reader still holds may be in the tables for long. What must not be is a table that is ahead of a reader:
//! a layer is settled only when nobody reads a version older than its newest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use concord::storage::{Changes, DocKey, Version, Write};

use super::Pace;
use super::queries::Catalog;
use crate::versions::{Clock, NEWEST, Tables};

/// What a version takes beside its texts, in memory or in the log, roughly.
const OVERHEAD: usize = 160;

pub(super) struct Recent {
    layers: RwLock<Layers>,
    clock: Mutex<Clock>,
    pace: Pace,
}

/// The layers that a reader looks through before it looks at the tables.
#[derive(Clone)]
pub(super) struct Layers {
    gathering: Arc<Layer>,
    settling: Option<Arc<Layer>>,
    /// The newest version that has gone into the tables with all of its layer. All later ones are in the layers.
    pub(super) settled: Version,
}

pub(super) struct Layer(RwLock<Contents>);

pub(super) struct Contents {
    pub(super) tables: Tables,
    /// The index entries that documents had when this layer began to know of them.
    pub(super) replaced: Vec<(DocKey, Vec<Box<[u8]>>)>,
    /// The newest version here.
    pub(super) newest: Version,
    /// In the log.
    pub(super) rows: usize,
    bytes: usize,
}

impl Layer {
    fn new(catalog: &Catalog) -> Arc<Self> {
        let mut tables = Tables::in_front();
        for (collection, indexes) in catalog {
            tables.make_room(*collection, indexes.len());
        }
        Arc::new(Self(RwLock::new(Contents { tables, replaced: Vec::new(), newest: 0, rows: 0, bytes: 0 })))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    /// The newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Layer>> {
        [&self.gathering].into_iter().chain(&self.settling)
    }

    /// Whether any of what a transaction touched may have changed after `at`: quick, and sometimes wrongly yes.
    pub(super) fn touched_since(&self, changes: &Changes, at: Version) -> bool {
        at < self.settled || self.iter().any(|layer| layer.read().touched_since(changes, at))
    }
}

impl Contents {
    fn touched_since(&self, changes: &Changes, at: Version) -> bool {
        if self.newest <= at {
            return false;
        }
        let newest = |key: &DocKey| self.tables.kept(key.collection, &key.id, NEWEST);
        let is_newer = |key: &DocKey| newest(key).is_some_and(|kept| kept.0 > at);
        let mut scans = changes.scans.iter().map(|(scan, _)| scan.collection);
        changes.writes.iter().any(|write| is_newer(&write.key))
            || changes.reads.iter().any(|(key, _)| is_newer(key))
            // What left a range was read, so only what came into it is to be looked for.
            || changes.lookups.iter().any(|(lookup, _)| {
                self.tables.entries(lookup, NEWEST).any(|(_, _, version, _)| version > at)
            })
            || scans.any(|collection| self.tables.chains(collection).any(|(_, chain)| chain.newest().0 > at))
    }

    fn take(&mut self, Write { key, before, after, .. }: Write, version: Version) {
        let texts = after.as_ref().map_or(0, |doc| {
            doc.body.len() + doc.keys.iter().map(|key| 2 * key.len() + OVERHEAD / 2).sum::<usize>()
        });
        self.bytes += OVERHEAD + key.id.len() + texts;
        self.newest = version;
        if !self.tables.write(key.clone(), after, version) && !before.is_empty() {
            self.replaced.push((key, before));
        }
    }
}

pub(super) fn share(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "what is lost is a hair's breadth")]
    let share = part as f64 / whole as f64;
    share
}

impl Recent {
    /// Nothing yet; the tables are as of `version`.
    pub(super) fn new(version: Version, pace: Pace) -> Self {
        let layers = Layers { gathering: Layer::new(&Catalog::new()), settling: None, settled: version };
        let recent = Self { layers: RwLock::new(layers), clock: Mutex::default(), pace };
        recent.publish(version);
        recent
    }

    /// Begins to read: of which version, and through which layers. Ends with [`leave`](Self::leave).
    pub(super) fn enter(&self) -> (Version, Layers) {
        // In this order: a layer that is set aside in between is seen in either place.
        let at = self.clock().enter();
        (at, self.layers())
    }

    pub(super) fn leave(&self, at: Version) {
        self.clock().leave(at);
    }

    /// The layers of now.
    pub(super) fn layers(&self) -> Layers {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The version up to which the tables have everything.
    pub(super) fn settled(&self) -> Version {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).settled
    }

    /// Takes writes in, as a version that nobody sees before it is published.
    pub(super) fn write(&self, writes: Vec<Write>, version: Version) {
        let gathering = self.layers().gathering;
        let mut contents = gathering.write();
        for write in writes {
            contents.take(write, version);
        }
    }

    /// A row of the log has been written.
    pub(super) fn logged(&self, version: Version) {
        let gathering = self.layers().gathering;
        let mut contents = gathering.write();
        contents.newest = version;
        contents.rows += 1;
        contents.bytes += OVERHEAD;
    }

    /// Lets readers see what has been written up to this version, and drops what none of them can see any more.
    pub(super) fn publish(&self, version: Version) {
        let oldest = {
            let mut clock = self.clock();
            clock.advance(version);
            clock.oldest()
        };
        self.layers().gathering.write().tables.forget(oldest);
    }

    /// Takes back what was written to these documents and not published.
    pub(super) fn retract(&self, keys: &[DocKey]) {
        let published = self.published();
        let gathering = self.layers().gathering;
        let mut contents = gathering.write();
        for key in keys {
            contents.tables.retract(key, published);
        }
    }

    /// The newest version that readers see.
    pub(super) fn published(&self) -> Version {
        self.clock().newest()
    }

    /// Whether nothing gathers.
    pub(super) fn is_empty(&self) -> bool {
        self.layers().gathering.read().bytes == 0
    }

    /// How full the layer is that gathers.
    pub(super) fn fullness(&self) -> f64 {
        share(self.layers().gathering.read().bytes, self.pace.layer)
    }

    /// Whether there is no room for another commit.
    pub(super) fn takes_no_more(&self) -> bool {
        self.layers().gathering.read().bytes >= self.pace.most
    }

    /// Sets the layer aside that has been gathering, unless it is empty or another one is; `catalog` has the indexes of
    /// the next one. All of it has been published.
    pub(super) fn set_aside(&self, catalog: &Catalog) -> Option<Arc<Layer>> {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        if layers.settling.is_some() || layers.gathering.read().bytes == 0 {
            return None;
        }
        let full = std::mem::replace(&mut layers.gathering, Layer::new(catalog));
        layers.settling = Some(Arc::clone(&full));
        Some(full)
    }

    /// Begins anew with these indexes. Nothing may be gathered or being settled.
    pub(super) fn begin(&self, catalog: &Catalog) {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        layers.gathering = Layer::new(catalog);
    }

    /// Whether nobody reads a version older than this one, or will.
    pub(super) fn is_past(&self, version: Version) -> bool {
        self.clock().oldest() >= version
    }

    /// The layer that was set aside is in the tables, up to this version.
    pub(super) fn has_settled(&self, version: Version) {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        layers.settling = None;
        layers.settled = version;
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

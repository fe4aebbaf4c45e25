//! Documents by id.
//!
//! A table that grows moves its entries. The standard map would hash every id again for that, at a cache miss each, with
//! everyone waiting; this one keeps the hashes and moves small slots.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;

use super::chain::{Chain, Kept};

#[derive(Default)]
pub(super) struct Slots {
    table: HashTable<Slot>,
    /// With a key of its own: ids come from outside.
    hasher: RandomState,
}

struct Slot {
    hash: u64,
    doc: Box<Doc>,
}

struct Doc {
    id: Arc<str>,
    chain: Chain,
}

impl Slot {
    /// Compares the hashes first, as they lie in the table itself.
    fn is(&self, hash: u64, id: &str) -> bool {
        self.hash == hash && *self.doc.id == *id
    }
}

impl Slots {
    pub(super) fn get(&self, id: &str) -> Option<&Chain> {
        let hash = self.hasher.hash_one(id);
        let slot = self.table.find(hash, |slot| slot.is(hash, id))?;
        Some(&slot.doc.chain)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Chain> {
        let hash = self.hasher.hash_one(id);
        let slot = self.table.find_mut(hash, |slot| slot.is(hash, id))?;
        Some(&mut slot.doc.chain)
    }

    /// Adds a version. Says whether there was one before.
    pub(super) fn push(&mut self, id: &Arc<str>, kept: Kept) -> bool {
        let hash = self.hasher.hash_one(&**id);
        if let Some(slot) = self.table.find_mut(hash, |slot| slot.is(hash, id)) {
            slot.doc.chain.push(kept);
            return true;
        }
        let doc = Box::new(Doc { id: Arc::clone(id), chain: Chain::new(kept) });
        self.table.insert_unique(hash, Slot { hash, doc }, |slot| slot.hash);
        false
    }

    pub(super) fn remove(&mut self, id: &str) {
        let hash = self.hasher.hash_one(id);
        if let Ok(slot) = self.table.find_entry(hash, |slot| slot.is(hash, id)) {
            slot.remove();
        }
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Chain)> {
        self.table.iter().map(|slot| (&slot.doc.id, &slot.doc.chain))
    }
}

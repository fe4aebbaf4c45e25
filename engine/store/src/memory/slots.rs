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
    id: Arc<str>,
    chain: Box<Chain>,
}

impl Slots {
    pub(super) fn get(&self, id: &str) -> Option<&Chain> {
        let slot = self.table.find(self.hasher.hash_one(id), |slot| *slot.id == *id)?;
        Some(&slot.chain)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Chain> {
        let slot = self.table.find_mut(self.hasher.hash_one(id), |slot| *slot.id == *id)?;
        Some(&mut slot.chain)
    }

    /// Adds a version. Says whether there was one before.
    pub(super) fn push(&mut self, id: &Arc<str>, kept: Kept) -> bool {
        let hash = self.hasher.hash_one(&**id);
        if let Some(slot) = self.table.find_mut(hash, |slot| slot.id == *id) {
            slot.chain.push(kept);
            return true;
        }
        let slot = Slot { hash, id: Arc::clone(id), chain: Box::new(Chain::new(kept)) };
        self.table.insert_unique(hash, slot, |slot| slot.hash);
        false
    }

    pub(super) fn remove(&mut self, id: &str) {
        let hash = self.hasher.hash_one(id);
        if let Ok(slot) = self.table.find_entry(hash, |slot| *slot.id == *id) {
            slot.remove();
        }
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Chain)> {
        self.table.iter().map(|slot| (&slot.id, &*slot.chain))
    }
}

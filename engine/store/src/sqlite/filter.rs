//! What the tables do not have.
//!
//! Many looks are for what is not there: whether an id is taken, who is in a room that has just been opened. The layers
//! cannot tell, and the tables read a page for each, somewhere, as ids are random. This can tell, in memory: it is a
//! Bloom filter over documents and over the values that index entries begin with. What it lacks is not in the tables; what
//! it has may be, and the more it has, the less that says.
//!
//! It is not kept on disk. After a start a [sweep](super::sweep) reads what there is, and until it is through everything
//! may be there. Each key sets bits of one word, so a look meets one cache line; that costs a few more wrong answers than
//! spreading them. Written by hand, as the known crates touch all of their memory when they begin, and this should take
//! none while a server is idle.

use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use concord::storage::{CollectionId, Lookup, scalars};

/// Bits that a key sets in its word.
const BITS: u32 = 5;

/// Words at least and at most: 4 MiB, enough for three million keys, and 32 MiB.
const WORDS: std::ops::RangeInclusive<u64> = 1 << 19..=1 << 22;

/// Bytes of a database for each word: room for about six documents or entries.
const SPAN: u64 = 512;

#[derive(Default)]
pub(super) struct Filter {
    words: RwLock<Words>,
    /// With a key of its own: ids come from outside.
    hasher: RandomState,
}

#[derive(Default)]
struct Words {
    /// As many as a power of two, or none.
    all: Vec<u64>,
    /// Whether all that the tables have is here.
    is_complete: bool,
}

impl Words {
    /// The place of a key's word, and its bits.
    fn place(&self, hash: u64) -> (usize, u64) {
        let bits = (0..BITS).fold(0, |bits, n| bits | 1 << (hash >> (6 * n) & 63));
        // The upper half has nothing to do with those.
        let word = usize::try_from(hash >> 32).unwrap_or(usize::MAX) & self.all.len().wrapping_sub(1);
        (word, bits)
    }

    fn add(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.all.get_mut(word) {
            *word |= bits;
        }
    }

    fn lacks(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.is_complete && self.all.get(word).is_some_and(|word| word & bits != bits)
    }
}

impl Filter {
    /// Begins anew, for a database of so many bytes.
    pub(super) fn begin(&self, bytes: u64) {
        let words = (bytes / SPAN).next_power_of_two().clamp(*WORDS.start(), *WORDS.end());
        let all = vec![0; usize::try_from(words).unwrap_or_default()];
        *self.write() = Words { all, is_complete: false };
    }

    /// All that the tables have has been added.
    pub(super) fn complete(&self) {
        self.write().is_complete = true;
    }

    pub(super) fn add_document(&self, collection: CollectionId, id: &str) {
        let hash = self.document(collection, id);
        self.write().add(hash);
    }

    /// Adds an entry: what is looked up is all of its values, or the first of them.
    pub(super) fn add_entry(&self, index: i64, key: &[u8]) {
        let mut end = 0;
        for scalar in scalars(key) {
            end += scalar.len();
            let hash = self.values(index, &key[..end]);
            self.write().add(hash);
        }
    }

    /// Whether there is no such document in the tables.
    pub(super) fn lacks_document(&self, collection: CollectionId, id: &str) -> bool {
        self.read().lacks(self.document(collection, id))
    }

    /// Whether there is nothing in the tables for this, in the index of this number.
    pub(super) fn lacks(&self, index: i64, lookup: &Lookup) -> bool {
        let first = lookup.range.encoded_prefix();
        !first.is_empty() && self.read().lacks(self.values(index, first))
    }

    fn document(&self, collection: CollectionId, id: &str) -> u64 {
        self.hasher.hash_one((collection, id))
    }

    fn values(&self, index: i64, values: &[u8]) -> u64 {
        self.hasher.hash_one((index, values))
    }

    fn read(&self) -> RwLockReadGuard<'_, Words> {
        self.words.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Words> {
        self.words.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use concord::storage::{Range, Scalar, encode};

    use super::*;

    const ROOMS: CollectionId = CollectionId(1);

    fn lookup(prefix: Vec<Scalar>) -> Lookup {
        let range = Range::new(prefix, Bound::Unbounded, Bound::Unbounded).into();
        Lookup { collection: ROOMS, index: 0, range, descending: false, limit: 1 }
    }

    #[test]
    fn before_it_is_complete_everything_may_be_there() {
        let filter = Filter::default();
        assert!(!filter.lacks_document(ROOMS, "a"));
        filter.begin(0);
        assert!(!filter.lacks_document(ROOMS, "a"));
        filter.complete();
        assert!(filter.lacks_document(ROOMS, "a"));
    }

    #[test]
    fn what_was_added_may_be_there_whole_or_by_its_first_values() {
        let filter = Filter::default();
        filter.begin(0);
        filter.complete();
        let (room, user) = (Scalar::Text("a\0b".into()), Scalar::Int(7));
        filter.add_entry(3, &encode(&[room.clone(), user.clone()]));
        for prefix in [vec![], vec![room.clone()], vec![room.clone(), user.clone()]] {
            assert!(!filter.lacks(3, &lookup(prefix)));
        }
        assert!(filter.lacks(4, &lookup(vec![room])));
        assert!(filter.lacks(3, &lookup(vec![user])));
    }

    #[test]
    fn of_what_was_not_added_nearly_everything_is_lacking() {
        let filter = Filter::default();
        filter.begin(0);
        filter.complete();
        for n in 0..3_000_000 {
            filter.add_document(ROOMS, &n.to_string());
        }
        let lacking = (0..10_000).filter(|n| filter.lacks_document(CollectionId(2), &n.to_string()));
        let lacking = lacking.count();
        assert!(lacking > 9_500, "{lacking} of 10000");
    }
}

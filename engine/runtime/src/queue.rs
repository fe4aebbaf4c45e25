//! Fairness among transactions that want the same thing.
//!
//! The first attempt of a transaction runs free. One that lost a conflict lines up, first come first served, on the key
//! it lost and holds its turn until it has committed. Whoever wants to write a key that somebody has the turn for lines
//! up as well, without trying. So of N contenders each runs about twice, and none is ever refused for losing. While
//! nobody waits, all this costs one atomic load.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord::storage::Changes;
use concord_store::Contended;
use tokio::sync::OwnedMutexGuard;

type Lines = HashMap<Contended, Arc<tokio::sync::Mutex<()>>>;

#[derive(Default)]
pub(crate) struct Queue {
    /// How many keys have a line; lets everyone else pass without the lock.
    contended: AtomicUsize,
    lines: Mutex<Lines>,
}

/// The turn on some keys. It ends when this is dropped.
pub(crate) struct Turn {
    queue: Arc<Queue>,
    held: Vec<(Contended, Option<OwnedMutexGuard<()>>)>,
}

impl Queue {
    /// Waits for the turn on all of `keys`. They are taken in one order by everyone, so nobody waits in a circle.
    pub(crate) async fn turn(self: &Arc<Self>, keys: &BTreeSet<Contended>) -> Turn {
        let mut turn = Turn { queue: Arc::clone(self), held: Vec::with_capacity(keys.len()) };
        for key in keys {
            let line = Arc::clone(self.lines().entry(key.clone()).or_default());
            turn.held.push((key.clone(), None)); // from here on, drop cleans the line up
            self.contended.store(self.lines().len(), Ordering::Release);
            let guard = line.lock_owned().await;
            if let Some((_, held)) = turn.held.last_mut() {
                *held = Some(guard);
            }
        }
        turn
    }

    /// A key that these changes would write although others have lined up for it.
    pub(crate) fn claimed(&self, changes: &Changes, keys: &BTreeSet<Contended>) -> Option<Contended> {
        if self.contended.load(Ordering::Acquire) == 0 {
            return None;
        }
        let lines = self.lines();
        let wanted = changes
            .writes
            .iter()
            .flat_map(|write| [Contended::Doc(write.key.clone()), Contended::Range(write.key.collection)]);
        wanted.into_iter().find(|key| lines.contains_key(key) && !keys.contains(key))
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.queue.lines();
        for (key, guard) in self.held.drain(..) {
            drop(guard);
            // Ours and the map's: nobody else waits. New ones come by the map, which is locked.
            if lines.get(&key).is_some_and(|line| Arc::strong_count(line) == 1) {
                lines.remove(&key);
            }
        }
        self.queue.contended.store(lines.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use concord::storage::CollectionId;

    use super::*;

    #[tokio::test]
    async fn turns_are_taken_in_order_and_leave_nothing_behind() {
        let queue = Arc::new(Queue::default());
        let keys = BTreeSet::from([Contended::Range(CollectionId(1))]);
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = queue.turn(&keys).await;
        let mut waiting = Vec::new();
        for n in 0..10 {
            let (queue, keys, order) = (Arc::clone(&queue), keys.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let _turn = queue.turn(&keys).await;
                order.lock().unwrap().push(n);
            }));
            tokio::task::yield_now().await; // lets it line up before the next one comes
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
        assert_eq!(queue.contended.load(Ordering::Acquire), 0);
        assert!(queue.lines().is_empty());
    }
}

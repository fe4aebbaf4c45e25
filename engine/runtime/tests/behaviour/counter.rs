//! A concept with every way of going right and wrong.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};
use concord_store::{Layered, MemoryStore};
use concord_testing::{Harness, TestApp};
use tokio::sync::Semaphore;

/// A count.
#[derive(State)]
pub(crate) struct Count {
    #[id]
    id: Id<Count>,
    value: u32,
}

/// A tally that is kept in memory.
#[derive(State)]
#[state(volatile)]
pub(crate) struct Tally {
    #[id]
    id: Id<Tally>,
    value: u32,
}

#[derive(Data)]
pub(crate) struct Value {
    value: u32,
}

#[derive(Debug, thiserror::Error, ConceptError)]
pub(crate) enum Error {
    #[error("the count {0} has reached its end")]
    #[code(conflict, "AT_END")]
    AtEnd(Id<Count>),
    #[error("the rope of {0} broke")]
    #[code(internal, "ROPE_BROKE")]
    Bug(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[concept]
#[derive(Default)]
pub(crate) struct Counter {
    counts: Collection<Count>,
    tallies: Collection<Tally>,
    pub(crate) probe: Probe,
}

/// How often actions ran, and a gate they can be held at.
#[derive(Clone, Default)]
pub(crate) struct Probe {
    pub(crate) runs: Arc<AtomicUsize>,
    gate: Option<Arc<Semaphore>>,
}

impl Probe {
    pub(crate) fn gated() -> (Self, Arc<Semaphore>) {
        let gate = Arc::new(Semaphore::new(0));
        (Self { gate: Some(Arc::clone(&gate)), ..Self::default() }, gate)
    }

    async fn pass(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            gate.acquire().await.expect("the gate stays").forget();
        }
    }
}

/// Count, and misbehave.
///
/// # Principle
/// What is added is there afterwards.
#[concept]
impl Counter {
    /// Adds one.
    #[action]
    pub(crate) async fn add(&self, tx: &mut Tx, count: Id<Count>) -> Result<Value, Error> {
        let found = self.counts.get(tx, &count).await?;
        self.probe.pass().await;
        let value = found.map_or(0, |count| count.value) + 1;
        self.counts.put(tx, &Count { id: count, value }).await?;
        Ok(Value { value })
    }

    /// Adds one to the count and to the tally of the same name.
    #[action]
    pub(crate) async fn add_both(&self, tx: &mut Tx, count: Id<Count>) -> Result<Value, Error> {
        let tally: Id<Tally> = Id::new(count.as_str()).expect("it is an id already");
        let value = self.tallies.get(tx, &tally).await?.map_or(0, |tally| tally.value) + 1;
        self.tallies.put(tx, &Tally { id: tally, value }).await?;
        self.counts.put(tx, &Count { id: count, value }).await?;
        Ok(Value { value })
    }

    /// Adds one, then refuses.
    #[action]
    pub(crate) async fn add_and_refuse(&self, tx: &mut Tx, count: Id<Count>) -> Result<(), Error> {
        self.counts.put(tx, &Count { id: count.clone(), value: 99 }).await?;
        Err(Error::AtEnd(count))
    }

    /// Adds one, then panics.
    #[action]
    pub(crate) async fn add_and_panic(&self, tx: &mut Tx, count: Id<Count>) -> Result<(), Error> {
        self.counts.put(tx, &Count { id: count, value: 99 }).await?;
        panic!("the rope broke")
    }

    /// Fails with a bug.
    #[action]
    pub(crate) async fn stumble(&self, _tx: &mut Tx) -> Result<(), Error> {
        Err(Error::Bug("the bell"))
    }

    /// Swallows the error of a document that cannot be read.
    #[action]
    pub(crate) async fn swallow(&self, tx: &mut Tx, count: Id<Count>) -> Result<(), Error> {
        let found = self.counts.get(tx, &count).await;
        drop(found);
        let id = tx.fresh_id();
        self.counts.insert(tx, &Count { id, value: 1 }).await?;
        Ok(())
    }

    /// Asks somebody who never answers.
    #[action(external)]
    pub(crate) async fn ask(&self, _tx: &mut Tx, #[secret] password: String) -> Result<(), Error> {
        drop(password);
        future::pending().await
    }

    /// Takes a secret.
    #[action]
    pub(crate) async fn hide(
        &self,
        tx: &mut Tx,
        count: Id<Count>,
        #[secret] password: String,
    ) -> Result<(), Error> {
        drop(password);
        Ok(self.counts.put(tx, &Count { id: count, value: 0 }).await?)
    }

    /// Nods; nobody needs to remember.
    #[action(transient)]
    pub(crate) async fn nod(&self, tx: &mut Tx, count: Id<Count>) -> Result<(), Error> {
        Ok(self.counts.put(tx, &Count { id: count, value: 0 }).await?)
    }

    /// The count, if there is one.
    #[query]
    pub(crate) async fn _get(&self, tx: &Tx, count: Id<Count>) -> Result<Option<Value>, Error> {
        Ok(self.counts.get(tx, &count).await?.map(|Count { value, .. }| Value { value }))
    }

    /// The count and the tally of one name; equal, as both only move together.
    #[query]
    pub(crate) async fn _get_both(&self, tx: &Tx, count: Id<Count>) -> Result<Vec<Value>, Error> {
        let tally: Id<Tally> = Id::new(count.as_str()).expect("it is an id already");
        let tally = self.tallies.get(tx, &tally).await?.map_or(0, |tally| tally.value);
        let count = self.counts.get(tx, &count).await?.map_or(0, |count| count.value);
        Ok(vec![Value { value: tally }, Value { value: count }])
    }
}

pub(crate) async fn app() -> TestApp {
    app_with(Probe::default()).await
}

pub(crate) async fn app_with(probe: Probe) -> TestApp {
    // As a server has it: volatile documents beside a store that does not know of them.
    let store = Arc::new(Layered::new(Arc::new(MemoryStore::default())));
    Harness::default().concept(Counter { probe, ..Counter::default() }).store(store).open().await
}

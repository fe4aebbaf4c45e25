//! Interleaved transactions, as data, and their comparison with a plain map.
//!
//! Commits are checked when they commit, so the order of the commits must be a serial order that explains everything:
//! each committed transaction is run again on the map, in that order, and must see what it saw. One that only read
//! need not commit; it must have seen the map as it was at its first read. Scripts are plain data, so that any generator
//! of random values can write them; none is a dependency of this crate.

use std::ops::Bound;
use std::sync::Arc;

use concord::{StoreError, Tx};

use super::Failure;
use super::lab::{Focus, Item, Lab, id};
use super::model::{Model, Seen};
use crate::store::{CommitError, Store};

/// One of the two collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The durable one.
    Durable,
    /// The volatile one.
    Volatile,
}

/// A place for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The collection.
    pub side: Side,
    /// The id, in short.
    pub key: u8,
}

/// What a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values {
    /// Indexed.
    pub group: u8,
    /// Indexed within the group.
    pub rank: i64,
    /// Unique.
    pub tag: Option<u8>,
}

/// A look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The collection.
    pub side: Side,
    /// The group.
    pub group: u8,
    /// Which ranks in it; none: all, and ordered by id.
    pub ranks: Option<(Bound<i64>, Bound<i64>)>,
    /// Whether the last comes first.
    pub descending: bool,
    /// How many at most.
    pub limit: usize,
}

/// A step of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reads a document.
    Get(Cell),
    /// Adds or replaces a document.
    Put(Cell, Values),
    /// Adds a document.
    Insert(Cell, Values),
    /// Removes a document.
    Delete(Cell),
    /// Looks documents up.
    Find(Query),
    /// Walks over a collection, from after a key, so many documents.
    Scan(Side, Option<u8>, usize),
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A step of the transaction of this number, which begins if there is none.
    Step(usize, Step),
    /// The end of the transaction of this number.
    End(usize),
}

/// What became of a script's transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// They committed.
    pub committed: usize,
    /// They lost.
    pub lost: usize,
    /// They only read and needed no commit.
    pub only_read: usize,
}

/// Transactions that are open at the same time, at most. Few enough for any pool of connections.
const OPEN: usize = 4;

/// Plays a script on a fresh store. Panics where the store cannot be explained.
pub async fn replay(store: Arc<dyn Store>, events: &[Event]) -> Result<Tally, Failure> {
    let fails = |cause| Failure { case: "replay", cause };
    let lab = Lab::open(store, Focus::Durable).await.map_err(fails)?;
    let mut stage = Stage { lab, history: vec![Model::default()], tally: Tally::default() };
    let mut open: [Option<Running>; OPEN] = Default::default();
    let ends = (0..OPEN).map(Event::End);
    for event in events.iter().copied().chain(ends) {
        match event {
            Event::Step(number, step) => {
                let place = &mut open[number % OPEN];
                let running = place.get_or_insert_with(|| stage.begin(number));
                stage.step(running, step).await.map_err(fails)?;
            }
            Event::End(number) => {
                if let Some(running) = open[number % OPEN].take() {
                    stage.end(running).await.map_err(fails)?;
                }
            }
        }
    }
    stage.check_end().await.map_err(fails)?;
    Ok(stage.tally)
}

/// A transaction under way.
struct Running {
    tx: Tx,
    careful: bool,
    trace: Vec<(Step, Seen)>,
    /// How many had committed when it first touched the durable and the volatile side.
    first: [Option<usize>; 2],
}

struct Stage {
    lab: Lab,
    /// The map after each commit.
    history: Vec<Model>,
    tally: Tally,
}

impl Stage {
    fn begin(&self, number: usize) -> Running {
        let careful = number.is_multiple_of(2);
        let tx = if careful { self.lab.begin_carefully() } else { self.lab.begin() };
        Running { tx, careful, trace: Vec::new(), first: [None; 2] }
    }

    async fn step(&self, running: &mut Running, step: Step) -> super::Outcome {
        let now = self.history.len() - 1;
        running.first[step.side() as usize].get_or_insert(now);
        let items = match step.side() {
            Side::Durable => &self.lab.items,
            Side::Volatile => &self.lab.others,
        };
        let tx = &mut running.tx;
        let seen = match step {
            Step::Get(cell) => Seen::Docs(items.get(tx, &id(&name(cell.key))).await?.into_iter().collect()),
            Step::Put(cell, values) => written(items.put(tx, &item(cell, values)).await)?,
            Step::Insert(cell, values) => written(items.insert(tx, &item(cell, values)).await)?,
            Step::Delete(cell) => Seen::Was(items.delete(tx, &id(&name(cell.key))).await?),
            Step::Find(query) => Seen::Docs(items.find(tx, find(query)).await?),
            Step::Scan(_, after, limit) => {
                let after = after.map(|key| id(&name(key)));
                Seen::Docs(items.scan(tx, after.as_ref(), limit).await?)
            }
        };
        running.trace.push((step, seen));
        Ok(())
    }

    async fn end(&mut self, running: Running) -> super::Outcome {
        let Running { tx, careful, trace, first } = running;
        let presumes = !careful && trace.iter().any(|(step, _)| matches!(step, Step::Insert(..)));
        let writes = trace.iter().any(|(_, seen)| *seen == Seen::Written || *seen == Seen::Was(true));
        if let [Some(at), None] | [None, Some(at)] = first
            && !writes
            && !presumes
        {
            let changes = tx.finish()?;
            assert!(changes.is_read_only(), "{trace:?} should have written nothing");
            explain(&self.history[at], &trace);
            self.tally.only_read += 1;
            return Ok(());
        }
        let now = self.history.len() - 1;
        match self.lab.commit(tx).await {
            Ok(()) => {
                let after = explain(&self.history[now], &trace);
                self.history.push(after);
                self.tally.committed += 1;
            }
            Err(CommitError::Conflict(over)) => {
                let alone = first.iter().flatten().all(|began| *began == now);
                assert!(!alone || presumes, "lost over {over:?} to nobody: {trace:?}");
                self.tally.lost += 1;
            }
            Err(CommitError::Failed(fault)) => return Err(Box::new(fault)),
        }
        Ok(())
    }

    /// The store holds what the map holds, and its indexes say so.
    async fn check_end(&mut self) -> super::Outcome {
        for side in [Side::Durable, Side::Volatile] {
            let mut reader = self.begin(0);
            self.step(&mut reader, Step::Scan(side, None, usize::MAX)).await?;
            for group in 0..=u8::MAX {
                let query = Query { side, group, ranks: None, descending: false, limit: usize::MAX };
                self.step(&mut reader, Step::Find(query)).await?;
                let ranks = Some((Bound::Unbounded, Bound::Unbounded));
                self.step(&mut reader, Step::Find(Query { ranks, ..query })).await?;
            }
            self.end(reader).await?;
        }
        Ok(())
    }
}

/// Runs a transaction on the map; it must see what it saw.
fn explain(model: &Model, trace: &[(Step, Seen)]) -> Model {
    let mut model = model.clone();
    for (step, seen) in trace {
        assert_eq!(model.take(*step), *seen, "at {step:?} of {trace:?}");
    }
    model
}

fn written(outcome: Result<(), StoreError>) -> Result<Seen, StoreError> {
    match outcome {
        Ok(()) => Ok(Seen::Written),
        Err(StoreError::Duplicate { .. }) => Ok(Seen::Taken),
        Err(other) => Err(other),
    }
}

fn find(query: Query) -> concord::Find<Item> {
    let Query { group, ranks, descending, limit, .. } = query;
    let found = match ranks {
        None => Item::of(&name(group)),
        Some(ranks) => Item::GROUP_RANK.first_is_and(&name(group), ranks),
    };
    let found = found.limit(limit);
    if descending { found.descending() } else { found }
}

/// The document that a cell with these values stands for.
pub(super) fn item(cell: Cell, values: Values) -> Item {
    let item = Item::new(&name(cell.key)).grouped(&name(values.group), values.rank);
    Item { tag: values.tag.map(name), ..item }
}

/// A key as text, in the same order.
pub(super) fn name(key: u8) -> String {
    format!("{key:03}")
}

impl Step {
    /// The collection it touches.
    pub fn side(&self) -> Side {
        match self {
            Self::Get(cell) | Self::Put(cell, _) | Self::Insert(cell, _) | Self::Delete(cell) => cell.side,
            Self::Find(query) => query.side,
            Self::Scan(side, ..) => *side,
        }
    }
}

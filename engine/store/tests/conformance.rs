//! The suite, on each store: in memory, on SQLite, and on both with volatile collections beside them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::Bound;
use std::sync::Arc;

use concord_store::conformance::{self, Cell, Event, Query, Side, Step, Transfers, Values};
use concord_store::sqlite::{Options, Pace, SqliteStore};
use concord_store::{Layered, MemoryStore, Store};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Opens fresh stores of one kind. Their files go when this does.
struct Fresh {
    layered: bool,
    /// On SQLite, with documents that move at this pace.
    sqlite: Option<Pace>,
    folder: TempDir,
}

impl Fresh {
    fn new(layered: bool, sqlite: Option<Pace>) -> Self {
        Self { layered, sqlite, folder: tempfile::tempdir().unwrap() }
    }

    fn open(&self) -> Arc<dyn Store> {
        let store: Arc<dyn Store> = if let Some(pace) = self.sqlite {
            let folder = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
            let options = Options { pace, ..Options::default() };
            Arc::new(SqliteStore::open(&folder.join("test.db"), options).unwrap())
        } else {
            Arc::new(MemoryStore::default())
        };
        if self.layered { Arc::new(Layered::new(store)) } else { store }
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).build().unwrap()
}

fn cases(stores: &Fresh) {
    runtime().block_on(conformance::run(async || stores.open())).unwrap();
}

fn scripts(stores: &Fresh, cases: u32) {
    let runtime = runtime();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let tally = std::cell::Cell::new(conformance::Tally::default());
    let outcome = runner.run(&prop::collection::vec(event(), 1..60), |events| {
        let ended = runtime.block_on(conformance::replay(stores.open(), &events)).unwrap();
        let so_far = tally.get();
        tally.set(conformance::Tally {
            committed: so_far.committed + ended.committed,
            lost: so_far.lost + ended.lost,
            only_read: so_far.only_read + ended.only_read,
        });
        Ok(())
    });
    outcome.unwrap();
    let (tally, cases) = (tally.get(), cases as usize);
    assert!(tally.committed > cases && tally.lost > cases / 4, "the scripts show little: {tally:?}");
}

fn accounts(stores: &Fresh, tasks: u64, rounds: u64) {
    let amount = Transfers { accounts: 8, tasks, rounds };
    let store = stores.open();
    runtime().block_on(async { tokio::spawn(conformance::transfers(store, amount)).await }).unwrap().unwrap();
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..4_usize, step()).prop_map(|(number, step)| Event::Step(number, step)),
        2 => (0..4_usize).prop_map(Event::End),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => cell().prop_map(Step::Get),
        4 => (cell(), values()).prop_map(|(cell, values)| Step::Put(cell, values)),
        3 => (cell(), values()).prop_map(|(cell, values)| Step::Insert(cell, values)),
        2 => cell().prop_map(Step::Delete),
        3 => query().prop_map(Step::Find),
        1 => (side(), prop::option::of(0..5_u8), 0..4_usize).prop_map(|(side, after, limit)| Step::Scan(side, after, limit)),
    ]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Durable), Just(Side::Volatile)]
}

fn cell() -> impl Strategy<Value = Cell> {
    (side(), 0..5_u8).prop_map(|(side, key)| Cell { side, key })
}

fn values() -> impl Strategy<Value = Values> {
    (0..2_u8, -1..3_i64, prop::option::weighted(0.3, 0..3_u8)).prop_map(|(group, rank, tag)| Values {
        group,
        rank,
        tag,
    })
}

fn query() -> impl Strategy<Value = Query> {
    let bound = || {
        prop_oneof![
            Just(Bound::Unbounded),
            (-1..3_i64).prop_map(Bound::Included),
            (-1..3_i64).prop_map(Bound::Excluded),
        ]
    };
    let limit = prop_oneof![Just(usize::MAX), 0..4_usize];
    (side(), 0..2_u8, prop::option::of((bound(), bound())), any::<bool>(), limit)
        .prop_map(|(side, group, ranks, descending, limit)| Query { side, group, ranks, descending, limit })
}

macro_rules! stores {
    ($($name:ident: $layered:literal, $sqlite:expr, scripts $scripts:literal, rounds $rounds:literal;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn keeps_every_promise() {
                cases(&Fresh::new($layered, $sqlite));
            }

            #[test]
            fn explains_every_script_by_a_serial_order() {
                scripts(&Fresh::new($layered, $sqlite), $scripts);
            }

            #[test]
            fn loses_no_money_on_many_threads() {
                accounts(&Fresh::new($layered, $sqlite), 8, $rounds);
            }
        }
    )*};
}

/// Documents are on their way from memory to the tables all the time.
fn restless() -> Pace {
    Pace { layer: 3_000, most: 1 << 20, piece: 2, ..Pace::default() }
}

stores! {
    memory: false, None, scripts 500, rounds 200;
    sqlite: false, Some(Pace::default()), scripts 60, rounds 20;
    restless_sqlite: false, Some(restless()), scripts 60, rounds 20;
    layered_on_memory: true, None, scripts 500, rounds 200;
    layered_on_sqlite: true, Some(restless()), scripts 60, rounds 20;
}

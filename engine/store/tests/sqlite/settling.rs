//! Documents move from the log into the tables, and nobody sees them do so: neither who reads, nor who opens the database
//! after a crash in the middle of it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::time::Duration;

use concord::State;
use concord::storage::{
    CollectionId, Lookup, NewDoc, Range, Scalar, Snapshot, Source, Stored, Version, encode,
};
use concord_store::sqlite::{Options, Pace, SqliteStore};
use concord_store::{Commit, Store};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::{Gate, Place, commit, get, insert, is_failed, key, layout, pace, write};

/// Documents with an index.
#[derive(State)]
struct Ranked {
    #[id]
    id: concord::Id<Ranked>,
    #[index]
    rank: i64,
}

/// What to do to a document: to give it a rank, or to delete it.
type Step = (u8, Option<i64>);

/// A store and what should be in it.
struct Kept {
    store: SqliteStore,
    ranked: CollectionId,
    docs: BTreeMap<String, (Version, i64)>,
}

impl Kept {
    async fn open(path: &Path, options: Options) -> Self {
        let store = SqliteStore::open(path, options).unwrap();
        let ranked = store.prepare(&[layout(Ranked::SPEC)]).wait().await.unwrap()[0];
        Self { store, ranked, docs: BTreeMap::new() }
    }

    async fn take(&mut self, (number, rank): Step) {
        let id = format!("d{number:03}");
        let before = self.docs.get(&id).copied();
        if before.is_none() && rank.is_none() {
            return;
        }
        let keys = |rank: i64| vec![encode(&[Scalar::Int(rank)])];
        let mut commit = write(self.ranked, &id, before.map(|(version, _)| version), None);
        let write = &mut commit.changes.writes[0];
        write.before = before.map_or(Vec::new(), |(_, rank)| keys(rank));
        write.after =
            rank.map(|rank| NewDoc { body: format!(r#"{{"rank":{rank}}}"#).into(), keys: keys(rank) });
        self.store.commit(commit).wait().await.unwrap();
        match rank {
            None => drop(self.docs.remove(&id)),
            Some(rank) => {
                let version = get(&self.store, self.ranked, &id).await.unwrap().version;
                self.docs.insert(id, (version, rank));
            }
        }
    }

    fn snapshot(&self) -> Box<dyn Snapshot> {
        let concord::storage::Answer::Now(Ok(snapshot)) = self.store.snapshot() else {
            panic!("no snapshot")
        };
        snapshot
    }
}

/// What a snapshot shows by its index, and that each document is found by its id as well.
async fn shown(snapshot: &dyn Snapshot, ranked: CollectionId) -> Vec<(i64, String, Version)> {
    let all = Lookup {
        collection: ranked,
        index: 0,
        range: Range::new(Vec::new(), Bound::Unbounded, Bound::Unbounded).into(),
        descending: false,
        limit: usize::MAX,
    };
    let found = snapshot.find(&all).wait().await.unwrap();
    for Stored { id, version, .. } in &found {
        assert_eq!(snapshot.get(&key(ranked, id)).wait().await.unwrap().unwrap().version, *version);
    }
    let rank = |doc: &Stored| {
        let body = std::str::from_utf8(&doc.body).unwrap();
        body.trim_matches(|c: char| c != '-' && !c.is_ascii_digit()).parse().unwrap()
    };
    found.iter().map(|doc| (rank(doc), doc.id.to_string(), doc.version)).collect()
}

fn expected(docs: &BTreeMap<String, (Version, i64)>) -> Vec<(i64, String, Version)> {
    let mut rows: Vec<_> = docs.iter().map(|(id, (version, rank))| (*rank, id.clone(), *version)).collect();
    rows.sort();
    rows
}

/// The database as a crash would leave it: what has been written so far, in another place.
fn crashed(place: &Place) -> Place {
    let copy = Place::new();
    for suffix in ["", "-wal"] {
        let file = format!("test.db{suffix}");
        std::fs::copy(place.folder.path().join(&file), copy.folder.path().join(&file)).unwrap();
    }
    copy
}

/// Whether the tables alone are whole: no entry without its document, none missing, nothing left in the log.
fn check_tables(place: &Place, docs: &BTreeMap<String, (Version, i64)>) {
    let db = Connection::open(place.path()).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM log"), 0);
    assert_eq!(count("SELECT count(*) FROM documents"), i64::try_from(docs.len()).unwrap());
    let mut entries = db.prepare("SELECT key, id FROM entries ORDER BY key, id").unwrap();
    let entries =
        entries.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?.into(), row.get::<_, String>(1)?)));
    let entries: Vec<(Box<[u8]>, String)> = entries.unwrap().map(Result::unwrap).collect();
    let wanted = expected(docs).into_iter().map(|(rank, id, _)| (encode(&[Scalar::Int(rank)]), id));
    assert_eq!(entries, wanted.collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_committed_is_there_after_a_crash_at_any_point(
        steps in prop::collection::vec((0..12_u8, prop::option::weighted(0.8, -3..4_i64)), 1..80),
        piece in 1..5_usize,
        layer in 500..4_000_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let place = Place::new();
            let mut kept = Kept::open(&place.path(), pace(layer, piece)).await;
            for (count, step) in steps.into_iter().enumerate() {
                let (before, then) = (kept.snapshot(), expected(&kept.docs));
                kept.take(step).await;
                assert_eq!(shown(&*before, kept.ranked).await, then, "a snapshot stands still");
                assert_eq!(shown(&*kept.snapshot(), kept.ranked).await, expected(&kept.docs));
                if count % 20 == 19 {
                    let copy = crashed(&place);
                    let again = Kept::open(&copy.path(), Options::default()).await;
                    assert_eq!(shown(&*again.snapshot(), again.ranked).await, expected(&kept.docs));
                    drop(again);
                    check_tables(&copy, &kept.docs);
                }
            }
            let docs = kept.docs.clone();
            drop(kept);
            check_tables(&place, &docs);
        });
    }
}

#[tokio::test]
async fn a_commit_that_failed_and_is_there_all_the_same_is_found() {
    // Another database, ahead of ours, lends its log.
    let other = Place::new();
    let (ahead, notes) = other.open().await;
    for n in 0..5 {
        commit(&ahead, insert(notes, &format!("n{n}"))).await.unwrap();
    }
    let copy = crashed(&other);
    let (n, row): (i64, Vec<u8>) = Connection::open(copy.path())
        .unwrap()
        .query_row("SELECT n, body FROM log ORDER BY n DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();

    let (place, gate) = (Place::new(), std::sync::Arc::new(Gate::default()));
    let (store, ours) = place.open_with(gate.options()).await;
    assert_eq!(ours, notes);
    let _held = gate.hold();
    gate.decide(false);
    assert!(is_failed(&commit(&store, insert(ours, "n4")).await));
    assert!(get(&store, ours, "n4").await.is_none());
    let db = Connection::open(place.path()).unwrap();
    db.execute("INSERT INTO log VALUES (?1, 0, ?2)", rusqlite::params![n, row]).unwrap();
    gate.open();

    store.probe().wait().await.unwrap();
    let found = get(&store, ours, "n4").await.expect("it is there");
    let lost = commit(&store, insert(ours, "n4")).await;
    assert!(matches!(lost, Err(concord_store::CommitError::Conflict(_))), "{lost:?}");
    commit(&store, write(ours, "n4", Some(found.version), None)).await.unwrap();
    commit(&store, Commit::default()).await.unwrap();
    drop(store);
    let (store, ours) = place.open().await;
    assert!(get(&store, ours, "n4").await.is_none());
}

#[tokio::test]
async fn a_store_that_is_left_alone_settles_everything() {
    let place = Place::new();
    let at_once = Pace { quiet: Duration::ZERO, ..Pace::default() };
    let (store, notes) = place.open_with(Options { pace: at_once, ..Options::default() }).await;
    commit(&store, insert(notes, "a")).await.unwrap();
    let db = Connection::open(place.path()).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    while count("SELECT count(*) FROM log") > 0 {
        std::thread::yield_now();
    }
    assert_eq!(count("SELECT count(*) FROM documents"), 1);
    assert!(get(&store, notes, "a").await.is_some());
}

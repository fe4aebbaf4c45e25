//! The journal is bounded, and can be read from outside.

use std::time::Duration;

use concord_store::sqlite::{self, Options};
use concord_store::{Commit, Retention, Store};

use crate::{Place, commit, insert, record};

/// A flow that starts at this time, in milliseconds.
fn flow(at: u64) -> u128 {
    u128::from(at) << 80
}

fn entry(at: u64, body: &str) -> Commit {
    Commit { records: vec![record(flow(at), body)], ..Commit::default() }
}

fn keeping(age: Duration, bytes: u64) -> Options {
    Options { retention: Retention { age, bytes }, ..Options::default() }
}

#[tokio::test]
async fn records_that_are_too_old_go() {
    let place = Place::new();
    let (store, _) = place.open_with(keeping(Duration::from_secs(1), u64::MAX)).await;
    for at in 0..50 {
        commit(&store, entry(1_000_000 + at, "old")).await.unwrap();
    }
    for at in 0..50 {
        commit(&store, entry(1_001_500 + at, "new")).await.unwrap();
    }
    assert!(store.journal(flow(1_000_049)).wait().await.unwrap().is_empty());
    assert_eq!(store.journal(flow(1_001_500)).wait().await.unwrap(), ["new"]);
    drop(store);
    assert_eq!(sqlite::recent_flows(&place.path(), 1_000).unwrap().len(), 50);
}

#[tokio::test]
async fn records_that_are_too_many_go() {
    let place = Place::new();
    let (store, _) = place.open_with(keeping(Duration::MAX, 10_000)).await;
    let body = "x".repeat(1_000);
    for at in 0..100 {
        commit(&store, entry(at, &body)).await.unwrap();
    }
    let flows = sqlite::recent_flows(&place.path(), 1_000).unwrap();
    assert_eq!(flows, (90..100).rev().map(flow).collect::<Vec<_>>());
    drop(store);

    // A narrower bound holds from the start.
    let (_store, _) = place.open_with(keeping(Duration::MAX, 3_000)).await;
    assert_eq!(sqlite::recent_flows(&place.path(), 1_000).unwrap(), [flow(99), flow(98), flow(97)]);
}

#[tokio::test]
async fn others_read_the_journal_while_the_store_is_open_and_after() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    let records = vec![record(flow(1), "1"), record(flow(2), "2"), record(flow(1), "3")];
    commit(&store, Commit { records, ..insert(notes, "a") }).await.unwrap();
    let read = || sqlite::read_journal(&place.path(), flow(1)).unwrap();
    assert_eq!(read(), ["1", "3"]);
    assert_eq!(sqlite::recent_flows(&place.path(), 1).unwrap(), [flow(2)]);
    drop(store);
    assert_eq!(read(), ["1", "3"]);
    assert!(sqlite::read_journal(&place.path(), flow(9)).unwrap().is_empty());
}

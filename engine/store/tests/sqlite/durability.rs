//! What is acknowledged is on disk, and stays.

use std::sync::Arc;

use concord_store::Store;
use concord_store::sqlite::{SqliteError, SqliteStore};

use crate::{Gate, Place, commit, get, insert, is_failed, write};

#[tokio::test(flavor = "multi_thread")]
async fn no_commit_is_answered_before_its_sync() {
    let (place, gate) = (Place::new(), Arc::new(Gate::default()));
    let (store, notes) = place.open_with(gate.options()).await;
    let store = Arc::new(store);
    commit(&store, insert(notes, "before")).await.unwrap();

    let _held = gate.hold();
    let held = tokio::spawn({
        let store = Arc::clone(&store);
        async move { commit(&store, insert(notes, "held")).await }
    });
    gate.wait_for(2);
    assert!(get(&store, notes, "before").await.is_some(), "reads go on meanwhile");
    assert!(get(&store, notes, "held").await.is_none(), "nobody sees it yet");
    assert!(!held.is_finished());

    gate.open();
    held.await.unwrap().unwrap();
    assert!(get(&store, notes, "held").await.is_some());
}

#[tokio::test]
async fn commits_that_wait_share_a_sync() {
    let (place, gate) = (Place::new(), Arc::new(Gate::default()));
    let (store, notes) = place.open_with(gate.options()).await;
    let _held = gate.hold();
    let first = store.commit(insert(notes, "first"));
    gate.wait_for(1);
    let waiting: Vec<_> = (0..50).map(|n| store.commit(insert(notes, &format!("n{n}")))).collect();
    let twice = store.commit(insert(notes, "n7"));
    gate.open();
    first.wait().await.unwrap();
    for answer in waiting {
        answer.wait().await.unwrap();
    }
    let lost = twice.wait().await;
    assert!(matches!(lost, Err(concord_store::CommitError::Conflict(_))), "later ones see earlier ones");
    assert_eq!((gate.begun(), store.syncs()), (2, 2));
}

#[tokio::test]
async fn a_sync_that_fails_fails_all_who_share_it_and_nothing_else() {
    let (place, gate) = (Place::new(), Arc::new(Gate::default()));
    let (store, notes) = place.open_with(gate.options()).await;
    let _held = gate.hold();
    let first = store.commit(insert(notes, "first"));
    gate.wait_for(1);
    let sharing: Vec<_> = (0..5).map(|n| store.commit(insert(notes, &format!("n{n}")))).collect();
    gate.decide(true);
    gate.decide(false);
    first.wait().await.unwrap();
    for answer in sharing {
        assert!(is_failed(&answer.wait().await));
    }
    assert!(get(&store, notes, "first").await.is_some());
    assert!(get(&store, notes, "n3").await.is_none());

    gate.decide(false);
    assert!(store.probe().wait().await.is_err(), "the probe tries, and fails as well");
    gate.open();
    store.probe().wait().await.unwrap();
    commit(&store, insert(notes, "n3")).await.unwrap();
    drop(store);
    let (store, notes) = place.open().await;
    assert!(get(&store, notes, "first").await.is_some());
    assert!(get(&store, notes, "n3").await.is_some());
    assert!(get(&store, notes, "n4").await.is_none());
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    commit(&store, insert(notes, "a")).await.unwrap();
    commit(&store, insert(notes, "b")).await.unwrap();
    let last = get(&store, notes, "b").await.unwrap().version;
    commit(&store, write(notes, "b", Some(last), None)).await.unwrap();
    drop(store);

    let (store, again) = place.open().await;
    assert_eq!(again, notes, "a collection keeps its number");
    assert!(get(&store, notes, "a").await.is_some());
    assert!(get(&store, notes, "b").await.is_none());
    commit(&store, insert(notes, "b")).await.unwrap();
    assert!(get(&store, notes, "b").await.unwrap().version > last, "versions go on");
}

#[tokio::test]
async fn what_is_queued_when_the_store_goes_is_done_first() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    for n in 0..100 {
        drop(store.commit(insert(notes, &format!("n{n}"))));
    }
    drop(store);
    let (store, notes) = place.open().await;
    for n in 0..100 {
        assert!(get(&store, notes, &format!("n{n}")).await.is_some(), "{n}");
    }
}

#[tokio::test]
async fn a_file_belongs_to_one_store_at_a_time() {
    let place = Place::new();
    let (store, _) = place.open().await;
    let second = SqliteStore::open(&place.path(), concord_store::sqlite::Options::default());
    let Err(error @ SqliteError::InUse { .. }) = second else { panic!("two stores on one file") };
    assert!(error.to_string().contains("is in use by another server"), "{error}");
    drop(store);
    place.open().await;
}

#[tokio::test]
async fn the_log_begins_anew() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    let text = "x".repeat(300_000);
    for n in 0..200 {
        commit(&store, write(notes, &format!("n{n}"), None, Some(&text))).await.unwrap();
    }
    let log = std::fs::metadata(place.folder.path().join("test.db-wal")).unwrap().len();
    assert!(log < 16 << 20, "60 MB were written, and the log has {log} bytes");
}

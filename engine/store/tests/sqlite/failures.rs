//! A disk that is full, and files that are not ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use concord_store::Store;
use concord_store::sqlite::{Options, SqliteError, SqliteStore};

use crate::{Place, commit, get, insert, is_failed, write};

#[tokio::test]
async fn a_full_disk_fails_commits_until_there_is_room() {
    let (place, room) = (Place::new(), Arc::new(AtomicU32::new(64)));
    let options = Options { max_pages: Some(Arc::clone(&room)), ..Options::default() };
    let (store, notes) = place.open_with(options).await;
    let text = "x".repeat(10_000);
    let mut kept = Vec::new();
    let failed = loop {
        let name = format!("n{}", kept.len());
        let outcome = commit(&store, write(notes, &name, None, Some(&text))).await;
        if outcome.is_err() {
            break outcome;
        }
        kept.push(name);
    };
    assert!(is_failed(&failed) && kept.len() > 5, "{failed:?} after {}", kept.len());
    assert!(is_failed(&commit(&store, write(notes, "more", None, Some(&text))).await));
    assert!(store.probe().wait().await.is_ok(), "small writes still fit");
    for name in &kept {
        assert!(get(&store, notes, name).await.is_some(), "{name} was acknowledged");
    }

    // Even a document that goes takes room at first.
    room.store(1_000, Ordering::Relaxed);
    let first = get(&store, notes, &kept[0]).await.unwrap();
    assert!(is_failed(&commit(&store, write(notes, "more", None, Some(&"x".repeat(9_999_999)))).await));
    commit(&store, write(notes, &kept[0], Some(first.version), None)).await.unwrap();
    commit(&store, write(notes, "more", None, Some(&text))).await.unwrap();
    drop(store);
    let (store, notes) = place.open().await;
    assert!(get(&store, notes, "more").await.is_some() && get(&store, notes, &kept[1]).await.is_some());
    assert!(get(&store, notes, &kept[0]).await.is_none());
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let place = Place::new();
    std::fs::write(place.path(), "my diary, not a database at all. ".repeat(40)).unwrap();
    let opened = SqliteStore::open(&place.path(), Options::default());
    assert!(matches!(opened, Err(SqliteError::Database { .. })));
    assert!(std::fs::read_to_string(place.path()).unwrap().starts_with("my diary"));
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    commit(&store, insert(notes, "a")).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(place.path()).unwrap();
    db.execute("UPDATE state SET schema = 99", []).unwrap();
    drop(db);
    let Err(error) = SqliteStore::open(&place.path(), Options::default()) else { panic!("it opened") };
    assert!(error.to_string().contains("version 99"), "{error}");
}

#[test]
fn folders_are_made_or_named_in_the_error() {
    let place = Place::new();
    let deep = place.folder.path().join("not/there/yet/test.db");
    SqliteStore::open(&deep, Options::default()).unwrap();
    let Err(error) = SqliteStore::open(&deep.join("below a file/test.db"), Options::default()) else {
        panic!("it opened")
    };
    assert!(matches!(&error, SqliteError::Folder { .. }) && error.to_string().contains("below a file"));
}

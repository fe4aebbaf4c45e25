//! Snapshots share a bounded number of connections.

use concord::storage::{Answer, Source};

use crate::{Place, commit, get, insert, key};

#[tokio::test]
async fn a_snapshot_too_many_waits_for_its_turn() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    commit(&store, insert(notes, "a")).await.unwrap();
    let mut open = Vec::new();
    let waiting = loop {
        match store.snapshot() {
            Answer::Now(snapshot) => open.push(snapshot.unwrap()),
            Answer::Later(waiting) => break waiting,
        }
        assert!(open.len() <= 1_000, "there is no bound");
    };
    for snapshot in &open {
        assert!(snapshot.get(&key(notes, "a")).wait().await.unwrap().is_some());
    }
    commit(&store, insert(notes, "b")).await.unwrap();
    assert!(open[0].get(&key(notes, "b")).wait().await.unwrap().is_none());
    open.pop();
    let late = waiting.await.unwrap();
    assert!(late.get(&key(notes, "b")).wait().await.unwrap().is_some());
    drop((open, late));
    assert!(get(&store, notes, "b").await.is_some());
}

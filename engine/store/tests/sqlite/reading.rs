//! Snapshots are free: any number of them, each of its own state.

use concord::storage::{Answer, Source};
use concord_store::Store;

use crate::{Place, commit, get, insert, is_failed, key, pace, write};

#[tokio::test]
async fn any_number_of_snapshots_see_each_their_own_state() {
    let place = Place::new();
    let (store, notes) = place.open_with(pace(40_000, 3)).await;
    let mut open = Vec::new();
    for n in 0..500 {
        commit(&store, insert(notes, &format!("n{n}"))).await.unwrap();
        let Answer::Now(snapshot) = store.snapshot() else { panic!("a snapshot waits for nobody") };
        open.push(snapshot.unwrap());
    }
    for (n, snapshot) in open.iter().enumerate() {
        assert!(snapshot.get(&key(notes, &format!("n{n}"))).wait().await.unwrap().is_some());
        assert!(snapshot.get(&key(notes, &format!("n{}", n + 1))).wait().await.unwrap().is_none());
    }
    drop(open);
    assert!(get(&store, notes, "n499").await.is_some());
}

#[tokio::test]
async fn a_snapshot_that_does_not_end_stops_commits_before_memory_is_full() {
    let place = Place::new();
    let (store, notes) = place.open_with(pace(20_000, 100)).await;
    commit(&store, insert(notes, "first")).await.unwrap();
    let snapshot = store.snapshot().wait().await.unwrap();
    let text = "x".repeat(1_000);
    let mut written = 0;
    let failed = loop {
        let name = format!("n{written}");
        match commit(&store, write(notes, &name, None, Some(&text))).await {
            Ok(()) => written += 1,
            failed => break failed,
        }
        assert!(written < 1_000, "there is no bound");
    };
    assert!(is_failed(&failed) && written > 100, "{failed:?} after {written}");
    assert!(snapshot.get(&key(notes, "n0")).wait().await.unwrap().is_none());
    assert!(get(&store, notes, "n0").await.is_some());

    drop(snapshot);
    store.probe().wait().await.unwrap();
    commit(&store, insert(notes, "last")).await.unwrap();
}

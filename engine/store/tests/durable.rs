//! What the store on SQLite promises beyond the suite: that things stay, and what happens when they cannot.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use concord::spec::{IndexSpec, StateSpec};
use concord::storage::{Changes, CollectionId, DocKey, Lookup, NewDoc, Scalar, Source, Write, encode};
use concord_store::sqlite::{BeforeSync, Options, SqliteError, SqliteStore, backup, read_journal};
use concord_store::{Commit, CommitError, Layout, PrepareError, Record, Retention, Store};
use serde_json::Value;

/// Documents are `{"id": …, "owner": …}`.
fn keys(body: &[u8]) -> Result<Vec<Box<[u8]>>, Box<dyn Error + Send + Sync>> {
    let doc: Value = serde_json::from_slice(body)?;
    let owner = doc["owner"].as_str().ok_or("owner: missing")?;
    Ok(vec![encode(&[Scalar::Text(owner.into())])])
}

const PLAIN: StateSpec = StateSpec {
    name: "Doc",
    summary: "",
    id: "id",
    indexes: &[],
    volatile: false,
    schema: concord::rt::schema::<()>,
    keys: |_| Ok(Vec::new()),
};

const INDEXED: StateSpec =
    StateSpec { indexes: &[IndexSpec { name: "owner", fields: &["owner"], unique: false }], keys, ..PLAIN };

const UNIQUE: StateSpec =
    StateSpec { indexes: &[IndexSpec { name: "owner", fields: &["owner"], unique: true }], keys, ..PLAIN };

async fn prepare(store: &SqliteStore, state: &'static StateSpec) -> Result<CollectionId, PrepareError> {
    let layouts = [Layout { name: "Test.docs".into(), state }];
    Ok(store.prepare(&layouts).wait().await?[0])
}

async fn open(path: &Path, options: Options) -> (SqliteStore, CollectionId) {
    let store = SqliteStore::open(path, options).unwrap();
    let collection = prepare(&store, &PLAIN).await.unwrap();
    (store, collection)
}

fn insert(collection: CollectionId, id: &str, body: String) -> Commit {
    let after = Some(NewDoc { body: Bytes::from(body), keys: Vec::new() });
    let write =
        Write { key: DocKey { collection, id: id.into() }, expected: None, before: Vec::new(), after };
    Commit { changes: Changes { writes: vec![write], ..Changes::default() }, records: Vec::new() }
}

async fn put(
    store: &SqliteStore,
    collection: CollectionId,
    id: &str,
    owner: &str,
) -> Result<(), CommitError> {
    store.commit(insert(collection, id, format!(r#"{{"id":"{id}","owner":"{owner}"}}"#))).wait().await
}

async fn has(store: &SqliteStore, collection: CollectionId, id: &str) -> bool {
    let snapshot = store.snapshot().wait().await.unwrap();
    snapshot.get(&DocKey { collection, id: id.into() }).wait().await.unwrap().is_some()
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart_and_indexes_that_are_new_are_built() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/in/test.db");
    let (store, docs) = open(&path, Options::default()).await;
    for (id, owner) in [("a", "ada"), ("b", "ben"), ("c", "ada")] {
        put(&store, docs, id, owner).await.unwrap();
    }
    drop(store);

    let store = SqliteStore::open(&path, Options::default()).unwrap();
    assert_eq!(prepare(&store, &INDEXED).await.unwrap(), docs);
    let lookup = Lookup {
        collection: docs,
        index: 0,
        prefix: vec![Scalar::Text("ada".into())],
        lower: std::ops::Bound::Unbounded,
        upper: std::ops::Bound::Unbounded,
        descending: false,
        limit: 10,
    };
    let found = store.snapshot().wait().await.unwrap().find(&lookup).wait().await.unwrap();
    assert_eq!(found.iter().map(|doc| &*doc.id).collect::<Vec<_>>(), ["a", "c"]);
}

#[tokio::test]
async fn documents_that_cannot_be_indexed_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let (store, docs) = open(&path, Options::default()).await;
    put(&store, docs, "a", "ada").await.unwrap();
    put(&store, docs, "b", "ada").await.unwrap();
    let fault = prepare(&store, &UNIQUE).await.unwrap_err().to_string();
    assert_eq!(fault, r#"documents "a" and "b" of Test.docs have the same owner, which must be unique"#);

    store.commit(insert(docs, "old", r#"{"id":"old"}"#.into())).wait().await.unwrap();
    let fault = prepare(&store, &INDEXED).await.unwrap_err();
    assert_eq!(fault.to_string(), r#"document "old" of Test.docs cannot be read"#);
    assert_eq!(fault.source().unwrap().to_string(), "owner: missing");
    assert!(has(&store, docs, "old").await, "nothing is lost over it");
}

#[tokio::test]
async fn a_database_has_one_server_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let (store, _) = open(&path, Options::default()).await;
    assert!(matches!(SqliteStore::open(&path, Options::default()), Err(SqliteError::InUse { .. })));
    drop(store);
    assert!(SqliteStore::open(&path, Options::default()).is_ok());
}

/// Holds each sync until it is told to go on, or fails it.
struct Gate {
    arrived: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
    fails: AtomicBool,
    passed: AtomicUsize,
}

impl BeforeSync for Gate {
    fn before_sync(&self) -> io::Result<()> {
        let _ = self.arrived.lock().unwrap().send(());
        let _ = self.go_on.lock().unwrap().recv();
        self.passed.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) { Err(io::Error::other("the disk is on fire")) } else { Ok(()) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_wait_for_their_sync_together_and_fail_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (arrived, arrivals) = channel();
    let (release, go_on) = channel();
    let gate = Arc::new(Gate {
        arrived: Mutex::new(arrived),
        go_on: Mutex::new(go_on),
        fails: AtomicBool::new(false),
        passed: AtomicUsize::new(0),
    });
    let hook: Arc<dyn BeforeSync> = Arc::<Gate>::clone(&gate);
    let options = Options { before_sync: Some(hook), ..Options::default() };
    let (store, docs) = open(&folder.path().join("test.db"), options).await;
    let store = Arc::new(store);
    let send = |id: String| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { put(&store, docs, &id, "ada").await })
    };

    let first = send("first".into());
    arrivals.recv().unwrap(); // the first one is at its sync, alone
    let others: Vec<_> = (0..50).map(|n| send(format!("other-{n}"))).collect();
    let waits = tokio::time::timeout(Duration::from_millis(100), async { first.is_finished() }).await;
    assert_eq!(waits, Ok(false), "answered before its sync");
    release.send(()).unwrap();
    first.await.unwrap().unwrap();

    gate.fails.store(true, Ordering::SeqCst);
    drop(release); // from here on nobody waits
    let mut failed = 0;
    for other in others {
        failed += usize::from(matches!(other.await.unwrap(), Err(CommitError::Failed(_))));
    }
    assert_eq!(failed, 50);
    assert!(gate.passed.load(Ordering::SeqCst) < 30, "syncs are shared");
    assert!(store.probe().wait().await.is_err());

    gate.fails.store(false, Ordering::SeqCst);
    assert!(store.probe().wait().await.is_ok(), "it recovers by itself");
    put(&store, docs, "last", "ada").await.unwrap();
    assert!(has(&store, docs, "first").await && has(&store, docs, "last").await);
    assert!(!has(&store, docs, "other-0").await);
}

#[tokio::test]
async fn a_full_disk_refuses_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_pages: Some(40), ..Options::default() };
    let (store, docs) = open(&folder.path().join("test.db"), options).await;
    let mut kept = 0;
    let body = |id: usize| format!(r#"{{"id":"{id}","owner":"{}"}}"#, "x".repeat(4_000));
    let fault = loop {
        match store.commit(insert(docs, &kept.to_string(), body(kept))).wait().await {
            Ok(()) => kept += 1,
            Err(fault) => break fault,
        }
    };
    assert!(matches!(fault, CommitError::Failed(_)) && kept > 5);
    for id in 0..kept {
        assert!(has(&store, docs, &id.to_string()).await);
    }
    assert!(!has(&store, docs, &kept.to_string()).await);
}

#[tokio::test]
async fn the_journal_forgets_what_is_old_and_what_is_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let retention = Retention { age: Duration::from_secs(60), bytes: 10_000 };
    let (store, docs) = open(&path, Options { retention, ..Options::default() }).await;
    let flow = |seconds: u128| (seconds * 1_000) << 80;
    for second in 0..300_u128 {
        let mut commit = insert(docs, &second.to_string(), r#"{"id":"x"}"#.into());
        commit.records.push(Record { flow: flow(second), body: Bytes::from(vec![b'x'; 100]) });
        store.commit(commit).wait().await.unwrap();
    }
    let kept = |second| read_journal(&path, flow(second)).unwrap().len();
    assert_eq!((kept(0), kept(230), kept(238)), (0, 0, 0), "older than a minute");
    assert_eq!((kept(240), kept(299)), (1, 1));

    for n in 0..300_u128 {
        let mut commit = insert(docs, &format!("b{n}"), r#"{"id":"x"}"#.into());
        commit.records.push(Record { flow: flow(300) + n, body: Bytes::from(vec![b'x'; 100]) });
        store.commit(commit).wait().await.unwrap();
    }
    let bytes: usize =
        (0..300).filter(|n| !read_journal(&path, flow(300) + n).unwrap().is_empty()).count() * 100;
    assert!((9_000..=10_000).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn a_backup_is_whole_and_never_half_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let copy = folder.path().join("copy.db");
    let (store, docs) = open(&path, Options::default()).await;
    put(&store, docs, "a", "ada").await.unwrap();
    backup(&path, &copy).unwrap();
    put(&store, docs, "b", "ben").await.unwrap();
    assert!(backup(&path, &copy).is_err(), "nothing is overwritten");

    let (restored, docs) = open(&copy, Options::default()).await;
    assert!(has(&restored, docs, "a").await && !has(&restored, docs, "b").await);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("part")), "{left:?}");
    assert!(backup(&folder.path().join("nothing.db"), &folder.path().join("x.db")).is_err());
}

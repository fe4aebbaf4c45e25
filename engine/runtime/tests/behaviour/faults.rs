//! Stores that fail, and documents that do not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use concord::Kind;
use concord::storage::{
    Answer, Changes, CollectionId, DocKey, NewDoc, Snapshot, Source, StorageFault, Write,
};
use concord_store::{Commit, CommitError, Layout, MemoryStore, OpenFlow, PrepareError, Store};
use concord_testing::{Harness, TestApp};
use serde_json::json;

use crate::counter::Counter;

/// The store in memory, until it is told to fail.
#[derive(Default)]
struct Flaky {
    store: MemoryStore,
    reads_fail: AtomicBool,
    commits_fail: AtomicBool,
}

fn fault() -> StorageFault {
    StorageFault::new("no space left on device")
}

impl Source for Flaky {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        if self.reads_fail.load(Ordering::SeqCst) { Answer::Now(Err(fault())) } else { self.store.snapshot() }
    }
}

impl Store for Flaky {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        self.store.prepare(layouts)
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        if self.commits_fail.load(Ordering::SeqCst) {
            return Answer::Now(Err(CommitError::Failed(fault())));
        }
        self.store.commit(commit)
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        self.store.journal(flow)
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        self.store.open_flows()
    }

    fn probe(&self) -> Answer<'_, Result<(), StorageFault>> {
        Answer::Now(if self.commits_fail.load(Ordering::SeqCst) { Err(fault()) } else { Ok(()) })
    }
}

async fn flaky() -> (TestApp, Arc<Flaky>) {
    let store = Arc::new(Flaky::default());
    let app = Harness::default().concept(Counter::default()).store(Arc::<Flaky>::clone(&store)).open().await;
    (app, store)
}

#[tokio::test]
async fn a_store_that_fails_makes_an_action_unavailable_and_nothing_is_lost() {
    let (app, store) = flaky().await;
    app.ok("Counter/add", json!({ "count": "a" })).await;
    for failing in [&store.commits_fail, &store.reads_fail] {
        failing.store(true, Ordering::SeqCst);
        let refused = app.refused("Counter/add", json!({ "count": "a" })).await;
        assert_eq!((refused.kind(), refused.code()), (Kind::Unavailable, "UNAVAILABLE"));
        assert!(!refused.message().contains("space left"), "clients are not told of our disk");
        failing.store(false, Ordering::SeqCst);
    }
    assert_eq!(app.ok("Counter/_get", json!({ "count": "a" })).await, json!([{ "value": 1 }]));
}

/// Puts a document into the first collection behind the app's back.
async fn plant(store: &dyn Store, id: &str, body: &'static str) {
    let key = DocKey { collection: CollectionId(0), id: id.into() };
    let after = Some(NewDoc { body: Bytes::from_static(body.as_bytes()), keys: Vec::new() });
    let writes = vec![Write { key, expected: None, before: Vec::new(), after }];
    let commit = Commit { changes: Changes { writes, ..Changes::default() }, ..Commit::default() };
    store.commit(commit).wait().await.unwrap();
}

#[tokio::test]
async fn a_document_that_does_not_read_is_an_error_that_names_it() {
    let (app, store) = flaky().await;
    plant(&*store, "old", r#"{"id":"old","value":"many"}"#).await;
    let action = app.app().registry().resolve("Counter", "_get").unwrap();
    let refusal = app.app().call(action, r#"{"count":"old"}"#.into()).await.result.unwrap_err();
    assert_eq!((refusal.kind, &*refusal.code), (Kind::Internal, "UNREADABLE_DOCUMENT"));
    let chain = refusal.chain().unwrap();
    assert!(
        chain.contains(r#"document "old" of Counter.counts"#) && chain.contains("value: invalid type"),
        "{chain}"
    );
}

#[tokio::test]
async fn an_action_that_swallows_such_an_error_commits_nothing() {
    let (app, store) = flaky().await;
    plant(&*store, "old", "{}").await;
    assert_eq!(app.refused("Counter/swallow", json!({ "count": "old" })).await.code(), "UNREADABLE_DOCUMENT");
}

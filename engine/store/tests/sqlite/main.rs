//! What the store on SQLite promises beyond the suite: durability, upgrades, a bounded journal, backups.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup;
mod durability;
mod failures;
mod journal;
mod mixed;
mod reading;
mod settling;
mod upgrades;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use bytes::Bytes;
use concord::storage::{Changes, CollectionId, DocKey, NewDoc, Source, Stored, Version, Write};
use concord::{Id, State};
use concord_store::sqlite::{BeforeSync, Options, Pace, SqliteStore};
use concord_store::{Commit, CommitError, Layout, Record, Store};
use tempfile::TempDir;

#[derive(State)]
struct Note {
    #[id]
    id: Id<Note>,
    text: String,
}

/// A folder with a database in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    async fn open(&self) -> (SqliteStore, CollectionId) {
        self.open_with(Options::default()).await
    }

    async fn open_with(&self, options: Options) -> (SqliteStore, CollectionId) {
        let store = SqliteStore::open(&self.path(), options).unwrap();
        let ids = store.prepare(&[layout(Note::SPEC)]).wait().await.unwrap();
        (store, ids[0])
    }
}

fn layout(state: &'static concord::spec::StateSpec) -> Layout {
    Layout { name: "Test.notes".into(), state }
}

fn key(collection: CollectionId, id: &str) -> DocKey {
    DocKey { collection, id: id.into() }
}

fn write(collection: CollectionId, id: &str, expected: Option<Version>, text: Option<&str>) -> Commit {
    let body = |text| Bytes::from(format!(r#"{{"id":"{id}","text":"{text}"}}"#));
    let after = text.map(|text| NewDoc { body: body(text), keys: Vec::new() });
    let writes = vec![Write { key: key(collection, id), expected, before: Vec::new(), after }];
    Commit { changes: Changes { writes, ..Changes::default() }, ..Commit::default() }
}

fn insert(collection: CollectionId, id: &str) -> Commit {
    write(collection, id, None, Some("hello"))
}

fn record(flow: u128, body: &str) -> Record {
    Record { flow, body: Bytes::copy_from_slice(body.as_bytes()) }
}

async fn commit(store: &SqliteStore, commit: Commit) -> Result<(), CommitError> {
    store.commit(commit).wait().await
}

async fn get(store: &SqliteStore, collection: CollectionId, id: &str) -> Option<Stored> {
    let snapshot = store.snapshot().wait().await.unwrap();
    snapshot.get(&key(collection, id)).wait().await.unwrap()
}

/// Documents move into the tables after so many bytes, so many at a time; eight times as many bytes can wait.
fn pace(layer: usize, piece: usize) -> Options {
    Options { pace: Pace { layer, most: 8 * layer, piece, ..Pace::default() }, ..Options::default() }
}

fn is_failed(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Failed(_)))
}

/// A sync in the hands of a test: it lets through, holds up or fails.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    /// Whether a sync waits for its verdict.
    holds: bool,
    /// Whether the next syncs succeed.
    verdicts: VecDeque<bool>,
    /// How many syncs have come this far.
    begun: usize,
}

impl Gate {
    fn options(self: &Arc<Self>) -> Options {
        let before_sync: Arc<dyn BeforeSync> = Arc::<Self>::clone(self);
        Options { before_sync: Some(before_sync), ..Options::default() }
    }

    /// Holds syncs up from here on, at the longest until the guard goes.
    #[must_use]
    fn hold(self: &Arc<Self>) -> Held {
        self.state.lock().unwrap().holds = true;
        Held(Arc::clone(self))
    }

    /// Decides about the next sync, or the one that waits.
    fn decide(&self, succeeds: bool) {
        self.state.lock().unwrap().verdicts.push_back(succeeds);
        self.changed.notify_all();
    }

    fn open(&self) {
        self.state.lock().unwrap().holds = false;
        self.changed.notify_all();
    }

    /// Waits until so many syncs have begun.
    fn wait_for(&self, begun: usize) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.begun < begun).unwrap());
    }

    fn begun(&self) -> usize {
        self.state.lock().unwrap().begun
    }
}

/// Opens the gate when a test fails half way: the store could not end otherwise.
struct Held(Arc<Gate>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open();
    }
}

impl BeforeSync for Gate {
    fn before_sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.begun += 1;
        self.changed.notify_all();
        let mut state =
            self.changed.wait_while(state, |state| state.holds && state.verdicts.is_empty()).unwrap();
        match state.verdicts.pop_front() {
            Some(false) => Err(io::Error::other("the disk is gone")),
            Some(true) | None => Ok(()),
        }
    }
}

//! Document types change from version to version; documents stay.

use std::error::Error;
use std::sync::Arc;

use concord::spec::StateSpec;
use concord::storage::{Changes, CollectionId, NewDoc, Source, Write};
use concord::{Collection, Id, Ids, Millis, Place as At, State, Tx};
use concord_store::sqlite::{Options, SqliteStore};
use concord_store::{Commit, PrepareError, Store};

use crate::{Place, commit, key, layout};

/// The first version.
#[derive(State)]
struct Old {
    #[id]
    id: Id<Old>,
    text: String,
}

/// A field more, and indexes.
#[derive(State, Debug)]
#[state(unique(text, color))]
struct New {
    #[id]
    id: Id<New>,
    #[index]
    text: String,
    #[index]
    #[serde(default)]
    stars: i64,
    color: Option<String>,
}

/// The same indexes but one, in another order.
#[derive(State, Debug)]
struct Newer {
    #[id]
    id: Id<Newer>,
    #[index]
    #[serde(default)]
    stars: i64,
    #[index]
    text: String,
}

/// A text that nobody else has.
#[derive(State)]
struct Unique {
    #[id]
    id: Id<Unique>,
    #[unique]
    text: String,
}

/// A field that older documents do not have.
#[derive(State)]
struct Strict {
    #[id]
    id: Id<Strict>,
    #[index]
    author: String,
}

struct NoIds;

impl Ids for NoIds {
    fn bits(&self) -> u128 {
        0
    }
}

async fn open(
    place: &Place,
    state: &'static StateSpec,
) -> (Arc<SqliteStore>, Result<CollectionId, PrepareError>) {
    let store = SqliteStore::open(&place.path(), Options::default()).unwrap();
    let ids = store.prepare(&[layout(state)]).wait().await;
    (Arc::new(store), ids.map(|ids| ids[0]))
}

/// A database that the first version wrote.
async fn written(docs: &[(&str, &str)]) -> Place {
    let place = Place::new();
    let (store, notes) = open(&place, Old::SPEC).await;
    let notes = notes.unwrap();
    for (id, text) in docs {
        let body = format!(r#"{{"id":"{id}","text":"{text}"}}"#);
        let after = Some(NewDoc { body: body.into(), keys: Vec::new() });
        let writes = vec![Write { key: key(notes, id), expected: None, before: Vec::new(), after }];
        let changes = Changes { writes, ..Changes::default() };
        commit(&store, Commit { changes, ..Commit::default() }).await.unwrap();
    }
    place
}

fn begin<T: State>(store: &Arc<SqliteStore>, id: CollectionId) -> (Tx, Collection<T>) {
    let mut collection = Collection::default();
    collection.bind(At { id, name: "Test.notes".into() });
    let source: Arc<dyn Source> = Arc::<SqliteStore>::clone(store);
    (Tx::new(source, Arc::new(NoIds), Millis(0), false), collection)
}

#[tokio::test]
async fn new_indexes_are_built_and_older_documents_read() {
    // More documents than are read at a time.
    let docs: Vec<(String, &str)> =
        (0..2_500).map(|n| (format!("n{n:04}"), if n == 1_700 { "rare" } else { "common" })).collect();
    let docs: Vec<(&str, &str)> = docs.iter().map(|(id, text)| (&**id, *text)).collect();
    let place = written(&docs).await;

    let (store, notes) = open(&place, New::SPEC).await;
    let notes = notes.unwrap();
    let (mut tx, collection) = begin::<New>(&store, notes);
    let found = collection.find(&tx, New::TEXT.is(&"rare".to_owned())).await.unwrap();
    assert_eq!(found[0].id.as_str(), "n1700");
    assert_eq!(collection.find(&tx, New::STARS.is(&0)).await.unwrap().len(), 2_500);
    // And they are kept: a document that moves leaves its old place.
    let moved = New { stars: 5, text: "rarer".into(), ..found.into_iter().next().unwrap() };
    collection.put(&mut tx, &moved).await.unwrap();
    let changes = tx.finish().unwrap();
    commit(&store, Commit { changes, ..Commit::default() }).await.unwrap();
    drop(collection);
    drop(store);

    let (store, notes) = open(&place, Newer::SPEC).await;
    let (tx, collection) = begin::<Newer>(&store, notes.unwrap());
    assert!(collection.find(&tx, Newer::TEXT.is(&"rare".to_owned())).await.unwrap().is_empty());
    let found = collection.find(&tx, Newer::STARS.within(1..)).await.unwrap();
    assert_eq!(found[0].text, "rarer");
    drop(tx);
    drop(store);
    let db = rusqlite::Connection::open(place.path()).unwrap();
    let count = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM indexes"), 2, "the one that is gone is dropped");
    assert_eq!(count("SELECT count(*) FROM entries"), 5_000);
}

#[tokio::test]
async fn a_document_that_cannot_be_indexed_is_named() {
    let place = written(&[("a", "hello")]).await;
    let (_, notes) = open(&place, Strict::SPEC).await;
    let error = notes.unwrap_err();
    assert_eq!(error.to_string(), r#"document "a" of Test.notes cannot be read"#);
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("author"), "{cause}");
    let (_, again) = open(&place, Old::SPEC).await;
    again.unwrap();
}

#[tokio::test]
async fn a_constraint_that_is_broken_already_names_who_breaks_it() {
    let place = written(&[("a", "same"), ("b", "other"), ("c", "same")]).await;
    let (_, notes) = open(&place, Unique::SPEC).await;
    let error = notes.unwrap_err().to_string();
    assert_eq!(error, r#"documents "a" and "c" of Test.notes have the same text, which must be unique"#);
    // A null anywhere in the key makes it nobody's.
    let (_, notes) = open(&place, New::SPEC).await;
    notes.unwrap();
}

/// The tables of version 1, with two documents, and two records of one flow and one of another.
const FIRST: &str = "
CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE indexes (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, name TEXT NOT NULL,
    is_unique INTEGER NOT NULL, UNIQUE (collection, name));
CREATE TABLE documents (collection INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (collection, id)) WITHOUT ROWID;
CREATE TABLE entries (\"index\" INTEGER NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (\"index\", key, id)) WITHOUT ROWID;
CREATE TABLE journal (flow BLOB NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (flow, n)) WITHOUT ROWID;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, sequence INTEGER NOT NULL,
    journal_bytes INTEGER NOT NULL);
INSERT INTO state VALUES (1, 1, 9, 12);
INSERT INTO collections VALUES (1, 'Test.notes');
INSERT INTO indexes VALUES (1, 1, 'stars', 0), (2, 1, 'text', 0);
INSERT INTO documents VALUES (1, 'b', 7, '{\"id\":\"b\",\"stars\":5,\"text\":\"bye\"}');
INSERT INTO documents VALUES (1, 'a', 8, '{\"id\":\"a\",\"stars\":5,\"text\":\"hi\"}');
INSERT INTO entries VALUES (1, x'028000000000000005', 'a'), (1, x'028000000000000005', 'b'), (2, x'0368690000', 'a'), (2, x'036279650000', 'b');
INSERT INTO journal VALUES (x'00000000000500000000000000000000', 1, '{\"n\":1}');
INSERT INTO journal VALUES (x'00000000000500000000000000000000', 2, '{\"n\":2}');
INSERT INTO journal VALUES (x'00000000000500000000000000000001', 3, '{\"n\":3}');
";

#[tokio::test]
async fn a_database_of_the_first_version_keeps_its_documents_and_journal_and_learns_of_open_flows() {
    let place = Place::new();
    rusqlite::Connection::open(place.path()).unwrap().execute_batch(FIRST).unwrap();
    for _ in 0..2 {
        let (store, notes) = open(&place, Newer::SPEC).await;
        let (tx, collection) = begin::<Newer>(&store, notes.unwrap());
        let found = async |query| -> Vec<String> {
            let found = collection.find(&tx, query).await.unwrap();
            found.into_iter().map(|note| note.text).collect()
        };
        assert_eq!(found(Newer::STARS.is(&5)).await, ["hi", "bye"]);
        assert_eq!(found(Newer::TEXT.is(&"bye".to_owned())).await, ["bye"]);
        let flow = 5_u128 << 80;
        assert_eq!(store.journal(flow).wait().await.unwrap(), [r#"{"n":1}"#, r#"{"n":2}"#]);
        assert_eq!(store.journal(flow + 1).wait().await.unwrap(), [r#"{"n":3}"#]);
        assert!(store.open_flows().wait().await.unwrap().is_empty());
    }
}

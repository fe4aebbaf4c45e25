//! A copy is of one moment, whole, and never in anybody's way.

use std::thread;

use concord_store::Store;
use concord_store::sqlite::{BackupError, Options, SqliteStore, backup};
use rusqlite::Connection;

use crate::{Place, commit, get, insert, layout};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_busy_database_is_one_moment_of_it() {
    let place = Place::new();
    let (store, notes) = place.open().await;
    for n in 0..200 {
        commit(&store, insert(notes, &format!("n{n:05}"))).await.unwrap();
    }
    let (from, to) = (place.path(), place.folder.path().join("copy.db"));
    let copying = thread::spawn({
        let to = to.clone();
        move || backup(&from, &to)
    });
    let mut written = 200;
    while !copying.is_finished() || written == 200 {
        commit(&store, insert(notes, &format!("n{written:05}"))).await.unwrap();
        written += 1;
    }
    copying.join().unwrap().unwrap();

    let ids = checked_ids(&Connection::open(&to).unwrap());
    assert!(ids.len() >= 200 && ids.len() <= written);
    assert_eq!(
        ids,
        (0..ids.len()).map(|n| format!("n{n:05}")).collect::<Vec<_>>(),
        "the first commits, all of them"
    );

    let restored = SqliteStore::open(&to, Options::default()).unwrap();
    let numbers = restored.prepare(&[layout(<crate::Note as concord::State>::SPEC)]).wait().await.unwrap();
    assert!(get(&restored, numbers[0], "n00199").await.is_some());
    let names: Vec<_> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
}

/// The ids in a database that is not damaged.
fn checked_ids(db: &Connection) -> Vec<String> {
    let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let mut ids = db.prepare("SELECT id FROM documents ORDER BY id").unwrap();
    ids.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_copy_replaces_nothing_and_needs_something_to_copy() {
    let place = Place::new();
    let to = place.folder.path().join("copy.db");
    assert!(matches!(backup(&place.path(), &to), Err(BackupError::Missing(_))));
    drop(place.open().await);
    std::fs::write(&to, "precious").unwrap();
    assert!(matches!(backup(&place.path(), &to), Err(BackupError::Exists(_))));
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "precious");

    // What a copy that was cut off left behind is in nobody's way.
    let other = place.folder.path().join("other.db");
    std::fs::write(place.folder.path().join("other.db.part"), "half").unwrap();
    backup(&place.path(), &other).unwrap();
    assert!(Connection::open(&other).unwrap().execute_batch("SELECT * FROM documents").is_ok());
}

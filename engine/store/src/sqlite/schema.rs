//! The tables, and the connections to them.
//!
//! Documents and journal are JSON text, so that a person with a SQLite shell can read what is there. Index entries are
//! bytes that sort as their values do. All collections share the tables: the number of a collection is the first part of
//! each key.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

use super::journal;

/// The version of the tables below. A later version of this file brings older ones up to date.
pub(super) const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE indexes (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_unique INTEGER NOT NULL,
    UNIQUE (collection, name)
);
CREATE TABLE entries (
    \"index\" INTEGER NOT NULL,
    key BLOB NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (\"index\", key, id)
) WITHOUT ROWID;
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    journal_bytes INTEGER NOT NULL
);
INSERT INTO state VALUES (1, 3, 0, 0);
";

/// Documents lie in the order in which they came, so that those of one time share pages: by id they would lie anywhere.
const DOCUMENTS: &str = "
CREATE TABLE documents (
    n INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
);
";

/// What commits wrote that is not in the tables yet, as [`log`](super::log) says it: a row for each batch, with what the
/// database counted after it.
const LOG: &str = "
CREATE TABLE log (
    n INTEGER PRIMARY KEY,
    journal_bytes INTEGER NOT NULL,
    body BLOB NOT NULL
);
";

/// What flows that are not done need in order to go on.
const FLOWS: &str = "
CREATE TABLE flows (
    flow BLOB NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (flow, n)
) WITHOUT ROWID;
";

/// Its columns are what [`journal`] says: the youngest and the oldest flow of a row, and the bytes of its records alone.
const JOURNAL: &str = "
CREATE TABLE journal (
    last BLOB NOT NULL,
    n INTEGER NOT NULL,
    first BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (last, n)
) WITHOUT ROWID;
";

/// The one connection that writes. Makes the tables if they are not there.
pub(super) fn writer(path: &Path, max_pages: Option<&AtomicU32>) -> Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    sync(&db, true)?;
    db.pragma_update(None, "cache_size", -2_048)?; // kibibytes: what is settled is met in order
    db.pragma_update(None, "wal_autocheckpoint", 0)?; // the writer does that, when nobody waits
    db.pragma_update(None, "journal_size_limit", 64 << 20)?; // bytes
    if let Some(pages) = max_pages {
        db.pragma_update(None, "max_page_count", pages.load(Ordering::Relaxed))?;
    }
    keep_plans(&db)?;
    db.set_prepared_statement_cache_capacity(64);
    let found: bool =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'state'", [], |row| row.get(0))?;
    if !found {
        db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} {DOCUMENTS} {LOG} {FLOWS} {JOURNAL} COMMIT;"))?;
    }
    Ok(db)
}

/// A statement is planned once and not again whenever what is bound to it differs: there are no statistics that would tell
/// a better plan.
fn keep_plans(db: &Connection) -> Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Whether the commits that follow are on disk when they return, or only once a later one is.
pub(super) fn sync(db: &Connection, each: bool) -> Result<()> {
    db.execute_batch(if each { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })
}

/// The version of the tables that are there, after those of a version before have been brought up to date.
pub(super) fn upgraded(db: &Connection) -> Result<i64> {
    let found = db.query_row("SELECT schema FROM state", [], |row| row.get(0))?;
    if !matches!(found, 1 | 2) {
        return Ok(found);
    }
    // Until it is committed the database is what it was.
    let upgrade = db.unchecked_transaction()?;
    if found == 1 {
        upgrade.execute_batch(&format!("ALTER TABLE journal RENAME TO records; {FLOWS} {JOURNAL}"))?;
        journal::repack(&upgrade)?;
        upgrade.execute_batch("DROP TABLE records")?;
    }
    upgrade.execute_batch(&format!(
        "ALTER TABLE documents RENAME TO by_id; {DOCUMENTS} {LOG}
         INSERT INTO documents (collection, id, version, body)
             SELECT collection, id, version, body FROM by_id ORDER BY collection, id;
         DROP TABLE by_id;
         UPDATE state SET schema = {VERSION};"
    ))?;
    upgrade.commit()?;
    Ok(VERSION)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "cache_size", -1_024)?; // kibibytes
    keep_plans(&db)?;
    db.set_prepared_statement_cache_capacity(16);
    Ok(db)
}

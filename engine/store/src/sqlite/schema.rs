//! The tables, and the connections to them.
//!
//! Documents and journal are JSON text, so that a person with a SQLite shell can read what is there. Index entries are
//! bytes that sort as their values do. All collections share the tables: the number of a collection is the first part of
//! each key.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result};

/// The version of the tables below. A later version of this file brings older ones up to date.
pub(super) const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_unique INTEGER NOT NULL,
    UNIQUE (collection, name)
);
CREATE TABLE IF NOT EXISTS documents (
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    \"index\" INTEGER NOT NULL,
    key BLOB NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (\"index\", key, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    flow BLOB NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (flow, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flows (
    flow BLOB NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (flow, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    journal_bytes INTEGER NOT NULL
);
INSERT OR IGNORE INTO state VALUES (1, 2, 0, 0);
";

/// The one connection that writes. Makes the tables if they are not there.
pub(super) fn writer(path: &Path, max_pages: Option<u32>) -> Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -8_192)?; // kibibytes
    db.pragma_update(None, "wal_autocheckpoint", 0)?; // the writer does that, when nobody waits
    db.pragma_update(None, "journal_size_limit", 64 << 20)?; // bytes
    if let Some(pages) = max_pages {
        db.pragma_update(None, "max_page_count", pages)?;
    }
    db.set_prepared_statement_cache_capacity(64);
    let found: bool =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'state'", [], |row| row.get(0))?;
    if !found {
        db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT;"))?;
    } else if version(&db)? == 1 {
        // Version 1 knew no flows that were not done.
        db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} UPDATE state SET schema = 2; COMMIT;"))?;
    }
    Ok(db)
}

/// The version of the tables that are there.
pub(super) fn version(db: &Connection) -> Result<i64> {
    db.query_row("SELECT schema FROM state", [], |row| row.get(0))
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "cache_size", -1_024)?; // kibibytes
    db.set_prepared_statement_cache_capacity(16);
    Ok(db)
}

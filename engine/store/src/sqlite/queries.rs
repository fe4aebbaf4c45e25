//! The statements that read, for snapshots and for the writer's checks alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use concord::storage::{Changes, CollectionId, DocKey, Lookup, Scan, Stored, Version};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Result, Row, Rows, ToSql, params};

use crate::store::{Contended, OpenFlow};

/// Which row of `indexes` each index of a collection has, in the order of the document type.
pub(super) type Catalog = BTreeMap<CollectionId, Vec<i64>>;

/// JSON text as SQLite takes it: as text, without a copy.
pub(super) struct Text<'a>(pub(super) &'a Bytes);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

/// Versions are counted up from one and fit.
pub(super) fn stored_version(version: Version) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn version(row: &Row<'_>, column: usize) -> Result<Version> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

fn body(row: &Row<'_>, column: usize) -> Result<Bytes> {
    let text = row.get_ref(column)?;
    Ok(Bytes::copy_from_slice(text.as_bytes()?))
}

fn stored(row: &Row<'_>) -> Result<Stored> {
    Ok(Stored { id: row.get::<_, Arc<str>>(0)?, version: version(row, 1)?, body: body(row, 2)? })
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn get(db: &Connection, key: &DocKey) -> Result<Option<Stored>> {
    let mut statement =
        db.prepare_cached("SELECT version, body FROM documents WHERE collection = ?1 AND id = ?2")?;
    let read = |row: &Row<'_>| {
        Ok(Stored { id: Arc::clone(&key.id), version: version(row, 0)?, body: body(row, 1)? })
    };
    statement.query_row(params![key.collection.0, &*key.id], read).optional()
}

pub(super) fn version_of(db: &Connection, key: &DocKey) -> Result<Option<Version>> {
    let mut statement =
        db.prepare_cached("SELECT version FROM documents WHERE collection = ?1 AND id = ?2")?;
    statement.query_row(params![key.collection.0, &*key.id], |row| version(row, 0)).optional()
}

pub(super) fn find(db: &Connection, catalog: &Catalog, lookup: &Lookup) -> Result<Vec<Stored>> {
    let Some(index) = index(catalog, lookup) else { return Ok(Vec::new()) };
    let (from, to) = range(lookup);
    // A cross join is walked from left to right, whatever the planner thinks.
    let mut statement = db.prepare_cached(if lookup.descending {
        "SELECT d.id, d.version, d.body FROM entries e CROSS JOIN documents d ON d.collection = ?1 AND d.id = e.id
         WHERE e.\"index\" = ?2 AND e.key >= ?3 AND e.key < ?4 ORDER BY e.key DESC, e.id DESC LIMIT ?5"
    } else {
        "SELECT d.id, d.version, d.body FROM entries e CROSS JOIN documents d ON d.collection = ?1 AND d.id = e.id
         WHERE e.\"index\" = ?2 AND e.key >= ?3 AND e.key < ?4 ORDER BY e.key, e.id LIMIT ?5"
    })?;
    let rows =
        statement.query_map(params![lookup.collection.0, index, from, to, limit(lookup.limit)], stored)?;
    rows.collect()
}

/// Whether a look-up still gives these documents. Their versions are checked on their own.
fn still_finds(db: &Connection, catalog: &Catalog, lookup: &Lookup, seen: &[Arc<str>]) -> Result<bool> {
    let Some(index) = index(catalog, lookup) else { return Ok(seen.is_empty()) };
    let (from, to) = range(lookup);
    let mut statement = db.prepare_cached(if lookup.descending {
        "SELECT id FROM entries WHERE \"index\" = ?1 AND key >= ?2 AND key < ?3 ORDER BY key DESC, id DESC LIMIT ?4"
    } else {
        "SELECT id FROM entries WHERE \"index\" = ?1 AND key >= ?2 AND key < ?3 ORDER BY key, id LIMIT ?4"
    })?;
    are(statement.query(params![index, from, to, limit(lookup.limit)])?, seen)
}

fn index(catalog: &Catalog, lookup: &Lookup) -> Option<i64> {
    catalog.get(&lookup.collection)?.get(lookup.index).copied()
}

fn range(lookup: &Lookup) -> (Vec<u8>, Vec<u8>) {
    let (from, to) = lookup.range();
    (from, to.unwrap_or_else(|| vec![0xFF])) // above every key
}

/// Whether the rows are these ids, in this order.
fn are(mut rows: Rows<'_>, seen: &[Arc<str>]) -> Result<bool> {
    let mut seen = seen.iter();
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_str()?;
        if seen.next().is_none_or(|seen| **seen != *id) {
            return Ok(false);
        }
    }
    Ok(seen.next().is_none())
}

pub(super) fn scan(db: &Connection, scan: &Scan) -> Result<Vec<Stored>> {
    let mut statement = db.prepare_cached(
        "SELECT id, version, body FROM documents WHERE collection = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query_map(params![scan.collection.0, after(scan), limit(scan.limit)], stored)?;
    rows.collect()
}

fn still_scans(db: &Connection, scan: &Scan, seen: &[Arc<str>]) -> Result<bool> {
    let mut statement =
        db.prepare_cached("SELECT id FROM documents WHERE collection = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?;
    are(statement.query(params![scan.collection.0, after(scan), limit(scan.limit)])?, seen)
}

fn after(scan: &Scan) -> &str {
    scan.after.as_deref().unwrap_or_default() // no id is empty
}

/// Flows that are not done, oldest first, each with its rows.
pub(super) fn open_flows(db: &Connection) -> Result<Vec<OpenFlow>> {
    let mut select = db.prepare_cached("SELECT flow, body FROM flows ORDER BY flow, n")?;
    let mut rows = select.query([])?;
    let mut flows: Vec<OpenFlow> = Vec::new();
    while let Some(row) = rows.next()? {
        let flow = u128::from_be_bytes(row.get(0)?);
        match flows.last_mut().filter(|last| last.flow == flow) {
            Some(last) => last.rows.push(body(row, 1)?),
            None => flows.push(OpenFlow { flow, rows: vec![body(row, 1)?] }),
        }
    }
    Ok(flows)
}

/// Whether everything that a transaction read, and did not write, is still so.
pub(super) fn contended(db: &Connection, catalog: &Catalog, changes: &Changes) -> Result<Option<Contended>> {
    for (key, seen) in &changes.reads {
        if version_of(db, key)? != *seen {
            return Ok(Some(Contended::Doc(key.clone())));
        }
    }
    for (lookup, seen) in &changes.lookups {
        if !still_finds(db, catalog, lookup, seen)? {
            return Ok(Some(Contended::Range(lookup.collection)));
        }
    }
    for (walk, seen) in &changes.scans {
        if !still_scans(db, walk, seen)? {
            return Ok(Some(Contended::Range(walk.collection)));
        }
    }
    Ok(None)
}

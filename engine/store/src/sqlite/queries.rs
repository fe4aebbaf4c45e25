//! The statements that read the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use concord::storage::{CollectionId, DocKey, Lookup, Scan, Stored, Version};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Result, Row, ToSql, params};

use crate::store::OpenFlow;

/// Which row of `indexes` each index of a collection has, in the order of the document type.
pub(super) type Catalog = BTreeMap<CollectionId, Vec<i64>>;

/// JSON text as SQLite takes it: as text, without a copy.
pub(super) struct Text<'a>(pub(super) &'a [u8]);

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

/// The documents in a range of an index. A cross join is walked from left to right, whatever the planner thinks.
const ASCENDING: &str = "SELECT d.id, d.version, d.body, e.key
    FROM entries e CROSS JOIN documents d ON d.collection = ?1 AND d.id = e.id
    WHERE e.\"index\" = ?2 AND e.key >= ?3 AND e.key < ?4 ORDER BY e.key, e.id";

/// The same, the last first.
const DESCENDING: &str = "SELECT d.id, d.version, d.body, e.key
    FROM entries e CROSS JOIN documents d ON d.collection = ?1 AND d.id = e.id
    WHERE e.\"index\" = ?2 AND e.key >= ?3 AND e.key < ?4 ORDER BY e.key DESC, e.id DESC";

/// Hands over the documents in a range of the index of this number, with their keys and in its order, until `each` has enough.
pub(super) fn find(
    db: &Connection,
    index: i64,
    lookup: &Lookup,
    mut each: impl FnMut(&[u8], &str, &dyn Fn() -> Result<Stored>) -> Result<bool>,
) -> Result<()> {
    let (from, to) = lookup.range.encoded();
    let to = to.unwrap_or(&[0xFF]); // above every key
    let mut statement = db.prepare_cached(if lookup.descending { DESCENDING } else { ASCENDING })?;
    let mut rows = statement.query(params![lookup.collection.0, index, from, to])?;
    while let Some(row) = rows.next()? {
        if !each(row.get_ref(3)?.as_blob()?, row.get_ref(0)?.as_str()?, &|| stored(row))? {
            break;
        }
    }
    Ok(())
}

/// Hands over the documents of a collection in the order of their ids, until `each` has enough.
pub(super) fn scan(
    db: &Connection,
    scan: &Scan,
    mut each: impl FnMut(&str, &dyn Fn() -> Result<Stored>) -> Result<bool>,
) -> Result<()> {
    let after = scan.after.as_deref().unwrap_or_default(); // no id is empty
    let mut statement = db.prepare_cached(
        "SELECT id, version, body FROM documents WHERE collection = ?1 AND id > ?2 ORDER BY id",
    )?;
    let mut rows = statement.query(params![scan.collection.0, after])?;
    while let Some(row) = rows.next()? {
        if !each(row.get_ref(0)?.as_str()?, &|| stored(row))? {
            break;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use concord::storage::{Range, Scalar};
    use rusqlite::StatementStatus;

    use super::*;
    use crate::sqlite::schema;

    #[test]
    fn a_statement_is_planned_once_whatever_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        drop(schema::writer(&path, None).unwrap());
        let db = schema::reader(&path).unwrap();
        let collection = CollectionId(1);
        for (n, descending) in (0..20).flat_map(|n| [(n, false), (n, true)]) {
            let range = Range::new(vec![Scalar::Int(n)], Bound::Unbounded, Bound::Unbounded).into();
            let lookup = Lookup { collection, index: 0, range, descending, limit: 1 };
            find(&db, 1, &lookup, |_, _, _| Ok(true)).unwrap();
        }
        for sql in [ASCENDING, DESCENDING] {
            let statement = db.prepare_cached(sql).unwrap();
            assert_eq!(statement.get_status(StatementStatus::Run), 20);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}

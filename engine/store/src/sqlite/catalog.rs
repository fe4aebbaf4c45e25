//! Numbers for collections and indexes, and indexes that are new.
//!
//! Indexes are known by name, so a document type may list them in another order. One that is new is built here, from
//! every document there is; one that is gone is dropped.

use std::collections::HashMap;
use std::sync::Arc;

use concord::storage::{CollectionId, Scalar, StorageFault, encode, scalars};
use rusqlite::{Connection, params};

use super::queries::Catalog;
use crate::store::{Layout, PrepareError};

/// How many documents are read at a time.
const PAGE: i64 = 1_000;

fn fault(error: rusqlite::Error) -> PrepareError {
    PrepareError::Failed(StorageFault::new(error))
}

/// Makes room for the collections, in one transaction; their ids, in the order of the layouts.
pub(super) fn prepare(
    db: &mut Connection,
    catalog: &mut Catalog,
    layouts: &[Layout],
) -> Result<Vec<CollectionId>, PrepareError> {
    let transaction = db.transaction().map_err(fault)?;
    let mut ids = Vec::with_capacity(layouts.len());
    for layout in layouts {
        let collection = number(&transaction, &layout.name).map_err(fault)?;
        let indexes = indexes(&transaction, collection, layout)?;
        catalog.insert(collection, indexes);
        ids.push(collection);
    }
    transaction.commit().map_err(fault)?;
    Ok(ids)
}

fn number(db: &Connection, name: &str) -> rusqlite::Result<CollectionId> {
    db.execute("INSERT OR IGNORE INTO collections (name) VALUES (?1)", [name])?;
    db.query_row("SELECT id FROM collections WHERE name = ?1", [name], |row| row.get(0)).map(CollectionId)
}

/// The rows of the collection's indexes, in the order of the layout.
fn indexes(db: &Connection, collection: CollectionId, layout: &Layout) -> Result<Vec<i64>, PrepareError> {
    let mut known = known(db, collection).map_err(fault)?;
    let mut rows = Vec::new();
    let mut fresh: Vec<(usize, i64)> = Vec::new();
    for (place, spec) in layout.state.indexes.iter().enumerate() {
        let row = match known.remove(spec.name) {
            Some((row, was_unique)) if was_unique || !spec.unique => row,
            Some((row, _)) => {
                check_unique(db, row, layout, spec.name)?;
                row
            }
            None => {
                let row = add(db, collection, spec.name).map_err(fault)?;
                fresh.push((place, row));
                row
            }
        };
        db.execute("UPDATE indexes SET is_unique = ?2 WHERE id = ?1", params![row, spec.unique])
            .map_err(fault)?;
        rows.push(row);
    }
    for (row, _) in known.into_values() {
        db.execute("DELETE FROM entries WHERE \"index\" = ?1", [row]).map_err(fault)?;
        db.execute("DELETE FROM indexes WHERE id = ?1", [row]).map_err(fault)?;
    }
    if !fresh.is_empty() {
        build(db, collection, layout, &fresh)?;
        for (place, row) in fresh {
            let spec = &layout.state.indexes[place];
            if spec.unique {
                check_unique(db, row, layout, spec.name)?;
            }
        }
    }
    Ok(rows)
}

fn known(db: &Connection, collection: CollectionId) -> rusqlite::Result<HashMap<String, (i64, bool)>> {
    let mut statement = db.prepare("SELECT name, id, is_unique FROM indexes WHERE collection = ?1")?;
    let rows = statement.query_map([collection.0], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    rows.collect()
}

fn add(db: &Connection, collection: CollectionId, name: &str) -> rusqlite::Result<i64> {
    db.execute(
        "INSERT INTO indexes (collection, name, is_unique) VALUES (?1, ?2, 0)",
        params![collection.0, name],
    )?;
    Ok(db.last_insert_rowid())
}

/// Fills new indexes from the documents, a page at a time.
fn build(
    db: &Connection,
    collection: CollectionId,
    layout: &Layout,
    fresh: &[(usize, i64)],
) -> Result<(), PrepareError> {
    let mut after = String::new();
    loop {
        let page = page(db, collection, &after).map_err(fault)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (id, body) in page {
            let keys = (layout.state.keys)(body.as_bytes()).map_err(|cause| PrepareError::Unreadable {
                collection: Arc::clone(&layout.name),
                id: id.as_str().into(),
                cause,
            })?;
            for (place, row) in fresh {
                let Some(key) = keys.get(*place) else { continue };
                let mut insert =
                    db.prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3)").map_err(fault)?;
                insert.execute(params![row, key, id]).map_err(fault)?;
            }
        }
    }
}

fn page(db: &Connection, collection: CollectionId, after: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = db.prepare_cached(
        "SELECT id, body FROM documents WHERE collection = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows =
        statement.query_map(params![collection.0, after, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// An index that must be unique from now on must be so already. Keys with a null in them count as different.
fn check_unique(db: &Connection, row: i64, layout: &Layout, index: &'static str) -> Result<(), PrepareError> {
    let sql = "SELECT key, id FROM entries WHERE \"index\" = ?1 ORDER BY key, id";
    let mut entries = db.prepare(sql).map_err(fault)?;
    let mut rows = entries.query([row]).map_err(fault)?;
    let mut before: Option<(Vec<u8>, Arc<str>)> = None;
    while let Some(row) = rows.next().map_err(fault)? {
        let (key, id): (Vec<u8>, Arc<str>) = (row.get(0).map_err(fault)?, row.get(1).map_err(fault)?);
        match before {
            Some((other, first)) if other == key && !has_null(&key) => {
                let collection = Arc::clone(&layout.name);
                return Err(PrepareError::NotUnique { collection, index, first, second: id });
            }
            _ => before = Some((key, id)),
        }
    }
    Ok(())
}

/// Whether one of the values in a key is a null.
fn has_null(key: &[u8]) -> bool {
    let null = encode(&[Scalar::Null]);
    scalars(key).any(|scalar| *scalar == *null)
}

#[cfg(test)]
mod tests {
    use concord::storage::{Scalar, encode};

    use super::has_null;

    #[test]
    fn a_null_is_told_from_zeros_in_other_values() {
        let others =
            [Scalar::Bool(false), Scalar::Int(i64::MIN), Scalar::Int(0), Scalar::Text("\0\0a".into())];
        for value in &others {
            assert!(
                !has_null(&encode(&[value.clone(), Scalar::Text("".into()), value.clone()])),
                "{value:?}"
            );
            assert!(has_null(&encode(&[value.clone(), Scalar::Null])), "{value:?}");
            assert!(has_null(&encode(&[Scalar::Null, value.clone()])), "{value:?}");
        }
    }
}

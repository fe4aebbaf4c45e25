//! Reading all that the tables have into the filter, in pieces.
//!
//! A piece is a read of its own, between commits, so the pieces are not of one moment. They need not be: what comes into
//! the tables meanwhile is added to the filter on its way in, and what goes does no harm there.

use concord::storage::CollectionId;
use rusqlite::{Connection, Result, params};

use super::filter::Filter;

/// How far it is.
pub(super) enum Sweep {
    /// Documents up to this one are in the filter.
    Documents(CollectionId, String),
    /// All documents, and entries up to this one.
    Entries(i64, Vec<u8>, String),
    /// Everything.
    Done,
}

impl Sweep {
    /// Before everything.
    pub(super) fn new() -> Self {
        Self::Documents(CollectionId(0), String::new())
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Adds so many documents or entries.
    pub(super) fn advance(&mut self, db: &Connection, filter: &Filter, many: usize) -> Result<()> {
        let many = i64::try_from(many).unwrap_or(i64::MAX);
        let next = match self {
            Self::Documents(collection, id) => documents(db, filter, (*collection, id), many)?,
            Self::Entries(index, key, id) => entries(db, filter, (*index, key, id), many)?,
            Self::Done => Self::Done,
        };
        if next.is_done() && !self.is_done() {
            filter.complete();
        }
        *self = next;
        Ok(())
    }
}

fn documents(db: &Connection, filter: &Filter, after: (CollectionId, &str), many: i64) -> Result<Sweep> {
    let mut select = db.prepare_cached(
        "SELECT collection, id FROM documents WHERE (collection, id) > (?1, ?2) ORDER BY collection, id LIMIT ?3",
    )?;
    let mut rows = select.query(params![after.0.0, after.1, many])?;
    let mut next = Sweep::Entries(0, Vec::new(), String::new()); // no index has the number nought
    while let Some(row) = rows.next()? {
        let (collection, id): (_, String) = (CollectionId(row.get(0)?), row.get(1)?);
        filter.add_document(collection, &id);
        next = Sweep::Documents(collection, id);
    }
    Ok(next)
}

fn entries(db: &Connection, filter: &Filter, after: (i64, &[u8], &str), many: i64) -> Result<Sweep> {
    let mut select = db.prepare_cached(
        "SELECT \"index\", key, id FROM entries WHERE (\"index\", key, id) > (?1, ?2, ?3)
         ORDER BY \"index\", key, id LIMIT ?4",
    )?;
    let mut rows = select.query(params![after.0, after.1, after.2, many])?;
    let mut next = Sweep::Done;
    while let Some(row) = rows.next()? {
        let (index, key): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        filter.add_entry(index, &key);
        next = Sweep::Entries(index, key, row.get(2)?);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use bytes::Bytes;
    use concord::storage::{DocKey, Lookup, Range, Scalar, encode};

    use super::*;
    use crate::sqlite::{rows, schema};

    const ROOMS: CollectionId = CollectionId(3);

    fn lookup(user: i64) -> Lookup {
        let range = Range::new(vec![Scalar::Int(user)], Bound::Unbounded, Bound::Unbounded).into();
        Lookup { collection: ROOMS, index: 0, range, descending: false, limit: 1 }
    }

    #[test]
    fn what_the_tables_have_may_be_there_and_the_rest_is_not_once_all_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let db = schema::writer(&folder.path().join("test.db"), None).unwrap();
        for n in 0..7 {
            let key = DocKey { collection: ROOMS, id: n.to_string().into() };
            rows::put_document(&db, &key, 1, &Bytes::from("{}")).unwrap();
            rows::put_entry(&db, 5, &encode(&[Scalar::Int(n), Scalar::Null]), &key.id).unwrap();
        }
        let filter = Filter::default();
        filter.begin(0);
        let mut sweep = Sweep::new();
        while !sweep.is_done() {
            assert!(!filter.lacks_document(ROOMS, "8") && !filter.lacks(5, &lookup(8)));
            sweep.advance(&db, &filter, 2).unwrap();
        }
        for n in 0..7 {
            assert!(!filter.lacks_document(ROOMS, &n.to_string()) && !filter.lacks(5, &lookup(n)));
        }
        assert!(filter.lacks_document(ROOMS, "8") && filter.lacks(5, &lookup(8)));
    }
}

//! The log: what commits wrote and the tables do not have yet, a row for each batch.
//!
//! Nobody reads it but a start after a crash, and a writer that does not know how its last commit ended. So it is not
//! text, unlike documents, and the few shapes in it are written by hand: bytes as they are, behind their length. A row
//! names the index entries that it replaces, so rows can be applied again, to tables that have some of it already.

use bytes::{Buf, BufMut, Bytes};
use concord::storage::{CollectionId, DocKey, NewDoc, Version, Write};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::batch::Counters;
use super::queries::{Catalog, stored_version};
use super::rows;

/// Keys with the numbers of their indexes.
type Keys = Vec<(i64, Box<[u8]>)>;

/// A write as the log has it.
pub(super) struct Entry {
    pub(super) version: Version,
    key: DocKey,
    before: Keys,
    after: Option<(Bytes, Keys)>,
}

/// Adds a write to the text of a row.
pub(super) fn note(row: &mut Vec<u8>, write: &Write, version: Version, indexes: &[i64]) {
    row.put_u32(write.key.collection.0);
    row.put_u64(version);
    put_bytes(row, write.key.id.as_bytes());
    put_keys(row, indexes, &write.before);
    match &write.after {
        None => row.put_u8(0),
        Some(NewDoc { body, keys }) => {
            row.put_u8(1);
            put_bytes(row, body);
            put_keys(row, indexes, keys);
        }
    }
}

fn put_bytes(row: &mut Vec<u8>, bytes: &[u8]) {
    row.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)); // SQLite takes no row that long
    row.put_slice(bytes);
}

fn put_keys(row: &mut Vec<u8>, indexes: &[i64], keys: &[Box<[u8]>]) {
    let keys: &[Box<[u8]>] = keys.get(..indexes.len()).unwrap_or(keys);
    row.put_u32(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    for (index, key) in indexes.iter().zip(keys) {
        row.put_i64(*index);
        put_bytes(row, key);
    }
}

/// The writes in a row; none if it is damaged.
fn entries(mut row: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !row.is_empty() {
        entries.push(entry(&mut row)?);
    }
    Some(entries)
}

fn entry(row: &mut &[u8]) -> Option<Entry> {
    let collection = CollectionId(row.try_get_u32().ok()?);
    let version = row.try_get_u64().ok()?;
    let id = std::str::from_utf8(bytes(row)?).ok()?.into();
    let before = keys(row)?;
    let after = match row.try_get_u8().ok()? {
        0 => None,
        _ => Some((Bytes::copy_from_slice(bytes(row)?), keys(row)?)),
    };
    Some(Entry { version, key: DocKey { collection, id }, before, after })
}

fn bytes<'a>(row: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = row.try_get_u32().ok()?;
    let (bytes, rest) = row.split_at_checked(usize::try_from(length).ok()?)?;
    *row = rest;
    Some(bytes)
}

fn keys(row: &mut &[u8]) -> Option<Keys> {
    let count = row.try_get_u32().ok()?;
    (0..count).map(|_| Some((row.try_get_i64().ok()?, bytes(row)?.into()))).collect()
}

impl Entry {
    /// The write again, for a collection with these indexes.
    pub(super) fn into_write(self, catalog: &Catalog) -> Write {
        let indexes = catalog.get(&self.key.collection).map_or(&[][..], Vec::as_slice);
        let placed = |mut keys: Keys| {
            keys.sort_by_key(|(index, _)| indexes.iter().position(|known| known == index));
            keys.into_iter().map(|(_, key)| key).collect()
        };
        let after = self.after.map(|(body, keys)| NewDoc { body, keys: placed(keys) });
        Write { key: self.key, expected: None, before: placed(self.before), after }
    }

    /// Brings the tables up to date with it.
    fn apply(&self, db: &Connection) -> Result<()> {
        let DocKey { collection, id } = &self.key;
        let keys = self.after.as_ref().map_or(&[][..], |(_, keys)| keys);
        match &self.after {
            Some((body, _)) => rows::put_document(db, &self.key, self.version, body)?,
            None => rows::drop_document(db, *collection, id)?,
        }
        for (index, key) in self.before.iter().filter(|entry| !keys.contains(entry)) {
            rows::drop_entry(db, *index, key, id)?;
        }
        for (index, key) in keys {
            rows::put_entry(db, *index, key, id)?;
        }
        Ok(())
    }
}

/// Adds a row, with what the database counts from then on.
pub(super) fn append(db: &Connection, counters: Counters, row: &[u8]) -> Result<()> {
    let Counters { sequence, journal_bytes } = counters;
    let mut insert = db.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3)")?;
    insert.execute(params![stored_version(sequence), stored_version(journal_bytes), row])?;
    Ok(())
}

/// What the database counts: the log knows better than the state that is written when the log has been settled.
pub(super) fn counters(db: &Connection) -> Result<Counters> {
    let mut newest = db.prepare_cached(
        "SELECT n, journal_bytes FROM (SELECT n, journal_bytes FROM log ORDER BY n DESC LIMIT 1)
         UNION ALL SELECT sequence, journal_bytes FROM state LIMIT 1",
    )?;
    newest.query_row([], |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(Counters { sequence: number(0)?, journal_bytes: number(1)? })
    })
}

/// The row that follows this one, with what it says.
pub(super) fn next(db: &Connection, version: Version) -> Result<Option<(Version, Vec<Entry>)>> {
    let mut row = db.prepare_cached("SELECT n, body FROM log WHERE n > ?1 ORDER BY n LIMIT 1")?;
    let read = |row: &Row<'_>| {
        let n = row.get::<_, i64>(0)?;
        let damaged = rusqlite::Error::IntegralValueOutOfRange(1, n);
        Ok((n.unsigned_abs(), entries(row.get_ref(1)?.as_bytes()?).ok_or(damaged)?))
    };
    row.query_row([stored_version(version)], read).optional()
}

/// Drops the oldest rows up to this one, so many at most. How many. The counters go where a start finds them when the log
/// is empty.
pub(super) fn drop_rows(db: &Connection, to: Version, most: usize, counters: Counters) -> Result<usize> {
    let mut delete = db
        .prepare_cached("DELETE FROM log WHERE n IN (SELECT n FROM log WHERE n <= ?1 ORDER BY n LIMIT ?2)")?;
    let dropped = delete.execute(params![stored_version(to), i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut update = db.prepare_cached("UPDATE state SET sequence = ?1, journal_bytes = ?2")?;
    update.execute([stored_version(counters.sequence), stored_version(counters.journal_bytes)])?;
    Ok(dropped)
}

/// Brings the tables of a database that nobody uses up to date, and empties its log.
pub(super) fn settle(db: &Connection) -> Result<()> {
    let counters = counters(db)?;
    let transaction = db.unchecked_transaction()?;
    let mut last = 0;
    while let Some((n, entries)) = next(db, last)? {
        for entry in &entries {
            entry.apply(db)?;
        }
        last = n;
    }
    if last > 0 {
        drop_rows(db, last, usize::MAX, counters)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Strategy<Value = Vec<Box<[u8]>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9).prop_map(Into::into), 0..3)
    }

    prop_compose! {
        fn write()(
            collection in any::<u32>(),
            id in ".{1,9}",
            before in keys(),
            after in prop::option::of((prop::collection::vec(any::<u8>(), 0..40), keys())),
        ) -> Write {
            let after = after.map(|(body, keys)| NewDoc { body: body.into(), keys });
            Write { key: DocKey { collection: CollectionId(collection), id: id.into() }, expected: None, before, after }
        }
    }

    proptest! {
        #[test]
        fn a_row_says_what_was_noted(writes in prop::collection::vec(write(), 0..9), version: u64) {
            let mut row = Vec::new();
            for write in &writes {
                note(&mut row, write, version, &[7, 5, 9]);
            }
            let read = entries(&row).ok_or_else(|| TestCaseError::fail("damaged"))?;
            let catalog: Catalog =
                writes.iter().map(|write| (write.key.collection, vec![7, 5, 9])).collect();
            let again: Vec<Write> = read.into_iter().map(|entry| entry.into_write(&catalog)).collect();
            prop_assert_eq!(format!("{again:?}"), format!("{writes:?}"));
        }

        #[test]
        fn a_row_that_is_damaged_says_so_or_something_else(row in prop::collection::vec(any::<u8>(), 0..99)) {
            drop(entries(&row));
        }
    }
}

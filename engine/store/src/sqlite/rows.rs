//! The statements that write documents and index entries. Each can be repeated.

use bytes::Bytes;
use concord::storage::{CollectionId, DocKey, Version};
use rusqlite::{Connection, Result, params};

use super::queries::{Text, stored_version};

pub(super) fn put_document(db: &Connection, key: &DocKey, version: Version, body: &Bytes) -> Result<()> {
    let mut put = db.prepare_cached(
        "INSERT INTO documents (collection, id, version, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (collection, id) DO UPDATE SET version = excluded.version, body = excluded.body",
    )?;
    put.execute(params![key.collection.0, &*key.id, stored_version(version), Text(body)])?;
    Ok(())
}

pub(super) fn drop_document(db: &Connection, collection: CollectionId, id: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM documents WHERE collection = ?1 AND id = ?2")?
        .execute(params![collection.0, id])?;
    Ok(())
}

pub(super) fn put_entry(db: &Connection, index: i64, key: &[u8], id: &str) -> Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO entries VALUES (?1, ?2, ?3)")?
        .execute(params![index, key, id])?;
    Ok(())
}

pub(super) fn drop_entry(db: &Connection, index: i64, key: &[u8], id: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM entries WHERE \"index\" = ?1 AND key = ?2 AND id = ?3")?
        .execute(params![index, key, id])?;
    Ok(())
}

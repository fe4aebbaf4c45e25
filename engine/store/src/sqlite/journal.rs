//! The journal: one row for all the records of a batch.
//!
//! A row for each record would cost as much as the document that the record is about; one row for many is a few pages
//! at the end of the tree. It is text: for each record its flow and length on a line, then its body. A row is found by
//! the youngest flow in it, and holds none that is older by more than [`SPAN`], so a look-up reads few rows. The price is
//! that whole rows are dropped, not records.

use bytes::Bytes;
use rusqlite::{Connection, Result, params};

use super::queries::{Text, stored_version};
use crate::store::{Record, Retention};

/// How far apart the flows of a row may be: a second. Records of slower flows get a row of their own.
const SPAN: u128 = 1_000 << 80;

/// Bytes that are dropped at the start at most, so that a start does not take long. Commits drop the rest.
const PRUNED: u64 = 16 << 20;

/// Bytes that a batch may drop in any case.
const TRIMMED: u64 = 16 << 10;

/// Adds the records of a batch, in order; `sequence` is counted up for each row. How many bytes they have.
pub(super) fn add(db: &Connection, mut records: Vec<Record>, sequence: &mut u64) -> Result<u64> {
    let mut added = 0;
    while let Some(youngest) = records.iter().map(|record| record.flow).max() {
        let oldest = youngest.saturating_sub(SPAN);
        let row: Vec<Record> = records.extract_if(.., |record| record.flow >= oldest).collect();
        *sequence += 1;
        added += insert(db, &row, youngest, *sequence)?;
    }
    Ok(added)
}

fn insert(db: &Connection, row: &[Record], youngest: u128, n: u64) -> Result<u64> {
    let oldest = row.iter().map(|record| record.flow).min().unwrap_or(youngest);
    let bytes: u64 = row.iter().map(|record| record.body.len() as u64).sum();
    let mut insert = db.prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (last, first) = (youngest.to_be_bytes(), oldest.to_be_bytes());
    insert.execute(params![last, stored_version(n), first, stored_version(bytes), Text(&pack(row))])?;
    Ok(bytes)
}

fn pack(row: &[Record]) -> Vec<u8> {
    let mut text = Vec::with_capacity(row.iter().map(|record| record.body.len() + 48).sum());
    for Record { flow, body } in row {
        text.extend_from_slice(format!("{flow:032x} {}\n", body.len()).as_bytes());
        text.extend_from_slice(body);
        text.push(b'\n');
    }
    text
}

/// The flows and bodies in a row. What is damaged ends it.
fn unpack(mut text: &str) -> impl Iterator<Item = (u128, &str)> {
    std::iter::from_fn(move || {
        let (head, rest) = text.split_once('\n')?;
        let (flow, length) = head.split_once(' ')?;
        let (body, rest) = rest.split_at_checked(length.parse().ok()?)?;
        text = rest.strip_prefix('\n')?;
        Some((u128::from_str_radix(flow, 16).ok()?, body))
    })
}

/// The records of one flow, oldest first.
pub(super) fn of(db: &Connection, flow: u128) -> Result<Vec<Bytes>> {
    let mut rows = db.prepare_cached(
        "SELECT body FROM journal WHERE last >= ?1 AND last <= ?2 AND first <= ?1 ORDER BY n",
    )?;
    let mut rows = rows.query(params![flow.to_be_bytes(), flow.saturating_add(SPAN).to_be_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let records = unpack(row.get_ref(0)?.as_str()?).filter(|(of, _)| *of == flow);
        found.extend(records.map(|(_, body)| Bytes::copy_from_slice(body.as_bytes())));
    }
    Ok(found)
}

/// The youngest flows, youngest first.
pub(super) fn recent_flows(db: &Connection, limit: usize) -> Result<Vec<u128>> {
    let mut rows = db.prepare_cached("SELECT last, body FROM journal ORDER BY last DESC")?;
    let mut rows = rows.query([])?;
    let mut flows = std::collections::BTreeSet::new();
    while let Some(row) = rows.next()? {
        let last = u128::from_be_bytes(row.get(0)?);
        // Those that follow are no younger.
        if flows.len() >= limit && flows.first().is_none_or(|least| *least >= last) {
            break;
        }
        flows.extend(unpack(row.get_ref(1)?.as_str()?).map(|(flow, _)| flow));
        while flows.len() > limit {
            flows.pop_first();
        }
    }
    Ok(flows.into_iter().rev().collect())
}

/// Drops rows that are too old or too many: up to twice as many bytes as were added, so that the journal comes back
/// within its bounds without ever holding up a batch for long. Age is measured from `youngest`. How many bytes went.
pub(super) fn trim(
    db: &Connection,
    retention: &Retention,
    youngest: u128,
    bytes: u64,
    added: u64,
) -> Result<u64> {
    drop_rows(db, retention, youngest, bytes, added.saturating_mul(2).max(TRIMMED))
}

fn drop_rows(db: &Connection, retention: &Retention, youngest: u128, bytes: u64, enough: u64) -> Result<u64> {
    let now = concord::Millis(i64::try_from(youngest >> 80).unwrap_or(i64::MAX));
    let oldest = retention.oldest_flow(now).to_be_bytes();
    let mut first = db.prepare_cached("SELECT last, n, bytes FROM journal ORDER BY last, n")?;
    let mut gone: Vec<([u8; 16], i64)> = Vec::new();
    let mut dropped = 0;
    let mut rows = first.query([])?;
    while dropped < enough
        && let Some(row) = rows.next()?
    {
        let (last, n, length): ([u8; 16], i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if last >= oldest && bytes.saturating_sub(dropped) <= retention.bytes {
            break;
        }
        dropped += length.unsigned_abs();
        gone.push((last, n));
    }
    drop(rows);
    let mut delete = db.prepare_cached("DELETE FROM journal WHERE last = ?1 AND n = ?2")?;
    for (last, n) in &gone {
        delete.execute(params![last, n])?;
    }
    Ok(dropped)
}

/// Brings the journal within its bounds when a database is opened: they may be narrower than they were.
pub(super) fn prune(db: &Connection, retention: &Retention) -> Result<()> {
    let youngest: Option<[u8; 16]> = db.query_row("SELECT max(last) FROM journal", [], |row| row.get(0))?;
    let Some(youngest) = youngest.map(u128::from_be_bytes) else { return Ok(()) };
    let bytes: i64 = db.query_row("SELECT journal_bytes FROM state", [], |row| row.get(0))?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    let dropped = drop_rows(db, retention, youngest, bytes.unsigned_abs(), PRUNED)?;
    if dropped == 0 {
        return db.execute_batch("ROLLBACK");
    }
    db.execute("UPDATE state SET journal_bytes = journal_bytes - ?1", [stored_version(dropped)])?;
    db.execute_batch("COMMIT")
}

/// Packs a journal that has a row for each record, as the first version of the tables had it: `from` becomes `journal`.
pub(super) fn repack(db: &Connection) -> Result<()> {
    const ROW: usize = 256;
    let mut records = db.prepare("SELECT flow, n, body FROM records ORDER BY flow, n")?;
    let mut records = records.query([])?;
    let (mut row, mut last_n): (Vec<Record>, u64) = (Vec::new(), 0);
    while let Some(record) = records.next()? {
        let flow = u128::from_be_bytes(record.get(0)?);
        let body = Bytes::copy_from_slice(record.get_ref(2)?.as_bytes()?);
        let is_full = row.len() >= ROW || row.first().is_some_and(|first| flow - first.flow > SPAN);
        if let Some(last) = row.last()
            && is_full
            && last.flow != flow
        {
            // The records of a flow stay together, so their order is kept.
            insert(db, &row, last.flow, last_n)?;
            row.clear();
        }
        last_n = record.get::<_, i64>(1)?.unsigned_abs();
        row.push(Record { flow, body });
    }
    if let Some(last) = row.last() {
        insert(db, &row, last.flow, last_n)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_whatever_it_holds() {
        let bodies = ["{}", "", "two\nlines\n", "ünï"];
        let row: Vec<Record> =
            (0..).zip(bodies).map(|(n, body)| Record { flow: n, body: body.into() }).collect();
        let text = String::from_utf8(pack(&row)).unwrap();
        assert!(unpack(&text).eq((0..).zip(bodies)));
    }
}

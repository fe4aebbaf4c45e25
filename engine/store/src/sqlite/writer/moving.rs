//! What the writer does between batches: it moves on what was committed.
//!
//! Into the tables go as many pieces as keep up with what comes, and from the write-ahead log into the database what has
//! gathered there. After a start, what the tables have is swept into the filter. None of it holds a commit up for longer
//! than a piece takes, but a checkpoint.

use rusqlite::{Connection, Row};

use super::Writer;
use crate::sqlite::schema;
use crate::sqlite::settle::{Settling, Sorting, Stage};
use crate::sqlite::sweep::Sweep;

/// Pages of SQLite's write-ahead log that are worth a checkpoint: about 8 MB.
pub(super) const CHECKPOINT: i64 = 2_000;

/// Documents or entries that are swept in one piece.
const SWEPT: usize = 512;

impl Writer {
    /// Whether there is nothing to do until somebody asks for something.
    pub(super) fn is_through(&self) -> bool {
        self.is_settled() && self.spent.is_none() && self.sweep.is_done()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settling.is_none() && self.shared.readers.recent.is_empty()
    }

    /// Settles as much as keeps up with what is gathered: a layer is in the tables before the next one is full.
    pub(super) fn keep_up(&mut self) {
        loop {
            let fullness = self.shared.readers.recent.fullness();
            let is_behind = match &self.settling {
                Some(Stage::Moving(settling)) => settling.share_done() < 1.5 * fullness,
                Some(Stage::Sorting(_)) => true,
                None => fullness >= 1.0,
            };
            if !is_behind || !self.settle_piece(false) {
                return;
            }
            self.checkpoint();
        }
    }

    /// Settles a piece, if the layer is sorted or if it may wait for that. Whether there is more, and it can be done now.
    pub(super) fn settle_piece(&mut self, wait: bool) -> bool {
        let Some(mut settling) = self.next_to_settle(wait) else { return false };
        let done = self.piece(&mut settling);
        self.is_stuck = done.is_err();
        match done {
            Ok(false) => {
                self.settling = Some(Stage::Moving(settling));
                true
            }
            Ok(true) => {
                self.shared.readers.recent.has_settled(settling.newest());
                self.spent = Some(settling);
                self.free_spent();
                !self.is_settled()
            }
            Err(error) => {
                tracing::warn!(%error, "what was committed could not be moved into the tables");
                settling.restart();
                self.settling = Some(Stage::Moving(settling));
                false
            }
        }
    }

    /// Frees what has been settled, once nobody reads it.
    pub(super) fn free_spent(&mut self) {
        if let Some(spent) = self.spent.take_if(|spent| !spent.is_read()) {
            spent.free();
        }
    }

    /// Takes what is to be settled, if there is something, and it is sorted, and nobody reads what was before it.
    fn next_to_settle(&mut self, wait: bool) -> Option<Settling> {
        let recent = &self.shared.readers.recent;
        let catalog = || self.shared.catalog();
        let begun = self.settling.take().or_else(|| {
            let layer = recent.set_aside(&catalog())?;
            Some(Stage::Sorting(Sorting::begin(layer, catalog())))
        })?;
        let stage = match begun {
            Stage::Sorting(sorting) => sorting.end(wait),
            Stage::Moving(settling) => Stage::Moving(settling),
        };
        match stage {
            Stage::Moving(settling) if recent.is_past(settling.newest()) => Some(settling),
            Stage::Moving(_) | Stage::Sorting(_) => {
                self.settling = Some(stage);
                None
            }
        }
    }

    fn piece(&mut self, settling: &mut Settling) -> rusqlite::Result<bool> {
        let db = self.connection()?;
        schema::sync(&db, false)?;
        db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let was_last =
            settling.advance(&db, &self.shared.readers.filter, self.options.pace.piece, self.counters)?;
        db.prepare_cached("COMMIT")?.execute([])?;
        schema::sync(&db, true)?;
        self.db = Some(db);
        Ok(was_last)
    }

    /// What the tables have now is in the filter when the sweep is through.
    pub(super) fn begin_to_sweep(&mut self, db: &Connection) {
        let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let bytes = pragma("page_count").and_then(|pages| Ok(pages * pragma("page_size")?));
        self.shared.readers.filter.begin(bytes.unwrap_or_default().unsigned_abs());
        self.sweep = Sweep::new();
    }

    /// Sweeps a piece. Whether there is more, and it can be done now.
    pub(super) fn sweep_piece(&mut self) -> bool {
        let (Some(db), false) = (&self.db, self.sweep.is_done()) else { return false };
        match self.sweep.advance(db, &self.shared.readers.filter, SWEPT) {
            Ok(()) => !self.sweep.is_done(),
            Err(error) => {
                tracing::warn!(%error, "the tables could not be read through");
                self.sweep = Sweep::Done; // the filter is not complete, and rules nothing out until the next start
                false
            }
        }
    }

    /// Copies the write-ahead log into the database when it has grown, so that it begins anew. SQLite would do so within a
    /// commit; here the replies are out. What a reader still needs stays; what fails is tried again later.
    pub(super) fn checkpoint(&mut self) {
        let Some(db) = &self.db else { return };
        let pages_and_copied = |row: &Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let run = |sql| db.prepare_cached(sql)?.query_row([], pages_and_copied);
        let copied = run("PRAGMA wal_checkpoint(NOOP)").and_then(|(pages, _)| {
            if pages < self.checkpoint_at {
                return Ok(self.checkpoint_at);
            }
            self.shared.readers.pool.end_transactions();
            let (pages, copied) = run("PRAGMA wal_checkpoint(PASSIVE)")?;
            Ok(if copied < pages { pages + CHECKPOINT / 4 } else { CHECKPOINT })
        });
        match copied {
            Ok(next) => self.checkpoint_at = next,
            Err(error) => tracing::debug!(%error, "there was no checkpoint"),
        }
    }
}

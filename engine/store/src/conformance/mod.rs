//! One suite that every store passes.
//!
//! Named cases say what a store must do, one behaviour each ([`run`]); scripts of interleaved transactions are compared
//! with a plain map ([`replay`]); tasks that move money between accounts look for a torn view on real threads
//! ([`transfers`]). All of it goes through [`concord::Tx`], as a concept does. That documents outlive the process is
//! not in it: a store that promises so has tests of its own.
//!
//! The suite panics where a store is wrong, and returns an error where a store fails.

mod finding;
mod isolation;
mod keeping;
mod lab;
mod mixed;
mod model;
mod script;
mod transfers;

use std::error::Error;
use std::sync::Arc;

use self::lab::{Focus, Lab};
pub use self::script::{Cell, Event, Query, Side, Step, Tally, Values, replay};
pub use self::transfers::{Transfers, transfers};
use crate::store::Store;

/// What a case ends with.
type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A store that failed where it should have answered.
#[derive(Debug, thiserror::Error)]
#[error("the case {case} met a store that fails")]
pub struct Failure {
    /// The case.
    pub case: &'static str,
    /// What the store said.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

/// Runs each case on a fresh store from `open`, once on a durable collection and once on a volatile one.
///
/// ```
/// use std::sync::Arc;
/// use concord_store::{MemoryStore, Store, conformance};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// conformance::run(async || Arc::new(MemoryStore::default()) as Arc<dyn Store>).await
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn run(open: impl AsyncFn() -> Arc<dyn Store>) -> Result<(), Failure> {
    macro_rules! cases {
        ($($module:ident::$case:ident,)*) => {$(
            for focus in [Focus::Durable, Focus::Volatile] {
                let fails = |cause| Failure { case: stringify!($case), cause };
                let lab = Lab::open(open().await, focus).await.map_err(fails)?;
                Box::pin($module::$case(&lab)).await.map_err(fails)?;
            }
        )*};
    }
    cases! {
        isolation::own_writes_are_visible,
        isolation::a_snapshot_stands_still,
        isolation::two_writes_of_one_document_conflict,
        isolation::two_inserts_of_one_id_conflict,
        isolation::what_was_read_must_hold_still,
        isolation::write_skew_is_prevented,
        isolation::no_phantom_enters_or_leaves_a_range,
        isolation::no_phantom_enters_a_scan,
        isolation::what_happens_elsewhere_is_no_conflict,
        isolation::a_transaction_that_only_reads_can_be_checked,
        finding::an_index_gives_what_is_asked_for_in_order,
        finding::own_writes_take_their_places_in_an_index,
        finding::a_scan_walks_by_id,
        finding::a_unique_value_is_held_once,
        finding::a_race_for_a_unique_value_has_one_winner,
        keeping::a_version_never_comes_back,
        keeping::a_commit_is_all_or_nothing,
        keeping::a_document_comes_back_as_it_was,
        keeping::collections_keep_to_themselves,
        keeping::the_journal_keeps_the_order,
        keeping::a_conflict_leaves_nothing_in_the_journal,
        keeping::what_is_owed_is_kept_until_it_is_done,
        keeping::effects_go_out_in_the_order_of_commits,
        mixed::a_commit_on_both_sides_is_all_or_nothing,
        mixed::a_reader_of_both_sides_is_checked,
    }
    Ok(())
}

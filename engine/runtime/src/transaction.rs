//! One action, one transaction: run it, commit it, and run it again if somebody else was faster.

use std::any::Any;
use std::collections::{BTreeSet, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use concord::spec::Role;
use concord::storage::{Changes, CollectionId, Source};
use concord::{Ids, Input, Kind, Millis, Output, Refusal, Tx};
use concord_store::{Commit, CommitError, Contended, Record as JournalEntry, Store};
use futures_util::FutureExt;

use crate::clock::Clock;
use crate::flow::{Failure, FlowId, Record};
use crate::queue::Queue;
use crate::registry::{ActionRef, Registry};

/// What transactions run on.
pub(crate) struct Engine {
    pub(crate) registry: Registry,
    pub(crate) store: Arc<dyn Store>,
    /// The same store, as transactions read it.
    pub(crate) source: Arc<dyn Source>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) queue: Arc<Queue>,
    /// Collections whose documents never reach the disk.
    pub(crate) volatile: HashSet<CollectionId>,
    /// How long an external action may take.
    pub(crate) deadline: Duration,
}

/// A run of an action that has not been committed.
struct Attempt {
    at: Millis,
    input: Bytes,
    result: Result<Output, Refusal>,
    changes: Changes,
}

impl Engine {
    /// Runs the action until its transaction has committed or been refused.
    pub(crate) async fn transact(
        &self,
        flow: FlowId,
        action: ActionRef,
        body: &Bytes,
    ) -> (Record, Result<Output, Refusal>) {
        let mut lost = BTreeSet::new();
        loop {
            let _turn = if lost.is_empty() { None } else { Some(self.queue.turn(&lost).await) };
            let Attempt { at, input, mut result, changes } =
                self.attempt(action, body, !lost.is_empty()).await;
            let outcome = result.clone().map_err(|refusal| Failure::from(&refusal));
            let mut record = Record { action, at, input, outcome };
            match self.commit(flow, &record, changes, &lost).await {
                Ok(()) => {}
                Err(CommitError::Conflict(key)) => {
                    lost.insert(key);
                    continue;
                }
                Err(CommitError::Failed(fault)) => {
                    let refusal = Refusal::unavailable(fault);
                    record.outcome = Err(Failure::from(&refusal));
                    result = Err(refusal);
                }
            }
            return (record, result);
        }
    }

    async fn attempt(&self, action: ActionRef, body: &[u8], careful: bool) -> Attempt {
        let at = self.clock.now();
        let mut tx = Tx::new(Arc::clone(&self.source), Arc::clone(&self.ids), at, careful);
        let mut noted = Vec::with_capacity(128);
        let running = self.registry.call(action, &mut tx, Input::new(body, &mut noted));
        let caught = AssertUnwindSafe(running).catch_unwind();
        let outcome = match self.registry.spec(action).role {
            Role::Action { external: true, .. } => match tokio::time::timeout(self.deadline, caught).await {
                Ok(outcome) => outcome,
                Err(_) => Ok(Err(late())),
            },
            Role::Action { external: false, .. } | Role::Query(_) => caught.await,
        };
        let mut result = outcome.unwrap_or_else(|panic| Err(Refusal::internal(panicked(&*panic))));
        let mut changes = tx.finish().unwrap_or_else(|fault| {
            result = Err(fault.into());
            Changes::default()
        });
        if result.is_err() {
            changes.forget_writes();
        }
        Attempt { at, input: Bytes::copy_from_slice(&noted), result, changes }
    }

    async fn commit(
        &self,
        flow: FlowId,
        record: &Record,
        changes: Changes,
        turn_on: &BTreeSet<Contended>,
    ) -> Result<(), CommitError> {
        if changes.is_read_only() && !self.reads_both_sides(&changes) {
            return Ok(());
        }
        if let Some(key) = self.queue.claimed(&changes, turn_on) {
            return Err(CommitError::Conflict(key));
        }
        let transient =
            matches!(self.registry.spec(record.action).role, Role::Action { transient: true, .. });
        let durable = changes.writes.iter().any(|write| !self.volatile.contains(&write.key.collection));
        let mut records = Vec::new();
        if durable && !transient {
            let body = record.to_json(&self.registry).into();
            records.push(JournalEntry { flow: flow.0, body });
        }
        self.store.commit(Commit { changes, records }).wait().await
    }

    /// Reads of volatile and of durable documents come from two snapshots; the store checks that they agree.
    fn reads_both_sides(&self, changes: &Changes) -> bool {
        if self.volatile.is_empty() {
            return false;
        }
        let mut sides = changes.collections().map(|collection| self.volatile.contains(&collection));
        sides.next().is_some_and(|first| sides.any(|side| side != first))
    }
}

fn late() -> Refusal {
    Refusal::new(Kind::Upstream, "UPSTREAM_TIMEOUT", "a service that this depends on did not answer in time")
}

/// What a panic said; the log gets it, the client does not.
fn panicked(panic: &(dyn Any + Send)) -> String {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the action panicked: {}", said.unwrap_or("it did not say why"))
}

//! One attempt at a transaction, and its commit.
//!
//! What runs is a [`Job`]: a call from outside, or a firing. An attempt gathers what it would write and record; nothing
//! of it counts before the commit. Who loses a conflict runs the job again.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concord::rt::Given;
use concord::spec::Role;
use concord::storage::{Answer, Changes, CollectionId, Source};
use concord::{Blobs, Ids, Input, Json, Kind, Output, Refusal, Tx};
use concord_lang::plan::{Step, Sync};
use concord_store::{Commit, CommitError, Contended, Owed, Record as JournalEntry, Store};
use futures_util::FutureExt;

use crate::clock::Clock;
use crate::eval::{Asking, Frame, Halt};
use crate::fact::Fact;
use crate::firing::Firing;
use crate::flow::{Cause, FlowId, Record};
use crate::queue::Queue;
use crate::registry::{ActionRef, Registry};
use crate::rules::Rules;
use crate::socket::Sockets;

/// What transactions run on.
pub(crate) struct Engine {
    pub(crate) registry: Registry,
    pub(crate) rules: Rules,
    pub(crate) store: Arc<dyn Store>,
    /// The same store, as transactions read it.
    pub(crate) source: Arc<dyn Source>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) queue: Arc<Queue>,
    /// Collections whose documents never reach the disk, sorted: there are few, and every commit asks.
    pub(crate) volatile: Vec<CollectionId>,
    /// How long an external action may take.
    pub(crate) deadline: Duration,
    /// Actions in one flow at most.
    pub(crate) flow_bound: usize,
    /// What came of firings since the start.
    pub(crate) firings: Firings,
    /// Connections that are here.
    pub(crate) sockets: Sockets,
    /// Flows that owe nothing any more and still stand in the store as open: the next commit takes them along.
    pub(crate) closing: Mutex<Vec<u128>>,
}

/// How many firings there were.
#[derive(Debug, Default)]
pub(crate) struct Firings {
    pub(crate) done: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) failed: AtomicU64,
}

/// What a transaction does.
pub(crate) enum Job<'a> {
    /// One action, with its input; and what its record keeps of it, if that is not what the action says.
    Call(ActionRef, &'a Json, Option<&'a Json>),
    /// A sync, with what its lines bound.
    Fire(&'a Sync, &'a mut Frame, &'a Cause),
    /// Lines of `admit`.
    Admit(&'a [Step], &'a Frame),
}

/// How a job ended.
pub(crate) enum End {
    /// A call.
    Called(Result<Output, Refusal>),
    /// A firing has done all it does.
    Done,
    /// A line dropped the last frame.
    Dropped(usize, Frame),
    /// A line refused.
    Halted(usize, Frame, Halt),
    /// An action of `then` failed; its record is the only one.
    Failed(ActionRef, Refusal),
    /// `admit` let the request in, with what it bound.
    Admitted(Frame),
}

/// What an attempt did, on its way to the store.
#[derive(Clone, Copy)]
pub(crate) struct Done<'a> {
    pub(crate) facts: &'a [Fact],
    /// Of a firing, the contract that its sync is part of.
    pub(crate) contract: Option<usize>,
}

/// An attempt, or what came of it.
pub(crate) struct Ran {
    pub(crate) facts: Vec<Fact>,
    /// Of a firing, the contract that its sync is part of.
    pub(crate) contract: Option<usize>,
    pub(crate) end: End,
}

impl Engine {
    /// Runs a job once. Changes of what failed are its reads alone.
    pub(crate) async fn attempt(
        &self,
        job: &mut Job<'_>,
        careful: bool,
        blobs: Option<&Arc<Blobs>>,
    ) -> (Ran, Changes) {
        let at = self.clock.now();
        let mut tx = Tx::new(Arc::clone(&self.source), Arc::clone(&self.ids), at, careful);
        if let Some(blobs) = blobs {
            tx = tx.with_blobs(Some(Arc::clone(blobs)));
        }
        let mut ran = match job {
            Job::Call(action, input, keep) => self.call(&mut tx, *action, input, *keep).await,
            // What an attempt leaves in the frame, the next one writes before it reads it.
            Job::Fire(sync, frame, cause) => Firing::new(self, &mut tx, sync, cause).run(frame).await,
            Job::Admit(lines, frame) => self.admit(&mut tx, lines, frame).await,
        };
        let mut changes = tx.finish().unwrap_or_else(|fault| {
            ran.spoil(fault.into());
            Changes::default()
        });
        if ran.is_undone() {
            changes.forget_writes();
        }
        (ran, changes)
    }

    async fn call(&self, tx: &mut Tx, action: ActionRef, input: &Json, keep: Option<&Json>) -> Ran {
        let given = match input {
            Json::Text(text) => Given::Text(text),
            Json::Value(value) => Given::Value(value),
        };
        let (noted, result) = self.invoke(action, tx, given).await;
        let record = Record::new(action, tx.now(), keep.cloned().unwrap_or(noted), &result);
        let facts = vec![Fact::new(record, input.clone())];
        Ran { facts, contract: None, end: End::Called(result) }
    }

    async fn admit(&self, tx: &mut Tx, lines: &[Step], frame: &Frame) -> Ran {
        let mut asking = Asking { engine: self, plan: &self.rules.plan, tx, facts: Vec::new(), built: 0 };
        let end = match asking.lines(lines, frame.clone()).await {
            Err((line, frame, halt)) => End::Halted(line, frame, halt),
            Ok(framed) => match (framed.dropped, framed.frames.into_iter().next()) {
                (Some((line, frame)), _) => End::Dropped(line, frame),
                (None, frame) => End::Admitted(frame.unwrap_or_default()),
            },
        };
        Ran { facts: asking.facts, contract: None, end }
    }

    /// Runs an action within a transaction: what may be kept of its input, and what came of it.
    pub(crate) async fn invoke(
        &self,
        action: ActionRef,
        tx: &mut Tx,
        given: Given<'_>,
    ) -> (Json, Result<Output, Refusal>) {
        let mut noted = Json::NOTHING;
        let running = self.registry.call(action, tx, Input::new(given, &mut noted));
        let caught = AssertUnwindSafe(running).catch_unwind();
        let outcome = match self.registry.spec(action).role {
            Role::Action { external: true, .. } => match tokio::time::timeout(self.deadline, caught).await {
                Ok(outcome) => outcome,
                Err(_) => Ok(Err(late())),
            },
            Role::Action { external: false, .. } | Role::Query(_) => caught.await,
        };
        let result = outcome.unwrap_or_else(|panic| Err(Refusal::internal(panicked(&*panic))));
        (noted, result)
    }

    /// Commits an attempt, unless somebody else was faster.
    pub(crate) fn commit(
        &self,
        flow: FlowId,
        done: Done<'_>,
        changes: Changes,
        owed: Owed,
        turn_on: &BTreeSet<Contended>,
    ) -> Answer<'_, Result<(), CommitError>> {
        let effects = self.effects(done);
        if changes.is_read_only() && !self.reads_both_sides(&changes) {
            effects.run();
            return Answer::Now(Ok(()));
        }
        if let Some(key) = self.queue.claimed(&changes, turn_on) {
            return Answer::Now(Err(CommitError::Conflict(key)));
        }
        let mut records = Vec::new();
        if self.is_durable(&changes) {
            let happened = done.facts.iter().map(|fact| &fact.record);
            let kept = happened.filter(|record| !self.is_transient(record.action));
            records.extend(
                kept.map(|record| JournalEntry { flow: flow.0, body: record.to_json(&self.registry).into() }),
            );
        }
        self.store.commit(Commit { changes, records, owed, effects })
    }

    /// Whether any of it is to reach the disk.
    pub(crate) fn is_durable(&self, changes: &Changes) -> bool {
        changes.writes.iter().any(|write| !self.is_volatile(write.key.collection))
    }

    fn is_volatile(&self, collection: CollectionId) -> bool {
        self.volatile.binary_search(&collection).is_ok()
    }

    fn is_transient(&self, action: ActionRef) -> bool {
        matches!(self.registry.spec(action).role, Role::Action { transient: true, .. })
    }

    /// Reads of volatile and of durable documents come from two snapshots; the store checks that they agree.
    fn reads_both_sides(&self, changes: &Changes) -> bool {
        if self.volatile.is_empty() {
            return false;
        }
        let mut sides = changes.collections().map(|collection| self.is_volatile(collection));
        sides.next().is_some_and(|first| sides.any(|side| side != first))
    }
}

impl Ran {
    /// Turns an attempt into one that failed.
    pub(crate) fn spoil(&mut self, refusal: Refusal) {
        for fact in &mut self.facts {
            fact.fail(&refusal);
        }
        let action = self.facts.first().map(|fact| fact.record.action);
        self.facts.truncate(1);
        self.end = match (&self.end, action) {
            (End::Called(_), _) => End::Called(Err(refusal)),
            (_, Some(action)) => End::Failed(action, refusal),
            (_, None) => End::Halted(0, Frame::new(), Halt::Else(refusal)),
        };
    }

    /// Whether nothing of what it wrote counts. What `admit` wrote before it refused does.
    fn is_undone(&self) -> bool {
        match &self.end {
            End::Called(result) => result.is_err(),
            End::Done | End::Admitted(_) => false,
            // Of a firing that was halted no record is left; `admit` without one has written nothing.
            End::Halted(_, _, Halt::Else(_) | Halt::Burst(_)) => {
                self.facts.is_empty() || self.facts.iter().any(Fact::has_failed)
            }
            End::Dropped(..) | End::Halted(..) | End::Failed(..) => true,
        }
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

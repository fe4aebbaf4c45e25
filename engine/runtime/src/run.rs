//! A flow at work: from its stimulus until nothing is due.
//!
//! One thing at a time and depth first: what an action causes is done before the next firing of its parent. What is due
//! is a stack of matches. Whoever waits for the flow's answer gets it as soon as it is certain; the rest goes on behind it.

mod notes;
mod stop;

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use concord::{Blobs, INVALID_REQUEST, Json, Kind, Output, Refusal, Value};
use concord_store::{CommitError, Owed};

use crate::bound::Weight;
use crate::carry::Slot;
use crate::due::{self, Key};
use crate::eval::{Frame, Halt};
use crate::fact::Fact;
use crate::flow::{Cause, FlowId, Note, What};
use crate::matching::{Found, Match, Matcher, Outside, Scratch};
use crate::registry::ActionRef;
use crate::rules::SyncId;
use crate::stimulus::{Answer, Input, Waits};
use crate::transaction::{Done, End, Engine, Firings, Job, Ran};

enum Task {
    Fire(Match),
    /// An action that a firing of the stimulus did has failed: it refuses, if nobody who saw the failure responded.
    Refuse(ActionRef, Refusal),
}

/// A flow that has come to rest.
pub(crate) struct Over {
    pub(crate) id: FlowId,
    /// What happened in it, in order.
    pub(crate) facts: Vec<Fact>,
    /// What did not happen, and why.
    pub(crate) notes: Vec<Note>,
}

impl Over {
    /// Whether something in it failed only because the store did.
    pub(crate) fn is_stranded(&self) -> bool {
        self.notes.iter().any(Note::is_stranded)
    }
}

pub(crate) struct Run<'e> {
    engine: &'e Engine,
    id: FlowId,
    /// What happened, in order.
    facts: Vec<Fact>,
    notes: Vec<Note>,
    /// Syncs of which a line has happened.
    armed: Vec<SyncId>,
    stack: Vec<Task>,
    scratch: Scratch,
    /// How many matches there were.
    matched: usize,
    /// What the records hold on to, but for the stimulus.
    weight: Weight,
    /// How many matches on the stack may lead to something that lasts.
    lasting: usize,
    waits: Waits,
    answer: Option<Arc<Slot<Answer>>>,
    /// The id by which syncs answer.
    request: Value,
    /// Why the stimulus was refused, if whoever waits wants to know at the end.
    refused: Option<Answer>,
    /// Whether a sync took the stimulus up.
    is_taken_up: bool,
    /// Whether the store knows the flow as open.
    is_open: bool,
    /// How many records the store has of it.
    saved: usize,
    /// Firings that the store does not know of yet.
    fired: Vec<Key>,
    /// Firings that happened before a crash.
    skip: HashSet<Key>,
    /// The files that came with the request.
    blobs: Option<Arc<Blobs>>,
}

impl<'e> Run<'e> {
    pub(crate) fn new(engine: &'e Engine, id: FlowId, waits: Waits, answer: Arc<Slot<Answer>>) -> Self {
        Self {
            engine,
            id,
            facts: Vec::with_capacity(4),
            notes: Vec::new(),
            armed: Vec::new(),
            stack: Vec::new(),
            scratch: Scratch::default(),
            matched: 0,
            weight: Weight::default(),
            lasting: 0,
            waits,
            answer: Some(answer),
            request: Value::Null,
            refused: None,
            is_taken_up: false,
            is_open: false,
            saved: 0,
            fired: Vec::new(),
            skip: HashSet::new(),
            blobs: None,
        }
    }

    /// Takes up a flow that was open when the process ended, or when the store failed.
    pub(crate) fn resume(engine: &'e Engine, id: FlowId, open: due::Open, blobs: Option<Arc<Blobs>>) -> Self {
        let mut run = Self::new(engine, id, Waits::No, Arc::default());
        run.answer = None;
        run.blobs = blobs;
        run.saved = open.records.len();
        run.is_open = true;
        run.skip = open.fired.into_iter().collect();
        run.facts = open.records.into_iter().map(Fact::of_record).collect();
        // Those that have fired are found again.
        let mut found = run.find(0, engine.flow_bound + run.skip.len());
        found.matches.retain(|found| !run.skip.contains(&(found.sync, Arc::clone(&found.records))));
        run.take(found);
        run
    }

    /// Runs the flow from its stimulus to its end.
    pub(crate) async fn start(&mut self, action: ActionRef, input: &Input) -> Over {
        let Input { given, keep, upload, admitted: _ } = input;
        self.blobs = upload.as_ref().and_then(|upload| upload.blobs());
        let (ran, found) = self.transact(Job::Call(action, given, keep.as_ref()), None).await;
        self.weight.bytes = 0;
        self.take(found);
        if let End::Called(result) = ran.end {
            self.begin(action, result);
        }
        self.work().await
    }

    fn begin(&mut self, action: ActionRef, result: Result<Output, Refusal>) {
        match (result, &self.waits) {
            (Ok(output), Waits::Result) => self.say(Answer::Result(output)),
            (Ok(_), Waits::Response(_)) => {
                self.request =
                    self.facts.first().map(|fact| fact.output().field("request")).unwrap_or_default();
            }
            (Ok(_), Waits::No | Waits::End { .. }) => {}
            (Err(refusal), Waits::Result) => self.say(Answer::Refused(Some(action), refusal)),
            (Err(refusal), Waits::Response(_) | Waits::No | Waits::End { .. }) => {
                self.stack.insert(0, Task::Refuse(action, refusal));
            }
        }
    }

    /// Does what is due until nothing is.
    pub(crate) async fn work(&mut self) -> Over {
        while let Some(task) = self.stack.pop() {
            match task {
                Task::Refuse(action, refusal) => self.say(Answer::Refused(Some(action), refusal)),
                Task::Fire(due) => {
                    if let Some(excess) = self.excess() {
                        self.stop(excess, due.sync);
                        continue;
                    }
                    self.lasting -= usize::from(self.engine.rules.is_lasting(due.sync));
                    let waited = self.answer.is_some();
                    self.fire(due).await;
                    if waited && self.answer.is_none() && !self.stack.is_empty() {
                        // Lets the answer out before going on.
                        yield_once().await;
                    }
                }
            }
        }
        self.end()
    }

    fn end(&mut self) -> Over {
        if self.answer.is_some() && matches!(self.waits, Waits::Response(_)) {
            self.notes.push(Note { cause: None, what: What::Unanswered });
            tracing::error!(flow = %self.id, "no sync responded; `concord trace` says which came closest");
            self.say(Answer::Refused(None, Refusal::internal("no sync responded to the request")));
        }
        if let Waits::End { reaction } = self.waits {
            let ignored = || (reaction && !self.is_taken_up).then(unheard);
            let refused = self.refused.take().or_else(ignored);
            if let Some(slot) = self.answer.take() {
                slot.put(refused.unwrap_or(Answer::Result(Json::empty())));
            }
        }
        let over = Over {
            id: self.id,
            facts: std::mem::take(&mut self.facts),
            notes: std::mem::take(&mut self.notes),
        };
        // What failed because the store did is still owed.
        if self.is_open && !over.is_stranded() {
            self.engine.closing.lock().unwrap_or_else(PoisonError::into_inner).push(self.id.0);
        }
        over
    }

    async fn fire(&mut self, due: Match) {
        let engine = self.engine;
        let Match { sync: id, records, mut frame } = due;
        let sync = &engine.rules.plan.syncs[id as usize];
        let cause = Cause { sync: Arc::clone(engine.rules.name(id)), records: Arc::clone(&records) };
        let key = (id, records);
        let before = self.facts.len();
        let (ran, found) = self.transact(Job::Fire(sync, &mut frame, &cause), Some(&key)).await;
        let has_stimulus = key.1.contains(&0);
        let Firings { done, dropped, failed } = &engine.firings;
        let counter = match &ran.end {
            End::Done => done,
            End::Dropped(..) => dropped,
            End::Halted(..) | End::Failed(..) | End::Called(_) | End::Admitted(_) => failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        match ran.end {
            End::Done => {
                let response = self.response(before);
                self.fired.push(key);
                self.take(found);
                if let Some(response) = response {
                    self.respond(response, cause);
                }
            }
            End::Dropped(line, frame) => {
                self.fired.push(key);
                self.note(cause, What::Dropped { line, frame });
            }
            End::Halted(line, frame, halt) => {
                let (by, frame, refusal) = match halt {
                    Halt::Else(refusal) => (None, frame, refusal),
                    Halt::Failed(action, refusal) => (Some(action), frame, refusal),
                    // Too large to be kept.
                    Halt::Burst(refusal) => (None, Frame::new(), refusal),
                };
                self.refused(cause, Some(line), frame, &refusal, has_stimulus);
                if has_stimulus {
                    self.say(Answer::Refused(by, refusal));
                }
            }
            End::Failed(action, refusal) => {
                self.refused(cause, None, Frame::new(), &refusal, has_stimulus);
                if has_stimulus {
                    self.stack.push(Task::Refuse(action, refusal));
                }
                self.fired.push(key);
                self.take(found);
            }
            // A firing is no call and admits nobody.
            End::Called(_) | End::Admitted(_) => {}
        }
    }

    /// The response among the records from this one on, if one is to our request.
    fn response(&self, first: usize) -> Option<Json> {
        let Waits::Response(respond) = self.waits else { return None };
        let mut responses = self.facts[first..].iter().filter(|fact| fact.record.action == respond);
        let ours = responses.find(|fact| *fact.input().get("request") == self.request);
        ours.map(|fact| Json::Value(fact.input().clone()))
    }

    fn respond(&mut self, response: Json, cause: Cause) {
        if self.answer.is_some() {
            self.say(Answer::Response(response));
        } else {
            self.note(cause, What::SecondResponse);
        }
    }

    /// Answers whoever waits; the first answer is the one that counts.
    fn say(&mut self, answer: Answer) {
        if let Waits::End { .. } = self.waits {
            self.refused.get_or_insert(answer);
            return;
        }
        if let Some(slot) = self.answer.take() {
            slot.put(answer);
        }
    }

    /// Runs a job until it has committed or failed, and takes its records in; with what they make due.
    async fn transact(&mut self, mut job: Job<'_>, due: Option<&Key>) -> (Ran, Found) {
        let engine = self.engine;
        let first = self.facts.len();
        let mut lost = BTreeSet::new();
        loop {
            let _turn = if lost.is_empty() { None } else { Some(engine.queue.turn(&lost).await) };
            let (mut ran, changes) = engine.attempt(&mut job, !lost.is_empty(), self.blobs.as_ref()).await;
            for (number, fact) in (first..).zip(&mut ran.facts) {
                fact.record.number = i32::try_from(number).unwrap_or(i32::MAX);
            }
            self.facts.append(&mut ran.facts);
            let found = self.lead_to(first);
            let owed = if engine.is_durable(&changes) { self.owed(&found, due) } else { Owed::default() };
            let (opens, closing) = (owed.row.is_some(), owed.closed.clone());
            let done = Done { facts: &self.facts[first..], contract: ran.contract };
            match engine.commit(self.id, done, changes, owed, &lost).wait().await {
                Ok(()) => {
                    if opens {
                        self.is_open = true;
                        self.saved = self.facts.len();
                        self.fired.clear();
                    }
                    self.is_open &= !closing.contains(&self.id.0);
                    self.weigh(first);
                    return (ran, found);
                }
                Err(CommitError::Conflict(key)) => {
                    self.close_later(closing);
                    self.facts.truncate(first);
                    lost.insert(key);
                }
                Err(CommitError::Failed(fault)) => {
                    self.close_later(closing);
                    ran.facts = self.facts.split_off(first);
                    ran.spoil(Refusal::unavailable(fault));
                    self.facts.append(&mut ran.facts);
                    let found = self.lead_to(first);
                    return (ran, found);
                }
            }
        }
    }

    /// Others that were to be closed with a commit that did not happen are so with a later one.
    fn close_later(&self, mut closing: Vec<u128>) {
        closing.retain(|flow| *flow != self.id.0);
        self.engine.closing.lock().unwrap_or_else(PoisonError::into_inner).extend(closing);
    }

    /// What the records from this one on make due.
    fn lead_to(&mut self, first: usize) -> Found {
        let listens = |fact: &Fact| self.engine.rules.index.listens(fact.action());
        if !self.facts[first..].iter().any(listens) {
            return Found::default();
        }
        self.find(first, self.engine.flow_bound.saturating_sub(self.stack.len()))
    }

    /// What the records from this one on make due, up to one more than there is room for.
    fn find(&mut self, first: usize, room: usize) -> Found {
        let engine = self.engine;
        let outside = Outside::of(engine);
        let scratch = &mut self.scratch;
        Matcher { rules: &engine.rules, facts: &self.facts, armed: &self.armed, outside, room, scratch }
            .find(first)
    }

    /// What the store has to know, so that nothing that is due is lost in a crash.
    fn owed(&self, found: &Found, due: Option<&Key>) -> Owed {
        let engine = self.engine;
        let mut closed = std::mem::take(&mut *engine.closing.lock().unwrap_or_else(PoisonError::into_inner));
        let leads = self.lasting > 0 || found.matches.iter().any(|found| engine.rules.is_lasting(found.sync));
        if !leads {
            if self.is_open {
                closed.push(self.id.0);
            }
            return Owed { row: None, closed };
        }
        let records = self.facts[self.saved..].iter().map(|fact| &fact.record);
        let fired = self.fired.iter().chain(due).map(|(sync, records)| (*sync, &**records));
        let body = due::encode(self.saved, records, fired, &engine.registry, &engine.rules);
        Owed { row: Some((self.id.0, body)), closed }
    }

    /// Puts what is due on the stack, the first on top.
    fn take(&mut self, found: Found) {
        self.is_taken_up |= !found.matches.is_empty();
        self.armed.extend(found.armed);
        self.matched += found.matches.len();
        for due in found.matches.into_iter().rev() {
            self.lasting += usize::from(self.engine.rules.is_lasting(due.sync));
            self.stack.push(Task::Fire(due));
        }
    }
}

/// No sync took the stimulus up.
fn unheard() -> Answer {
    let refusal = Refusal::new(Kind::Invalid, INVALID_REQUEST, "nothing reacts to this message");
    Answer::Refused(None, refusal)
}

/// Lets whoever polls this look around once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

//! The app: concepts and rules on a store, ready to be called.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use concord::{Json, Refusal, Value};
use concord_lang::plan::Test;
use concord_lang::{Diagnostics, Plan, Sources};
use concord_store::{Commit, Owed, Store};
use tokio::sync::Notify;

use crate::carry::{Carried, Slot};
use crate::contract::Contracts;
use crate::flow::{Flow, FlowId, Record};
use crate::options::Options;
use crate::registry::{ActionRef, Registry};
use crate::ring::Ring;
use crate::run::{Over, Run};
use crate::spool::{Spool, Upload};
use crate::stimulus::{Answer, Input, Waits};
use crate::transaction::{Engine, Firings};

/// Concepts and rules on a store. A cheap handle: clone it.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) contracts: Contracts,
    /// What the checker found suspicious.
    pub(crate) warnings: Diagnostics,
    pub(crate) ring: Ring,
    /// Whether refusals tell how they came about.
    pub(crate) explains: bool,
    pub(crate) spool: Spool,
    running: Running,
    /// Told when a flow met a store that failed.
    pub(crate) stranded: Notify,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The flow that the call started.
    pub flow: FlowId,
    /// The result as JSON text (of a query, an array), or why not.
    pub result: Result<Bytes, Refusal>,
}

impl App {
    /// The way to a new app.
    pub fn options() -> Options {
        Options::default()
    }

    pub(crate) fn new(
        engine: Engine,
        contracts: Contracts,
        warnings: Diagnostics,
        ring: Ring,
        explains: bool,
        spool: Spool,
    ) -> Self {
        let (running, stranded) = (Running::default(), Notify::new());
        Self {
            inner: Arc::new(Inner { engine, contracts, warnings, ring, explains, spool, running, stranded }),
        }
    }

    /// The concepts.
    pub fn registry(&self) -> &Registry {
        &self.inner.engine.registry
    }

    /// The rules.
    pub fn plan(&self) -> &Plan {
        &self.inner.engine.rules.plan
    }

    /// The files that the rules came from.
    pub fn sources(&self) -> &Sources {
        &self.inner.engine.rules.sources
    }

    /// What the checker found suspicious about the rules.
    pub fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }

    /// Calls an action with the JSON text of its input. The reply comes when what the action wrote is as durable as the
    /// store makes it; what syncs make of it goes on behind the reply. Dropping the future cancels nothing: the flow
    /// goes on without an audience.
    pub fn call(&self, action: ActionRef, input: Bytes) -> impl Future<Output = Reply> + Send + 'static {
        self.called(
            self.fresh_flow(),
            action,
            Input { given: Json::Text(input), keep: None, upload: None, admitted: Vec::new() },
        )
    }

    /// The same with files: what `input` makes in the upload, the action finds by its ids.
    pub fn call_with_files(
        &self,
        action: ActionRef,
        input: impl FnOnce(&mut Upload) -> io::Result<Bytes>,
    ) -> io::Result<impl Future<Output = Reply> + Send + 'static> {
        let flow = self.fresh_flow();
        let mut upload = self.inner.spool.upload(flow);
        let text = input(&mut upload)?;
        Ok(self.called(
            flow,
            action,
            Input {
                given: Json::Text(text),
                keep: None,
                upload: Some(Box::new(upload)),
                admitted: Vec::new(),
            },
        ))
    }

    fn fresh_flow(&self) -> FlowId {
        let engine = &self.inner.engine;
        FlowId::fresh(engine.clock.now(), &*engine.ids)
    }

    fn called(
        &self,
        flow: FlowId,
        action: ActionRef,
        input: Input,
    ) -> impl Future<Output = Reply> + Send + 'static {
        let answer = self.start(flow, action, input, Waits::Result);
        async move {
            let result = match answer.await {
                Answer::Result(output) => Ok(output.text()),
                Answer::Refused(_, refusal) => Err(refusal),
                Answer::Response(_) => Err(Refusal::internal("a call is not answered by a response")),
            };
            Reply { flow, result }
        }
    }

    /// Starts a flow, and carries it on whether anybody waits for its answer or not.
    pub(crate) fn start(
        &self,
        flow: FlowId,
        action: ActionRef,
        mut input: Input,
        waits: Waits,
    ) -> Carried<Answer> {
        let inner = Arc::clone(&self.inner);
        let slot = Arc::new(Slot::default());
        let answer = Arc::clone(&slot);
        Carried::new(slot, async move {
            let _running = inner.running.one();
            let mut run = Run::new(&inner.engine, flow, waits, answer);
            let over = run.start(action, &input).await;
            // They go before the flow counts as done.
            if let Some(mut upload) = input.upload.take()
                && over.is_stranded()
            {
                upload.leave();
            }
            inner.settle(over, &input.admitted);
        })
    }

    /// The flow, if it is recent enough to be in memory.
    pub fn recent(&self, flow: FlowId) -> Option<Flow> {
        self.inner.ring.find(flow)
    }

    /// All flows that are in memory, oldest first.
    pub fn flows(&self) -> Vec<Flow> {
        self.inner.ring.all()
    }

    /// How many firings were done, dropped by a line, and failed, since the app was opened.
    pub fn firings(&self) -> [u64; 3] {
        let Firings { done, dropped, failed } = &self.inner.engine.firings;
        [done, dropped, failed].map(|count| count.load(Ordering::Relaxed))
    }

    /// The intervals in which rules want the clock to tick, each with the action that does: the literals of `every` in
    /// lines on `Clock.tick`.
    pub fn timetable(&self) -> Vec<(ActionRef, Duration)> {
        let Ok(tick) = self.registry().resolve("Clock", "tick") else { return Vec::new() };
        let lines = self.plan().syncs.iter().flat_map(|sync| &sync.when);
        let every = lines.filter(|line| ActionRef::from(line.action) == tick).flat_map(|line| &line.input);
        let literals = every.filter_map(|field| match (&*field.key, &field.test) {
            ("every", Test::Is(Value::Int(millis))) => {
                u64::try_from(*millis).ok().filter(|millis| *millis > 0)
            }
            _ => None,
        });
        let intervals: BTreeSet<u64> = literals.collect();
        intervals.into_iter().map(|millis| (tick, Duration::from_millis(millis))).collect()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.engine.store
    }

    /// Waits until no flow is running, those without an audience included.
    pub async fn quiet(&self) {
        self.inner.running.none().await;
    }

    /// Waits until no flow is running, and lets the store forget those that are done: the next start has less to look
    /// at. Without this they are taken up, found to be done, and forgotten then.
    pub async fn finish(&self) {
        self.quiet().await;
        let engine = &self.inner.engine;
        let closed = std::mem::take(&mut *engine.closing.lock().unwrap_or_else(PoisonError::into_inner));
        if !closed.is_empty() {
            let owed = Owed { row: None, closed };
            if let Err(error) = engine.store.commit(Commit { owed, ..Commit::default() }).wait().await {
                tracing::warn!(%error, "flows that are done were not forgotten");
            }
        }
    }
}

impl Inner {
    /// Takes up a flow where it was left.
    pub(crate) async fn resume(self: &Arc<Self>, id: FlowId, open: crate::due::Open) {
        let _running = self.running.one();
        let mut left = self.spool.left(id);
        let blobs = left.as_ref().and_then(Upload::blobs);
        let over = Run::resume(&self.engine, id, open, blobs).work().await;
        if let Some(upload) = left.as_mut().filter(|_| over.is_stranded()) {
            upload.leave();
        }
        self.settle(over, &[]);
    }

    fn settle(&self, over: Over, admitted: &[Record]) {
        if over.is_stranded() {
            self.stranded.notify_one();
        }
        let records = over.facts.iter().map(|fact| &fact.record);
        self.ring.push(over.id, admitted, records, over.notes);
    }
}

/// Counts running flows.
#[derive(Default)]
struct Running {
    count: AtomicUsize,
    ended: Notify,
}

struct One<'a>(&'a Running);

impl Running {
    fn one(&self) -> One<'_> {
        self.count.fetch_add(1, Ordering::AcqRel);
        One(self)
    }

    async fn none(&self) {
        loop {
            let ended = self.ended.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

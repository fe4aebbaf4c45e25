//! The app: concepts on a store, ready to be called.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use concord::storage::Source;
use concord::{Ids, Output, Refusal};
use concord_store::Store;
use tokio::sync::Notify;

use crate::carry::Carried;
use crate::clock::{Clock, SystemClock};
use crate::error::OpenError;
use crate::flow::{Flow, FlowId};
use crate::ids::RandomIds;
use crate::registry::{ActionRef, Registry, places};
use crate::ring::Ring;
use crate::transaction::Engine;

/// An app that is not open yet.
///
/// ```
/// # async fn example(store: std::sync::Arc<dyn concord_store::Store>) -> Result<(), Box<dyn std::error::Error>> {
/// use concord_runtime::{App, Registry};
///
/// let mut registry = Registry::default();
/// // registry.add(CallSession::default())?;
/// let app = App::options().open(registry, store).await?;
/// # Ok(()) }
/// ```
pub struct Options {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    ring_bytes: usize,
    deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            ring_bytes: 8 << 20,
            deadline: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Another source of ids than randomness.
    #[must_use]
    pub fn ids(self, ids: Arc<dyn Ids>) -> Self {
        Self { ids, ..self }
    }

    /// How many bytes of recent flows to keep in memory.
    #[must_use]
    pub fn ring_bytes(self, ring_bytes: usize) -> Self {
        Self { ring_bytes, ..self }
    }

    /// How long an action that talks to the outside may take.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Opens the app: the store makes room for every collection and builds the indexes that are new.
    pub async fn open(self, mut registry: Registry, store: Arc<dyn Store>) -> Result<App, OpenError> {
        let layouts = registry.layouts();
        let ids = store.prepare(&layouts).wait().await?;
        let volatile =
            layouts.iter().zip(&ids).filter(|(layout, _)| layout.state.volatile).map(|(_, id)| *id).collect();
        registry.bind(places(&layouts, ids));
        let source: Arc<dyn Source> = Arc::<dyn Store>::clone(&store);
        let engine = Engine {
            registry,
            store,
            source,
            clock: self.clock,
            ids: self.ids,
            queue: Arc::default(),
            volatile,
            deadline: self.deadline,
        };
        let ring = Ring::new(self.ring_bytes);
        Ok(App { inner: Arc::new(Inner { engine, ring, running: Running::default() }) })
    }
}

/// Concepts on a store. A cheap handle: clone it.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    ring: Ring,
    running: Running,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The flow that the call started.
    pub flow: FlowId,
    /// The result as JSON text (of a query, an array), or why not.
    pub result: Result<Output, Refusal>,
}

impl App {
    /// The way to a new app.
    pub fn options() -> Options {
        Options::default()
    }

    /// The concepts.
    pub fn registry(&self) -> &Registry {
        &self.inner.engine.registry
    }

    /// Calls an action with the JSON text of its input. The reply comes when what the action wrote is as durable as the
    /// store makes it. Dropping the future cancels nothing: the flow goes on without an audience.
    pub fn call(&self, action: ActionRef, input: Bytes) -> impl Future<Output = Reply> + Send + 'static {
        let inner = Arc::clone(&self.inner);
        Carried::new(async move { inner.run(action, &input).await })
    }

    /// The flow, if it is recent enough to be in memory.
    pub fn recent(&self, flow: FlowId) -> Option<Arc<Flow>> {
        self.inner.ring.find(flow)
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.engine.store
    }

    /// Waits until no flow is running, those without an audience included.
    pub async fn quiet(&self) {
        self.inner.running.none().await;
    }
}

impl Inner {
    async fn run(self: Arc<Self>, action: ActionRef, input: &Bytes) -> Reply {
        let _running = self.running.one();
        let flow = FlowId::fresh(self.engine.clock.now(), &*self.engine.ids);
        let (record, result) = self.engine.transact(flow, action, input).await;
        self.ring.push(Flow { id: flow, records: vec![record] });
        Reply { flow, result }
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

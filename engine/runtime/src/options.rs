//! How an app is put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use concord::Ids;
use concord::storage::Source;
use concord_lang::Sources;
use concord_store::Store;

use crate::app::App;
use crate::clock::{Clock, SystemClock};
use crate::contract::Contracts;
use crate::error::OpenError;
use crate::ids::RandomIds;
use crate::registry::{Registry, places};
use crate::ring::Ring;
use crate::rules::{self, ContractSettings};
use crate::socket::Sockets;
use crate::spool::Spool;
use crate::transaction::{Engine, Firings};

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
    flow_bound: usize,
    sources: Sources,
    settings: ContractSettings,
    explains: bool,
    spool: Spool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            ring_bytes: 8 << 20,
            deadline: Duration::from_secs(10),
            flow_bound: 10_000,
            sources: Sources::default(),
            settings: ContractSettings::default(),
            explains: false,
            spool: Spool::default(),
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

    /// How many actions a flow may have.
    #[must_use]
    pub fn flow_bound(self, flow_bound: usize) -> Self {
        Self { flow_bound, ..self }
    }

    /// Rules, which are checked when the app opens.
    #[must_use]
    pub fn rules(self, sources: Sources) -> Self {
        Self { sources, ..self }
    }

    /// Whether refusals of contracts tell how they came about: for whoever writes the rules, never for the world.
    #[must_use]
    pub fn explain_refusals(self, explains: bool) -> Self {
        Self { explains, ..self }
    }

    /// Settings of contracts, in place of what the contracts say.
    #[must_use]
    pub fn settings(self, settings: ContractSettings) -> Self {
        Self { settings, ..self }
    }

    /// A folder in which the files of requests lie while their flows last; it is made when it is needed, and cleared when
    /// the app opens. Without one, a request that brings a file is refused.
    #[must_use]
    pub fn spool(self, folder: PathBuf) -> Self {
        Self { spool: Spool(Some(folder)), ..self }
    }

    /// Opens the app: the rules are checked, the store makes room for every collection and builds the indexes that are
    /// new, and flows that were not done when the last process ended are taken up.
    pub async fn open(self, mut registry: Registry, store: Arc<dyn Store>) -> Result<App, OpenError> {
        let (rules, warnings) = rules::load(self.sources, &mut registry, &self.settings)?;
        let layouts = registry.layouts();
        let ids = store.prepare(&layouts).wait().await?;
        let of_all = layouts.iter().zip(&ids);
        let mut volatile: Vec<_> =
            of_all.filter_map(|(layout, id)| layout.state.volatile.then_some(*id)).collect();
        volatile.sort_unstable();
        registry.bind(places(&layouts, ids));
        let source: Arc<dyn Source> = Arc::<dyn Store>::clone(&store);
        let contracts = Contracts::new(&rules, &registry);
        let sockets = Sockets::new(&registry);
        let engine = Engine {
            sockets,
            registry,
            rules,
            store,
            source,
            clock: self.clock,
            ids: self.ids,
            queue: Arc::default(),
            volatile,
            deadline: self.deadline,
            flow_bound: self.flow_bound,
            firings: Firings::default(),
            closing: std::sync::Mutex::default(),
        };
        let app =
            App::new(engine, contracts, warnings, Ring::new(self.ring_bytes), self.explains, self.spool);
        app.take_up().await?;
        app.inner.spool.clear();
        let fails = |refusal: concord::Refusal| refusal.chain().unwrap_or(refusal.message.into());
        app.close_gone().await.map_err(|refusal| OpenError::Connections(fails(refusal)))?;
        Ok(app)
    }
}

/// Checks rules against concepts, without opening anything.
pub fn check(
    sources: Sources,
    mut registry: Registry,
    settings: &ContractSettings,
) -> Result<(concord_lang::Plan, concord_lang::Diagnostics), OpenError> {
    check_into(sources, &mut registry, settings)
}

/// The same, with the instances that contracts have to themselves added to the registry.
pub fn check_into(
    sources: Sources,
    registry: &mut Registry,
    settings: &ContractSettings,
) -> Result<(concord_lang::Plan, concord_lang::Diagnostics), OpenError> {
    let (rules, warnings) = rules::load(sources, registry, settings)?;
    Ok((rules.plan, warnings))
}

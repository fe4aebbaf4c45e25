//! What every handler shares: the app, its limits, and who may call what.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use concord::Ids;
use concord_runtime::{App, Clock, FlowId, RandomIds, SystemClock};

use super::metrics::Metrics;
use super::proxies::Proxies;
use crate::token::Admins;

/// Bounds on one request, and on all that are going on.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Bytes of a body at most.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_patience: Duration,
    /// Requests at one time at most.
    pub in_flight: usize,
    /// Bytes of the files of one request at most.
    pub file_bytes: usize,
    /// How long a request with files may take to arrive.
    pub file_patience: Duration,
    /// Requests with files at one time at most. With `file_bytes` it bounds what they take of the disk.
    pub uploads: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            body_patience: Duration::from_secs(30),
            in_flight: 4_096,
            file_bytes: 100 << 20,
            file_patience: Duration::from_mins(10),
            uploads: 32,
        }
    }
}

/// A site to serve.
pub struct Site {
    pub(crate) app: App,
    pub(crate) admins: Admins,
    pub(crate) limits: RequestLimits,
    pub(crate) proxies: Proxies,
    pub(crate) in_flight: InFlight,
    pub(crate) uploads: InFlight,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) draining: AtomicBool,
    /// Concepts that anybody may call.
    open: Vec<String>,
    ids: RandomIds,
}

impl Site {
    /// A site on an app. Concepts that a contract exposes are for everyone, the rest for admins.
    pub fn new(app: App, admins: Admins, limits: RequestLimits) -> Self {
        let exposed = app.plan().contracts.iter().flat_map(|contract| &contract.expose);
        let open = exposed.map(ToString::to_string).collect();
        Self {
            app,
            admins,
            limits,
            proxies: Proxies::default(),
            in_flight: InFlight::new(limits.in_flight),
            uploads: InFlight::new(limits.uploads),
            metrics: Arc::new(Metrics::new()),
            draining: AtomicBool::new(false),
            open,
            ids: RandomIds::default(),
        }
    }

    /// Behind proxies that are believed when they say where a request comes from.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Its figures.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Says from now on that it is not ready, so that nobody sends new work.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// The concepts that anybody may call.
    pub fn exposed(&self) -> &[String] {
        &self.open
    }

    pub(crate) fn is_open(&self, concept: &str) -> bool {
        self.open.iter().any(|open| open == concept)
    }

    /// A text that nobody can guess.
    pub(crate) fn fresh_secret(&self) -> String {
        format!("{:032x}", self.ids.bits())
    }

    /// A request id for what never became a flow.
    pub(crate) fn fresh_flow(&self) -> FlowId {
        let now = u128::from(SystemClock.now().0.unsigned_abs());
        FlowId(now << 80 | self.ids.bits() >> 48)
    }
}

/// Counts requests, up to a limit.
pub(crate) struct InFlight {
    limit: usize,
    count: AtomicUsize,
}

/// A request among those in flight, until it is dropped.
pub(crate) struct Place<'a>(&'a AtomicUsize);

impl InFlight {
    fn new(limit: usize) -> Self {
        Self { limit, count: AtomicUsize::new(0) }
    }

    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        let before = self.count.fetch_add(1, Ordering::AcqRel);
        let place = Place(&self.count);
        (before < self.limit).then_some(place)
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

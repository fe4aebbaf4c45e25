//! HTTP: routes, and what answers them.
//!
//! What has a fixed path is axum's to route. A call is not: the registry knows its path, and on the way through a router
//! it would be put into a box five times. So calls have a short way past it, which a server of our own takes; mounted in
//! another router they go the long way and are answered the same.

mod api;
mod body;
pub(crate) mod contract;
mod cors;
mod metrics;
mod ops;
pub(crate) mod reply;
mod site;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};

use self::api::Calls;
pub(crate) use self::contract::Peer;
pub use self::metrics::Metrics;
pub use self::site::{RequestLimits, Site};

/// An answer on either way.
pub(crate) type Answer = Response<Either<Full<Bytes>, Body>>;

/// What answers the requests to a site.
#[derive(Clone)]
pub struct Routes {
    calls: Arc<Calls>,
    router: Router,
}

impl Routes {
    /// `origins` are the web sites whose pages may call it; `*` is all of them.
    pub fn new(site: &Arc<Site>, origins: &[String]) -> Self {
        let calls = Arc::new(Calls::new(site, origins));
        let router = others(site).fallback({
            let calls = Arc::clone(&calls);
            async move |request| calls.answer(request).await
        });
        // Makes the routes ready once, not once a request.
        Self { calls, router: router.with_state(()) }
    }

    /// With the routes of another program beside them. Where both have one, this panics, as axum does.
    #[must_use]
    pub fn beside(self, others: Router) -> Self {
        Self { router: self.router.merge(others), ..self }
    }

    /// Answers a request that came from there.
    pub(crate) async fn answer(&self, peer: Option<Peer>, mut request: Request<Incoming>) -> Answer {
        if self.calls.takes(request.uri().path()) {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            return self.calls.answer(request).await.map(Either::Left);
        }
        // A router is always ready, so it need not be asked.
        let answered = tower::Service::call(&mut self.router.clone(), request).await;
        answered.unwrap_or_else(|never| match never {}).map(Either::Right)
    }
}

impl From<Routes> for Router {
    /// All of them as a plain router, to be mounted in another.
    fn from(routes: Routes) -> Self {
        routes.router
    }
}

/// The routes with paths of their own, which are only read.
fn others(site: &Arc<Site>) -> Router {
    let shared = || Arc::clone(site);
    let (health, ready, metrics, index) = (shared(), shared(), shared(), shared());
    let (flows, writers) = (shared(), shared());
    let read = [
        ("/health", get(async move || ops::health(&health))),
        ("/ready", get(move |request| ops::ready(ready, request))),
        ("/metrics", get(async move || ops::metrics(&metrics))),
        ("/flows/{flow}", get(move |request| ops::flow(flows, request))),
    ];
    let mut router = Router::new().route("/", get(async move || ops::index(&index)));
    for (path, get) in read {
        router = router.route(&format!("{path}/"), get.clone()).route(path, get);
    }
    router.method_not_allowed_fallback(async move |request| ops::only_read(&writers, request))
}

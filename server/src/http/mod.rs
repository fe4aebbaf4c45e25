//! HTTP: routes, and what answers them.
//!
//! What has a fixed path is axum's to route. A call is not: the registry knows its path, and on the way through a router
//! it would be put into a box five times. So calls have a short way past it, which a server of our own takes; mounted in
//! another router they go the long way and are answered the same.

mod api;
mod body;
pub(crate) mod contract;
mod cors;
mod docs;
mod form;
mod metrics;
mod ops;
pub mod pages;
mod proxies;
pub(crate) mod reply;
mod site;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::UPGRADE;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use self::api::Calls;
pub(crate) use self::body::{BodyFault, Cause, read as read_body};
pub(crate) use self::contract::{Peer, respond, text_headers};
pub use self::metrics::Metrics;
pub use self::proxies::Proxies;
pub use self::site::{RequestLimits, Site};
use crate::socket::takeover::{Stream, Takeover};
use crate::socket::{At, Carries, Sockets};

/// An answer on either way.
pub(crate) type Answer = Response<Either<Full<Bytes>, Body>>;

/// What answers the requests to a site.
#[derive(Clone)]
pub struct Routes {
    ways: Arc<Ways>,
    router: Router,
}

/// Where requests go that no router has to look at.
struct Ways {
    site: Arc<Site>,
    calls: Calls,
    sockets: Sockets,
}

impl Routes {
    /// `origins` are the web sites whose pages may call it; `*` is all of them. Within a tokio runtime, which sockets need.
    pub fn new(site: &Arc<Site>, origins: &[String]) -> Self {
        let sockets = Sockets::new(site);
        let ways = Arc::new(Ways { site: Arc::clone(site), calls: Calls::new(site, origins), sockets });
        let router = others(site).fallback({
            let ways = Arc::clone(&ways);
            async move |request: Request<Body>| ways.mounted(request).await
        });
        // Makes the routes ready once, not once a request.
        Self { ways, router: router.with_state(()) }
    }

    /// With the routes of another program beside them. Where both have one, this panics, as axum does.
    #[must_use]
    pub fn beside(self, others: Router) -> Self {
        Self { router: self.router.merge(others), ..self }
    }

    /// Answers a request that came from there.
    pub(crate) async fn answer(&self, peer: Option<Peer>, mut request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        let socket = self.ways.socket(&request);
        if socket.is_some() || self.ways.calls.takes(path) {
            if let Some(Peer(peer)) = peer {
                let client = self.ways.site.proxies.client(peer, request.headers());
                request.extensions_mut().insert(Peer(client));
            }
            return match socket {
                Some(at) => self.ways.talk(at, request).await,
                None => self.ways.calls.answer(request).await.map(Either::Left),
            };
        }
        // A router is always ready, so it need not be asked.
        let answered = tower::Service::call(&mut self.router.clone(), request).await;
        answered.unwrap_or_else(|never| match never {}).map(Either::Right)
    }

    /// Ends connections that no request's end will end.
    pub(crate) fn close_sockets(&self) {
        self.ways.sockets.close();
    }
}

impl Ways {
    /// The socket that a request is meant for. Most requests are calls, and are not looked at twice.
    fn socket<B>(&self, request: &Request<B>) -> Option<At> {
        let path = request.uri().path();
        let may_be = !path.starts_with("/api/") || request.headers().contains_key(UPGRADE);
        may_be.then(|| self.sockets.at(&self.site, path)).flatten()
    }

    async fn talk<B: Carries>(&self, at: At, request: Request<B>) -> Answer {
        if let Some(response) = self.calls.cors.preflight(&request) {
            return response.map(Either::Left);
        }
        let origin = self.calls.cors.origin(request.headers());
        let mut answer = self.sockets.answer(&self.site, at, request).await;
        if let Some(origin) = origin {
            self.calls.cors.mark(&mut answer, origin);
        }
        answer
    }

    /// Answers within the router of another program, whose server gives connections up in its own way.
    async fn mounted(&self, mut request: Request<Body>) -> Answer {
        let Some(at) = self.socket(&request) else {
            return self.calls.answer(request).await.map(Either::Left);
        };
        let upgraded = hyper::upgrade::on(&mut request);
        let mut answer = self.talk(at, request).await;
        if let Some(takeover) = answer.extensions_mut().remove::<Takeover>() {
            tokio::spawn(async move {
                if let Ok(upgraded) = upgraded.await {
                    let (stopping, stop) = tokio::sync::watch::channel(false);
                    let stream = Stream::new(TokioIo::new(upgraded), Bytes::new());
                    if let Some(going) = takeover.go_on(stream, stop) {
                        going.await;
                    }
                    drop(stopping);
                }
            });
        }
        answer
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
    for (path, get) in read.into_iter().chain(docs::routes(site)) {
        router = router.route(&format!("{path}/"), get.clone()).route(path, get);
    }
    router
        .merge(pages::routes(pages::BUILT))
        .method_not_allowed_fallback(async move |request| ops::only_read(&writers, request))
}

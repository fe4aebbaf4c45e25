//! HTTP: routes, and what answers them.

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
use axum::routing::get;

use self::cors::Cors;
pub use self::metrics::Metrics;
pub use self::site::{RequestLimits, Site};

/// The routes of a site: a plain router, to be served or mounted in another.
///
/// `origins` are the web sites whose pages may call it; `*` is all of them.
pub fn router(site: &Arc<Site>, origins: &[String]) -> Router {
    let shared = || Arc::clone(site);
    let (health, ready, metrics, index) = (shared(), shared(), shared(), shared());
    let (flows, calls) = (shared(), shared());
    let cors = Arc::new(Cors::new(origins));
    Router::new()
        .route("/", get(async move || ops::index(&index)))
        .route("/health", get(async move || ops::health(&health)))
        .route("/ready", get(move || ops::ready(ready)))
        .route("/metrics", get(async move || ops::metrics(&metrics)))
        .route("/flows/{flow}", get(move |request| ops::flow(flows, request)))
        // Actions are routed by the registry, so the router need not know them.
        .fallback(move |request| api::answer(calls, cors, request))
        // Makes the routes ready once, not once a request.
        .with_state(())
}

//! HTTP: routes, and what answers them.

mod api;
mod body;
mod metrics;
mod ops;
pub(crate) mod reply;
mod site;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use self::metrics::Metrics;
pub use self::site::{RequestLimits, Site};

/// The routes of a site: a plain router, to be served or mounted in another.
///
/// `origins` are the web sites whose pages may call it; `*` is all of them.
pub fn router(site: &Arc<Site>, origins: &[String]) -> Router {
    let shared = || Arc::clone(site);
    let (health, ready, metrics, index) = (shared(), shared(), shared(), shared());
    let (calls, slashed, flows, rest) = (shared(), shared(), shared(), shared());
    Router::new()
        .route("/", get(move || async move { ops::index(&index) }))
        .route("/health", get(move || async move { ops::health(&health) }))
        .route("/ready", get(move || ops::ready(Arc::clone(&ready))))
        .route("/metrics", get(move || async move { ops::metrics(&metrics) }))
        .route("/flows/{flow}", get(move |request: Request| ops::flow(Arc::clone(&flows), request)))
        .route("/api/{concept}/{action}", any(move |request: Request| api::call(Arc::clone(&calls), request)))
        .route(
            "/api/{concept}/{action}/",
            any(move |request: Request| api::call(Arc::clone(&slashed), request)),
        )
        .fallback(move |request: Request| async move { api::nothing_here(&rest, &request) })
        .layer(cors(origins))
}

/// Methods and headers are named, not starred: a star does not cover requests with credentials.
fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE, AUTHORIZATION])
        .expose_headers([reply::REQUEST_ID, HeaderName::from_static("retry-after")])
        .max_age(std::time::Duration::from_secs(3600))
}

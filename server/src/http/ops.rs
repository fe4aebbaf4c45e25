//! What operators ask: is it up, is it ready, what are its figures, what happened in that flow.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{BadFlowId, FlowId, NOT_FOUND, Trace};
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::api::bearer;
use super::reply;
use super::site::Site;

/// The process is up. Says nothing of the store.
pub(crate) fn health(site: &Site) -> Response<Full<Bytes>> {
    answer(site, &json!({ "status": "up" }))
}

/// Work sent here will be done: the store takes writes, and the server is not about to stop.
pub(crate) async fn ready(site: Arc<Site>, request: Request<Body>) -> Response<Full<Bytes>> {
    let asked = request.into_parts().0;
    if site.draining.load(Ordering::Acquire) {
        let refusal = Refusal::new(Kind::Unavailable, "DRAINING", "the server is about to stop");
        return reply::refusal(&asked, site.fresh_flow(), &refusal);
    }
    match site.app.store().probe().wait().await {
        Ok(()) => answer(&site, &json!({ "status": "ready" })),
        Err(fault) => reply::refusal(&asked, site.fresh_flow(), &Refusal::unavailable(fault)),
    }
}

/// Figures for Prometheus.
pub(crate) fn metrics(site: &Site) -> Response<Full<Bytes>> {
    let text = site.metrics.text(site.in_flight.count(), site.app.firings());
    let mut response = Response::new(Full::from(text));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// To who writes where there is only something to read.
pub(crate) fn only_read(site: &Site, request: Request<Body>) -> Response<Full<Bytes>> {
    let refusal = Refusal::new(Kind::Invalid, "METHOD_NOT_ALLOWED", "this is only read, with GET");
    let asked = request.into_parts().0;
    let mut response = reply::refusal_as(&asked, StatusCode::METHOD_NOT_ALLOWED, site.fresh_flow(), &refusal);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// What is here.
pub(crate) fn index(site: &Site) -> Response<Full<Bytes>> {
    let registry = site.app.registry();
    let concepts: Vec<Value> = registry
        .instances()
        .iter()
        .map(|instance| json!({ "name": instance.name(), "purpose": instance.spec().purpose }))
        .collect();
    let about = json!({
        "name": "concord",
        "version": env!("CARGO_PKG_VERSION"),
        "api": "/api/<Concept>/<action>",
        "docs": "/docs",
        "pages": ["/interview/", "/call/"],
        "openapi": "/openapi.json",
        "health": "/health",
        "ready": "/ready",
        "metrics": "/metrics",
        "concepts": concepts,
    });
    answer(site, &about)
}

/// The records of a flow, for admins: those in memory, else those in the journal.
pub(crate) async fn flow(site: Arc<Site>, request: Request<Body>) -> Response<Full<Bytes>> {
    let asked = request.into_parts().0;
    let found = match asked_flow(&site, &asked) {
        Ok(id) => find_flow(&site, id).await,
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(trace) => answer(&site, &json!(trace)),
        Err(refusal) => reply::refusal(&asked, site.fresh_flow(), &refusal),
    }
}

fn asked_flow(site: &Site, asked: &Parts) -> Result<FlowId, Refusal> {
    site.admins.check(bearer(&asked.headers))?;
    let id = asked.uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    id.parse().map_err(|error: BadFlowId| Refusal::new(Kind::Invalid, INVALID_REQUEST, error.to_string()))
}

async fn find_flow(site: &Site, id: FlowId) -> Result<Trace, Refusal> {
    if let Some(flow) = site.app.recent(id) {
        return Ok(site.app.trace(&flow));
    }
    let lines = site.app.store().journal(id.0).wait().await.map_err(Refusal::unavailable)?;
    if lines.is_empty() {
        let message = "nothing is known of this flow, or not any more";
        return Err(Refusal::new(Kind::NotFound, NOT_FOUND, message));
    }
    Trace::of_journal(id, &lines).map_err(Refusal::internal)
}

fn answer(site: &Site, value: &Value) -> Response<Full<Bytes>> {
    reply::result(site.fresh_flow(), value.to_string().into())
}

//! Replies, and the one shape of a refusal: `{"error": "…", "code": "…"}`.
//!
//! Concepts know kinds; this is where a kind becomes a status. A refusal is logged here, once, with what the client is
//! not told, and of what the client sent no more than the method and the path: the rest may be secret.

use bytes::Bytes;
use concord::{Kind, Refusal};
use concord_runtime::FlowId;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

/// The header that names the flow.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The status of a kind.
pub(crate) fn status(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[derive(Serialize)]
struct Shape<'a> {
    error: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Map<String, Value>>,
}

/// The body of a refusal.
pub(crate) fn body(refusal: &Refusal) -> Vec<u8> {
    let Refusal { message, code, details, .. } = refusal;
    let shape = Shape { error: message, code, details: details.as_deref() };
    // Text and a map of JSON values always turn into JSON.
    serde_json::to_vec(&shape).unwrap_or_default()
}

/// A result.
pub(crate) fn result(flow: FlowId, output: Bytes) -> Response<Full<Bytes>> {
    json(StatusCode::OK, flow, output)
}

/// A refusal with the status of its kind.
pub(crate) fn refusal(asked: &Parts, flow: FlowId, refusal: &Refusal) -> Response<Full<Bytes>> {
    refusal_as(asked, status(refusal.kind), flow, refusal)
}

/// A refusal with a status of HTTP's own.
pub(crate) fn refusal_as(
    asked: &Parts,
    status: StatusCode,
    flow: FlowId,
    refusal: &Refusal,
) -> Response<Full<Bytes>> {
    log(Some(asked), status, flow, refusal);
    let mut response = json(status, flow, body(refusal).into());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn json(status: StatusCode, flow: FlowId, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Ok(id) = HeaderValue::from_bytes(&flow.digits()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Logs a refusal: what is ours to mend as an error, having too much to do as a warning, and what is the client's at a
/// level that operators can turn off. Messages to clients quote what they sent, so only those of our own faults are kept.
pub(crate) fn log(asked: Option<&Parts>, status: StatusCode, flow: FlowId, refusal: &Refusal) {
    let (code, message) = (&*refusal.code, &*refusal.message);
    let method = asked.map(|asked| asked.method.as_str());
    let path = asked.map(|asked| shortened(asked.uri.path()));
    let status = status.as_u16();
    if let Some(cause) = refusal.chain() {
        tracing::error!(request = %flow, method, path, status, code, message, cause, "refused");
    } else if status >= 500 {
        tracing::warn!(request = %flow, method, path, status, code, message, "refused");
    } else {
        tracing::info!(request = %flow, method, path, status, code, "refused");
    }
}

/// As much of a path as is worth keeping.
pub(super) fn shortened(path: &str) -> &str {
    &path[..path.floor_char_boundary(256)]
}

//! Replies to what never became a request, written by hand and in the shape of all others.

use concord::{INVALID_REQUEST, Ids, Kind, Refusal};
use concord_runtime::{Clock, FlowId, RandomIds, SystemClock};
use hyper::StatusCode;

use crate::http::reply;

/// In place of hyper's reply to a head that it could not parse.
pub(super) fn malformed(own: &[u8]) -> Option<Vec<u8>> {
    let status = StatusCode::from_bytes(own.get(9..12)?).ok()?;
    let (code, message) = match status {
        StatusCode::URI_TOO_LONG => ("TOO_LARGE", "the path is too long"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ("TOO_LARGE", "the headers are too large"),
        _ => (INVALID_REQUEST, "this is not HTTP as it should be"),
    };
    Some(whole(status, &Refusal::new(Kind::Invalid, code, message), ""))
}

/// To a connection that began to ask and did not finish in time.
pub(super) fn late() -> Vec<u8> {
    let refusal = Refusal::new(Kind::Invalid, INVALID_REQUEST, "the headers did not arrive in time");
    whole(StatusCode::REQUEST_TIMEOUT, &refusal, "")
}

/// To a connection that is one too many.
pub(super) fn crowded() -> Vec<u8> {
    let refusal = Refusal::new(Kind::Unavailable, "OVERLOADED", "too many connections; try again");
    whole(StatusCode::SERVICE_UNAVAILABLE, &refusal, "retry-after: 1\r\n")
}

fn whole(status: StatusCode, refusal: &Refusal, more: &str) -> Vec<u8> {
    let now = u128::from(SystemClock.now().0.unsigned_abs());
    let flow = FlowId(now << 80 | RandomIds::default().bits() >> 48);
    reply::log(None, status, flow, refusal);
    let body = reply::body(refusal);
    let (code, reason, length) = (status.as_str(), status.canonical_reason().unwrap_or_default(), body.len());
    let mut out = format!(
        "HTTP/1.1 {code} {reason}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         x-request-id: {flow}\r\n{more}connection: close\r\n\r\n"
    )
    .into_bytes();
    out.extend(body);
    out
}

//! Requests to contracts: from HTTP to what the runtime knows, and back.
//!
//! Which routes there are, who gets in and what a refusal looks like is the contract's to say; here are only headers,
//! bytes and limits.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{Admission, Answered, Content, ContractId, Head};
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use super::body::{self, BodyFault, Cause};
use super::form::{self, FormFault};
use super::reply;
use super::site::Site;

/// Who is at the other end of the connection, or of the proxies before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Answers a request to a contract.
pub(crate) async fn answer<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
    site: &Site,
    contract: ContractId,
    request: Request<B>,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let (asked, body) = request.into_parts();
    let mut cut = false;
    let answered = answered(site, contract, &asked, body, &mut cut).await;
    let mut response = respond(answered, &asked);
    if cut {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    site.metrics.answered(None, response.status(), started.elapsed());
    response
}

/// What the contract answers; `cut` says whether something is left of the body, which is not worth waiting for.
async fn answered<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
    site: &Site,
    contract: ContractId,
    asked: &Parts,
    body: B,
    cut: &mut bool,
) -> Answered {
    let Some(_place) = site.in_flight.enter() else {
        let refusal = Refusal::new(Kind::Unavailable, "OVERLOADED", "too much is going on; try again");
        return site.app.refuse_at(contract, refusal, None);
    };
    let head = Head {
        method: asked.method.as_str().to_owned(),
        path: asked.uri.path().to_owned(),
        query: asked.uri.query().unwrap_or_default().to_owned(),
        headers: text_headers(asked),
        ip: asked.extensions.get::<Peer>().map(|peer| peer.0.to_string()).unwrap_or_default(),
    };
    let admission = match site.app.admit(contract, head).await {
        Ok(admission) => admission,
        Err(refused) => return refused,
    };
    match content(site, &admission, asked, body).await {
        Ok(content) => site.app.request(admission, content).await,
        Err(fault) => {
            let (refusal, status) = as_refusal(fault);
            *cut = true;
            site.app.refuse(admission, refusal, status)
        }
    }
}

/// What a request brings: a form, or a body that is taken as it is.
async fn content<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
    site: &Site,
    admission: &Admission,
    asked: &Parts,
    body: B,
) -> Result<Content, FormFault> {
    let limits = &site.limits;
    match form::boundary(&asked.headers).filter(|_| !body.is_end_stream()) {
        // In a box: hardly any request is one, and all would carry the room for it.
        Some(boundary) => Ok(Box::pin(form::read(site, admission, body, boundary?)).await?.into()),
        None => Ok(body::read(body, limits.body_bytes, limits.body_patience).await?.into()),
    }
}

/// What could not be read, as its client is told, and the status where the kind has another.
fn as_refusal(fault: FormFault) -> (Refusal, Option<u16>) {
    let (kind, code, status) = match &fault {
        FormFault::Body(BodyFault::TooLarge(_)) | FormFault::FilesTooLarge(_) => {
            (Kind::TooLarge, "TOO_LARGE", None)
        }
        FormFault::Body(BodyFault::Late) => (Kind::Invalid, INVALID_REQUEST, Some(408)),
        FormFault::Body(BodyFault::Broken(_)) | FormFault::Malformed(_) => {
            (Kind::Invalid, INVALID_REQUEST, None)
        }
        FormFault::Crowded => (Kind::Unavailable, "OVERLOADED", None),
        FormFault::NotStored(_) => return (Refusal::internal(fault), None),
    };
    (Refusal::new(kind, code, fault.to_string()), status)
}

/// The headers that are text.
pub(crate) fn text_headers(asked: &Parts) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers = asked.headers.iter();
    headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// Headers that are not a rule's to set: they say where a message ends and what becomes of its connection, or are the
/// server's word.
static OWN: [HeaderName; 10] = [
    CONNECTION,
    CONTENT_LENGTH,
    DATE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    reply::REQUEST_ID,
];

/// A header that a rule set, if HTTP can carry it and rules may set it.
fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::try_from(name).ok().filter(|name| !OWN.contains(name))?;
    Some((name, HeaderValue::try_from(value).ok()?))
}

/// The same as a response. Headers of rules that cannot go out are left out, and the log says so.
pub(crate) fn respond(answered: Answered, asked: &Parts) -> Response<Full<Bytes>> {
    let Answered { flow, status, headers, body, refused } = answered;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(refusal) = refused {
        reply::log(Some(asked), status, flow, &refusal);
    }
    let has_body = !body.is_empty();
    let is_head = asked.method == Method::HEAD;
    let mut response = Response::new(Full::from(if is_head { Bytes::new() } else { body }));
    *response.status_mut() = status;
    let map = response.headers_mut();
    if has_body {
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(id) = HeaderValue::from_bytes(&flow.digits()) {
        map.insert(reply::REQUEST_ID, id);
    }
    let mut lost = Vec::new();
    for (name, value) in headers {
        match header(&name, &value) {
            Some((name, value)) => drop(map.insert(name, value)),
            None => lost.push(name),
        }
    }
    if !lost.is_empty() {
        // Their names alone: what they say may be secret.
        let names = lost.join(", ");
        let headers = &names[..names.floor_char_boundary(256)];
        tracing::warn!(request = %flow, headers, "a rule set headers that cannot be sent; they were left out");
    }
    response
}

/// Lets a page of another site see the headers that the contract set.
pub(crate) fn expose(response: &mut Response<Full<Bytes>>) {
    let names: Vec<&str> = response.headers().keys().map(HeaderName::as_str).collect();
    if let Ok(value) = HeaderValue::try_from(names.join(", ")) {
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, value);
    }
}

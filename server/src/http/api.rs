//! `POST /api/<Concept>/<action>`: any action of any concept, by name.
//!
//! Which concepts are open to everyone is the site's to say; the rest ask for an admin's token.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{ActionRef, NOT_FOUND, Reply};
use hyper::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::body::{self, BodyFault};
use super::contract;
use super::cors::Cors;
use super::reply;
use super::site::Site;

/// A refusal that has its own status.
struct Denied {
    status: StatusCode,
    refusal: Refusal,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { status: reply::status(refusal.kind), refusal }
    }
}

/// Answers what no fixed route takes: calls, and questions of browsers about them.
pub(crate) async fn answer(site: Arc<Site>, cors: Arc<Cors>, request: Request<Body>) -> Response<Body> {
    if let Some(response) = cors.preflight(&request) {
        return response;
    }
    let origin = cors.origin(request.headers());
    // Routes of contracts win over actions by name.
    let mut response = match site.app.contract_at(request.uri().path()) {
        Some(id) => {
            let mut response = contract::answer(&site, id, request).await;
            if origin.is_some() {
                contract::expose(&mut response);
            }
            response
        }
        None => call(site, request).await,
    };
    if let Some(origin) = origin {
        cors.mark(&mut response, origin);
    }
    response
}

async fn call(site: Arc<Site>, request: Request<Body>) -> Response<Body> {
    let started = Instant::now();
    let (action, replied) = match admit(&site, &request) {
        Ok(action) => (Some(action), run(&site, action, request).await),
        Err(denied) => (None, Err(denied)),
    };
    let response = match replied {
        Ok(Reply { flow, result: Ok(output) }) => reply::result(flow, output),
        Ok(Reply { flow, result: Err(refusal) }) => reply::refusal(flow, &refusal),
        Err(denied) => deny(&site, &denied),
    };
    site.metrics.answered(action, response.status(), started.elapsed());
    response
}

fn deny(site: &Site, Denied { status, refusal }: &Denied) -> Response<Body> {
    let mut response = reply::refusal_as(*status, site.fresh_flow(), refusal);
    let headers = response.headers_mut();
    match *status {
        StatusCode::METHOD_NOT_ALLOWED => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
        // What is left of the body is not worth waiting for.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// Everything that can be said before the body is read.
fn admit(site: &Site, request: &Request<Body>) -> Result<ActionRef, Denied> {
    let (concept, action) = names(request.uri().path()).ok_or_else(|| unknown_route(request.uri().path()))?;
    if request.method() != Method::POST {
        let message = "actions and queries are called with POST";
        let refusal = Refusal::new(Kind::Invalid, "METHOD_NOT_ALLOWED", message);
        return Err(Denied { status: StatusCode::METHOD_NOT_ALLOWED, refusal });
    }
    let action = site.app.registry().resolve(concept, action)?;
    if site.is_shut(action) {
        return Err(unknown_route(request.uri().path()).into());
    }
    if !site.is_open(action) {
        site.admins.check(bearer(request.headers()))?;
    }
    check_type(request.headers(), request.body())?;
    Ok(action)
}

async fn run(site: &Site, action: ActionRef, request: Request<Body>) -> Result<Reply, Denied> {
    let Some(_place) = site.in_flight.enter() else {
        let refusal = Refusal::new(Kind::Unavailable, "OVERLOADED", "too much is going on; try again");
        return Err(refusal.into());
    };
    let body = body::read(request.into_body(), site.limits.body_bytes, site.limits.body_patience);
    let body = body.await.map_err(|fault| body_refusal(&fault))?;
    Ok(site.app.call(action, body).await)
}

fn body_refusal(fault: &BodyFault) -> Denied {
    let message = fault.to_string();
    match fault {
        BodyFault::TooLarge(_) => Refusal::new(Kind::TooLarge, "TOO_LARGE", message).into(),
        BodyFault::Late => {
            let refusal = Refusal::new(Kind::Invalid, INVALID_REQUEST, message);
            Denied { status: StatusCode::REQUEST_TIMEOUT, refusal }
        }
        BodyFault::Broken(_) => Refusal::new(Kind::Invalid, INVALID_REQUEST, message).into(),
    }
}

/// The two names in `/api/<Concept>/<action>`. A slash at the end is tolerated.
fn names(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix("/api/")?;
    let (concept, action) = path.strip_suffix('/').unwrap_or(path).split_once('/')?;
    (!action.contains('/')).then_some((concept, action))
}

fn unknown_route(path: &str) -> Refusal {
    let path: String = path.chars().filter(|c| !c.is_control()).take(128).collect();
    Refusal::new(
        Kind::NotFound,
        NOT_FOUND,
        format!("there is nothing at {path}; actions are at /api/<Concept>/<action>"),
    )
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A body is JSON and says so.
fn check_type(headers: &HeaderMap, body: &Body) -> Result<(), Denied> {
    let said = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = said.is_some_and(|said| {
        let essence = said.split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
    });
    let is_empty = hyper::body::Body::is_end_stream(body);
    if is_json || (is_empty && said.is_none()) {
        return Ok(());
    }
    let message = "the body must be JSON, and say so: content-type: application/json";
    let refusal = Refusal::new(Kind::Invalid, "UNSUPPORTED_TYPE", message);
    Err(Denied { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_concept_and_an_action() {
        assert_eq!(names("/api/Room/open"), Some(("Room", "open")));
        assert_eq!(names("/api/Room/open/"), Some(("Room", "open")));
        for path in ["/", "/api", "/api/Room", "/api/Room/open/more", "/apis/Room/open"] {
            assert_eq!(names(path), None, "{path}");
        }
    }
}

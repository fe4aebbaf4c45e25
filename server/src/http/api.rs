//! `POST /api/<Concept>/<action>`: any action of any concept, by name.
//!
//! Which concepts are open to everyone is the site's to say; the rest ask for an admin's token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{ActionRef, NOT_FOUND, Registry, Reply};
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::body::{self, BodyFault, Cause};
use super::contract;
use super::cors::Cors;
use super::metrics::Outcomes;
use super::reply;
use super::site::Site;

/// How the paths of calls begin.
const API: &str = "/api/";

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
pub(crate) struct Calls {
    site: Arc<Site>,
    pub(super) cors: Cors,
    /// Every action by its path, without what all paths begin with: one look-up a call.
    targets: HashMap<String, Target>,
}

/// What there is to know of an action before it is called.
struct Target {
    action: ActionRef,
    is_open: bool,
    outcomes: Outcomes,
}

/// Whether an action belongs to a concept that the server itself feeds.
fn is_shut(registry: &Registry, action: ActionRef) -> bool {
    registry.instance(action).spec().actions.iter().any(|action| action.stimulus)
}

impl Calls {
    pub(crate) fn new(site: &Arc<Site>, origins: &[String]) -> Self {
        let registry = site.app.registry();
        let target = |action| {
            let (concept, name) = registry.names(action);
            let outcomes = site.metrics.outcomes(concept, name);
            (format!("{concept}/{name}"), Target { action, is_open: site.is_open(concept), outcomes })
        };
        // Requests and sockets come in ways of their own: nobody calls those concepts by name.
        let targets = registry.actions().filter(|action| !is_shut(registry, *action)).map(target).collect();
        Self { site: Arc::clone(site), cors: Cors::new(origins), targets }
    }

    /// Whether this answers what is at a path, rather than a router.
    pub(crate) fn takes(&self, path: &str) -> bool {
        path.starts_with(API) || self.site.app.contract_at(path).is_some()
    }

    pub(crate) async fn answer<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
        &self,
        request: Request<B>,
    ) -> Response<Full<Bytes>> {
        if let Some(response) = self.cors.preflight(&request) {
            return response;
        }
        let origin = self.cors.origin(request.headers());
        // Routes of contracts win over actions by name.
        let mut response = match self.site.app.contract_at(request.uri().path()) {
            None => self.call(request).await,
            Some(id) => {
                let mut response = contract::answer(&self.site, id, request).await;
                if origin.is_some() {
                    contract::expose(&mut response);
                }
                response
            }
        };
        if let Some(origin) = origin {
            self.cors.mark(&mut response, origin);
        }
        response
    }

    async fn call<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
        &self,
        request: Request<B>,
    ) -> Response<Full<Bytes>> {
        let started = Instant::now();
        let (asked, body) = request.into_parts();
        let (target, replied) = match self.admit(&asked, &body) {
            Ok(target) => (Some(target), self.run(target.action, body).await),
            Err(denied) => (None, Err(denied)),
        };
        let response = match replied {
            Ok(Reply { flow, result: Ok(output) }) => reply::result(flow, output),
            Ok(Reply { flow, result: Err(refusal) }) => reply::refusal(&asked, flow, &refusal),
            Err(denied) => deny(&self.site, &asked, &denied),
        };
        let outcomes = target.map(|target| &target.outcomes);
        self.site.metrics.answered(outcomes, response.status(), started.elapsed());
        response
    }

    /// Everything that can be said before the body is read.
    fn admit(&self, asked: &Parts, body: &impl Body) -> Result<&Target, Denied> {
        let path = asked.uri.path();
        let (whole, concept, action) = names(path).ok_or_else(|| unknown_route(path))?;
        if asked.method != Method::POST {
            let message = "actions and queries are called with POST";
            let refusal = Refusal::new(Kind::Invalid, "METHOD_NOT_ALLOWED", message);
            return Err(Denied { status: StatusCode::METHOD_NOT_ALLOWED, refusal });
        }
        let Some(target) = self.targets.get(whole) else {
            let unknown = self.site.app.registry().resolve(concept, action);
            return Err(unknown.err().unwrap_or_else(|| unknown_route(path)).into());
        };
        if !target.is_open {
            self.site.admins.check(bearer(&asked.headers))?;
        }
        check_type(&asked.headers, body)?;
        Ok(target)
    }

    async fn run<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
        &self,
        action: ActionRef,
        body: B,
    ) -> Result<Reply, Denied> {
        let Site { app, limits, in_flight, .. } = &*self.site;
        let Some(_place) = in_flight.enter() else {
            let refusal = Refusal::new(Kind::Unavailable, "OVERLOADED", "too much is going on; try again");
            return Err(refusal.into());
        };
        let body = body::read(body, limits.body_bytes, limits.body_patience).await;
        Ok(app.call(action, body.map_err(|fault| body_refusal(&fault))?).await)
    }
}

fn deny(site: &Site, asked: &Parts, Denied { status, refusal }: &Denied) -> Response<Full<Bytes>> {
    let mut response = reply::refusal_as(asked, *status, site.fresh_flow(), refusal);
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

/// The two names in `/api/<Concept>/<action>`, together and each. A slash at the end is tolerated.
fn names(path: &str) -> Option<(&str, &str, &str)> {
    let path = path.strip_prefix(API)?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let (concept, action) = path.split_once('/')?;
    (!action.contains('/')).then_some((path, concept, action))
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
fn check_type(headers: &HeaderMap, body: &impl Body) -> Result<(), Denied> {
    let said = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = said.is_some_and(|said| {
        let essence = said.split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
    });
    let is_empty = body.is_end_stream();
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
        assert_eq!(names("/api/Room/open"), Some(("Room/open", "Room", "open")));
        assert_eq!(names("/api/Room/open/"), Some(("Room/open", "Room", "open")));
        for path in ["/", "/api", "/api/Room", "/api/Room/open/more", "/apis/Room/open"] {
            assert_eq!(names(path), None, "{path}");
        }
    }
}

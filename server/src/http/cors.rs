//! Which pages of other sites may call the API.
//!
//! By hand, because `tower-http`'s layer writes its headers on every reply, and callers that are no browsers, which send no
//! `Origin`, would pay for them in every call. Methods and headers are named, not starred, and origins that are named may send
//! credentials; while all may call, none may, as browsers have it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

/// The origins that may call.
pub(crate) enum Cors {
    All,
    Some(Vec<HeaderValue>),
}

impl Cors {
    /// `*` among the origins is all of them.
    pub(crate) fn new(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") {
            return Self::All;
        }
        Self::Some(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    /// The origin to name in a reply; None if the caller is no page, or of a site that may not call.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        match self {
            Self::All => Some(HeaderValue::from_static("*")),
            Self::Some(allowed) => allowed.contains(origin).then(|| origin.clone()),
        }
    }

    /// The answer to a browser that asks before it calls; None if this is no such question.
    pub(crate) fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let asks = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if let Some(origin) = self.origin(request.headers()) {
            let headers = response.headers_mut();
            let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            // Contracts read tokens from headers of their own choice.
            let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            let usual = HeaderValue::from_static("content-type, authorization");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(usual));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
            self.mark(&mut response, origin);
        }
        Some(response)
    }

    /// Lets a page of this origin read the reply.
    pub(crate) fn mark<B>(&self, response: &mut Response<B>, origin: HeaderValue) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("x-request-id, retry-after");
        headers.entry(ACCESS_CONTROL_EXPOSE_HEADERS).or_insert(exposed);
        if matches!(self, Self::Some(_)) {
            headers.insert(VARY, HeaderValue::from_static("origin"));
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

//! What the server says of itself: its OpenAPI documents, and a page to explore them.
//!
//! The documents are made from the rules that are served, so they are right whatever rules those are; they are made when
//! somebody asks first. The page is a few files of its own, without anything from elsewhere.

use std::sync::{Arc, OnceLock};

use axum::routing::get;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response};
use serde_json::json;

use super::reply;
use super::site::Site;

const JSON: &str = "application/json";

/// Only what this server serves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: [(&str, &str, &str); 3] = [
    ("/docs", "text/html; charset=utf-8", include_str!("page.html")),
    ("/docs/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/docs/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
];

/// The documents, once somebody has asked for them.
#[derive(Default)]
struct Documents {
    whole: OnceLock<Bytes>,
    apis: OnceLock<Vec<(String, Bytes)>>,
}

/// The routes of the documents and of the page.
pub(super) fn routes(site: &Arc<Site>) -> Vec<(&'static str, axum::routing::MethodRouter)> {
    let documents = Arc::new(Documents::default());
    let (of_whole, of_api, of_events) = (Arc::clone(site), Arc::clone(site), Arc::clone(site));
    let apis = Arc::clone(&documents);
    let mut routes = vec![
        ("/openapi.json", get(async move || file(JSON, documents.whole(&of_whole)))),
        ("/openapi/{name}", get(async move |request| one(&of_api, &apis, request))),
        ("/docs/events.json", get(async move || file(JSON, events(&of_events)))),
    ];
    for (path, kind, text) in FILES {
        routes.push((path, get(async move || file(kind, Bytes::from_static(text.as_bytes())))));
    }
    routes
}

impl Documents {
    /// All contracts and all actions in one document.
    fn whole(&self, site: &Site) -> Bytes {
        let make = || concord_specs::whole(site.app.registry(), site.app.plan()).to_string().into();
        self.whole.get_or_init(make).clone()
    }

    fn apis(&self, site: &Site) -> &[(String, Bytes)] {
        self.apis.get_or_init(|| {
            let apis = concord_specs::apis(site.app.registry(), site.app.plan()).into_iter();
            apis.map(|api| (format!("{}.json", api.name), api.document.to_string().into())).collect()
        })
    }
}

/// The document of one contract.
fn one(site: &Site, documents: &Documents, request: Request<axum::body::Body>) -> Response<Full<Bytes>> {
    let asked = request.into_parts().0;
    let name = asked.uri.path().strip_prefix("/openapi/").unwrap_or_default().to_owned();
    let apis = documents.apis(site);
    if let Some((_, document)) = apis.iter().find(|(known, _)| *known == name) {
        file(JSON, document.clone())
    } else {
        let names: Vec<&str> = apis.iter().map(|(name, _)| &**name).collect();
        let message = format!("there is no such document; there is {}", names.join(", "));
        let refusal = concord::Refusal::new(concord::Kind::NotFound, concord_runtime::NOT_FOUND, message);
        reply::refusal(&asked, site.fresh_flow(), &refusal)
    }
}

/// The pages of the contracts' events, as Markdown.
fn events(site: &Site) -> Bytes {
    let contracts = site.app.plan().contracts.iter().enumerate();
    let pages = contracts.filter_map(|(at, contract)| {
        let text = concord_specs::event_page(site.app.registry(), site.app.plan(), at)?;
        Some(json!({ "contract": &*contract.name, "text": text }))
    });
    serde_json::Value::Array(pages.collect()).to_string().into()
}

fn file(kind: &'static str, bytes: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

//! The pages for people: an interview pad and a video call, as `web` builds them.
//!
//! They are part of the program if they were built before it. Files whose names hold a hash never change, so browsers keep
//! them; the pages themselves are asked for anew. Without a build each page says how to make it.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode};

/// Files by their paths, without the slash at the beginning.
pub type Files = &'static [(&'static str, &'static [u8])];

/// Those that were built with this program.
pub const BUILT: Files = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The pages, and what they are for.
const PAGES: [(&str, &str); 2] = [("interview", "The interview pad"), ("call", "The video call")];

/// Only what this server serves; the editor sets styles of its own, and pictures come from cameras.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; \
                      img-src 'self' data:; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// The routes of the pages and of what they need.
pub fn routes(files: Files) -> Router {
    let mut router = Router::new();
    for (name, title) in PAGES {
        let page = find(files, &format!("{name}/index.html"));
        let answer = async move || match page {
            Some(bytes) => file("text/html; charset=utf-8", bytes, "no-cache"),
            None => hint(title),
        };
        // Links within a page are relative to its folder.
        let moved = async move |request: Request<Body>| to_folder(&request, name);
        router = router.route(&format!("/{name}/"), get(answer)).route(&format!("/{name}"), get(moved));
    }
    router
        .route("/assets/{file}", get(async move |request: Request<Body>| asset(files, request.uri().path())))
}

fn find(files: Files, path: &str) -> Option<&'static [u8]> {
    files.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes)
}

fn asset(files: Files, path: &str) -> Response<Full<Bytes>> {
    let kind = match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some(_) | None => "application/octet-stream",
    };
    if let Some(bytes) = find(files, path.trim_start_matches('/')) {
        file(kind, bytes, "public, max-age=31536000, immutable")
    } else {
        let mut response = file("text/plain; charset=utf-8", b"there is no such file\n", "no-cache");
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }
}

fn to_folder(request: &Request<Body>, name: &str) -> Response<Full<Bytes>> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(location) = HeaderValue::try_from(format!("/{name}/{query}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// What stands in the place of a page that was not built.
fn hint(title: &str) -> Response<Full<Bytes>> {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <h1>{title} was not built</h1>\n\
         <p>This server was built without its pages. To have them, run in its checkout:</p>\n\
         <pre>npm --prefix web ci\nnpm --prefix web run build\ncargo build --release</pre>\n\
         <p>Everything else is here: <a href=\"/docs\">the API</a>.</p>\n"
    );
    let mut response = file("text/html; charset=utf-8", b"", "no-cache");
    *response.status_mut() = StatusCode::NOT_FOUND;
    *response.body_mut() = Full::from(text);
    response
}

fn file(kind: &'static str, bytes: &'static [u8], cache: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(Bytes::from_static(bytes)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // A link to a call holds who one is.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

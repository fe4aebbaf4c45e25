//! The pages for people, built or not.

use axum::body::{Body, to_bytes};
use concord_server::pages;
use hyper::{Request, StatusCode};
use tower::ServiceExt;

const FILES: pages::Files = &[
    ("assets/pad-1a2b.js", b"export {}"),
    ("call/index.html", b"<title>call</title>"),
    ("interview/index.html", b"<title>pad</title>"),
];

async fn get(files: pages::Files, path: &str) -> (StatusCode, hyper::HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (head, body) = pages::routes(files).oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn pages_are_asked_for_anew_and_files_with_a_hash_are_kept() {
    let (status, headers, body) = get(FILES, "/interview/").await;
    assert_eq!(
        (status, &*body, &headers["cache-control"]),
        (StatusCode::OK, "<title>pad</title>", &"no-cache".parse().unwrap())
    );
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(headers["referrer-policy"], "no-referrer");

    let (status, headers, body) = get(FILES, "/assets/pad-1a2b.js").await;
    assert_eq!((status, &*body), (StatusCode::OK, "export {}"));
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get(FILES, "/assets/other.js").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_without_its_slash_finds_the_page() {
    let (status, headers, _) = get(FILES, "/interview?session=abc12345").await;
    assert_eq!(
        (status, &headers["location"]),
        (StatusCode::PERMANENT_REDIRECT, &"/interview/?session=abc12345".parse().unwrap())
    );
}

#[tokio::test]
async fn pages_that_were_not_built_say_how_to_build_them() {
    for page in ["/interview/", "/call/"] {
        let (status, headers, body) = get(&[], page).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (StatusCode::NOT_FOUND, &"text/html; charset=utf-8".parse().unwrap())
        );
        assert!(
            body.contains("npm --prefix web ci") && body.contains("npm --prefix web run build"),
            "{body}"
        );
    }
}

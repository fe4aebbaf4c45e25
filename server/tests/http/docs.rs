//! What the server says of itself.

use axum::body::Body;
use hyper::{Request, StatusCode};

use crate::site::{ask, json, refused};

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_documents_tell_what_can_be_called() {
    let whole = json(ask(get("/openapi.json")).await).await;
    assert_eq!(whole["openapi"], "3.1.0");
    let create = &whole["paths"]["/api/CallSession/createSession"]["post"];
    let input = &create["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(input["required"], serde_json::json!(["host"]));
    let statuses: Vec<&String> = create["responses"].as_object().unwrap().keys().collect();
    for status in ["200", "400", "413", "415", "500", "503"] {
        assert!(statuses.iter().any(|known| *known == status), "{status}");
    }
    let one = json(ask(get("/openapi/Api.json")).await).await;
    assert_eq!(one["paths"]["/api/CallSession/createSession"]["post"], *create);
    let (status, code, body) = refused(get("/openapi/Nothing.json")).await;
    assert_eq!((status, &*code), (404, "NOT_FOUND"));
    assert!(body.to_string().contains("Api.json"), "{body}");
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    for (path, kind) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/", "text/html; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/events.json", "application/json"),
    ] {
        let answer = ask(get(path)).await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("http:"), "{path}");
        assert!(!String::from_utf8_lossy(&body).contains("https:"), "{path}");
    }
}

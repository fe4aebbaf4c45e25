//! What operators ask.

use axum::Router;
use axum::body::Body;
use concord_server::{RequestLimits, Routes};
use hyper::{Method, Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use crate::site::{ask, json, refused, site};

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn operators_are_answered_with_a_slash_at_the_end_or_without() {
    for slash in ["", "/"] {
        let get = |path: &str| get(&format!("{path}{slash}"));
        assert_eq!(json(ask(get("/health")).await).await, json!({ "status": "up" }));
        assert_eq!(json(ask(get("/ready")).await).await, json!({ "status": "ready" }));
        assert_eq!(ask(get("/metrics")).await.status(), StatusCode::OK);
        assert_eq!(refused(get("/flows/00")).await.0, 401);
    }
    let about = json(ask(get("/")).await).await;
    assert!(about["concepts"].as_array().unwrap().iter().any(|concept| concept["name"] == "CallSession"));
}

#[tokio::test]
async fn what_is_only_read_says_so_to_whoever_writes() {
    for path in ["/", "/health", "/ready/", "/metrics", "/flows/00"] {
        let request = || Request::builder().method(Method::POST).uri(path).body(Body::empty()).unwrap();
        let (status, code, _) = refused(request()).await;
        assert_eq!((status, &*code), (405, "METHOD_NOT_ALLOWED"), "{path}");
        assert_eq!(ask(request()).await.headers()["allow"], "GET, HEAD", "{path}");
    }
}

#[tokio::test]
async fn a_server_about_to_stop_is_up_but_not_ready() {
    let site = site(RequestLimits::default()).await;
    site.drain();
    let router = Router::from(Routes::new(&site, &[]));
    let ready = router.clone().oneshot(get("/ready")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(ready).await["code"], "DRAINING");
    assert_eq!(router.oneshot(get("/health")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn calls_are_counted_by_action_and_outcome() {
    let site = site(RequestLimits::default()).await;
    let router = Router::from(Routes::new(&site, &[]));
    for body in [r#"{"host":"ada"}"#, r#"{"host":"ben"}"#, "{}"] {
        let request =
            Request::post("/api/CallSession/createSession").header("content-type", "application/json");
        router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    }
    drop(router.clone().oneshot(get("/nowhere")).await.unwrap());
    let metrics = router.oneshot(get("/metrics")).await.unwrap();
    let text = axum::body::to_bytes(metrics.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let action = r#"concept="CallSession",action="createSession""#;
    let lines = [
        format!("concord_calls_total{{{action},outcome=\"Ok\"}} 2"),
        format!("concord_calls_total{{{action},outcome=\"Refused\"}} 1"),
        "concord_unrouted_total 1".to_owned(),
        "concord_duration_seconds_count 4".to_owned(),
    ];
    for line in lines {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

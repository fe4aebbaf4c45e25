//! The generic API, called as a value.

use std::time::Duration;

use axum::body::Body;
use concord_runtime::{Clock, SystemClock};
use hyper::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use hyper::{Method, Request, StatusCode};

use crate::site::{ask, json, refused, token};

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn an_action_answers_with_its_result_and_the_flows_id() {
    let response = ask(post("/api/CallSession/createSession/", r#"{"host":"ada"}"#)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-request-id"].len(), 32);
    assert_eq!(json(response).await["session"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn bad_bodies_are_refused_in_one_shape() {
    let deep = format!(r#"{{"host":{}"#, "[".repeat(900));
    let long = format!(r#"{{"host":"{}"}}"#, "x".repeat(257));
    let bodies: [(&[u8], &str); 12] = [
        (b"", "the field `host` is missing"),
        (b"{", "not complete JSON"),
        (b"[]", "a JSON object, not an array"),
        (b"null", "a JSON object, not null"),
        (b"\"host\"", "a JSON object, not a string"),
        (b"{}", "the field `host` is missing"),
        (br#"{"host":7}"#, "the field `host`: invalid type: integer `7`, expected an id"),
        (br#"{"host":"ada","nam":"x"}"#, "there is no field `nam`; did you mean `name`?"),
        (b"{\"host\":\"a\\u0000b\"}", "must not hold control characters"),
        (b"{\"host\":\"\xff\"}", "not JSON"),
        (deep.as_bytes(), "not JSON"),
        (long.as_bytes(), "must not be longer than 256 bytes"),
    ];
    for (body, expected) in bodies {
        let (status, code, body) = refused(post("/api/CallSession/createSession", body.to_vec())).await;
        assert_eq!((status, &*code), (400, "INVALID_REQUEST"), "{body}");
        assert!(body["error"].as_str().unwrap().contains(expected), "{body}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let (status, code, _) = refused(post("/api/CallSession/createSession", vec![b' '; 1_001])).await;
    assert_eq!((status, &*code), (413, "TOO_LARGE"));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request = Request::builder().method(method).uri("/api/CallSession/createSession");
        let response = ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &response.headers()[ALLOW]), (405, &"POST".parse().unwrap()));
        assert_eq!(json(response).await["code"], "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn a_body_that_does_not_say_it_is_json_is_refused() {
    let path = "/api/CallSession/createSession";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let request = Request::post(path).header(CONTENT_TYPE, kind).body(Body::from("{}")).unwrap();
        assert_eq!(refused(request).await.0, 415, "{kind}");
    }
    assert_eq!(refused(Request::post(path).body(Body::from("{}")).unwrap()).await.1, "UNSUPPORTED_TYPE");
    let kind = "Application/JSON; charset=utf-8";
    let request =
        Request::post(path).header(CONTENT_TYPE, kind).body(Body::from(r#"{"host":"ada"}"#)).unwrap();
    assert_eq!(ask(request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_name_is_a_404_with_the_nearest() {
    let cases = [
        ("/api/CalSession/createSession", "did you mean `CallSession`?"),
        ("/api/CallSession/creatSession", "did you mean `createSession`?"),
        ("/api/CallSession", "there is nothing at /api/CallSession"),
        ("/nowhere", "there is nothing at /nowhere"),
    ];
    for (path, expected) in cases {
        let (status, code, body) = refused(post(path, "{}")).await;
        assert_eq!((status, &*code), (404, "NOT_FOUND"));
        assert!(body["error"].as_str().unwrap().contains(expected), "{body}");
    }
}

#[tokio::test]
async fn a_concept_that_is_not_open_asks_for_an_admins_token() {
    let now = SystemClock.now();
    let hour = Duration::from_hours(1);
    let admin = token("admin", now, hour);
    let expired = token("admin", now - 2 * hour, hour);
    let user = token("user", now, hour);
    let tampered = format!("{}x", admin.trim_end_matches(|c: char| c.is_alphanumeric()));
    // {"alg":"none"} and the admin's claims, without a signature
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", admin.split('.').nth(1).unwrap());
    let cases = [
        (None, 401),
        (Some(format!("Bearer {expired}")), 401),
        (Some(format!("Bearer {tampered}")), 401),
        (Some(format!("Bearer {unsigned}")), 401),
        (Some(format!("Basic {admin}")), 401),
        (Some("Bearer".into()), 401),
        (Some(format!("Bearer {user}")), 403),
        (Some(format!("bearer {admin}")), 200),
    ];
    for (header, expected) in cases {
        let mut request = post("/api/Room/open", r#"{"owner":"ada"}"#);
        if let Some(header) = &header {
            request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        }
        assert_eq!(ask(request).await.status().as_u16(), expected, "{header:?}");
    }
}

#[tokio::test]
async fn pitfall_cors_with_credentials_and_preflight() {
    let asked = |origin: &str| {
        let request = Request::options("/api/CallSession/createSession").header(ORIGIN, origin);
        request.header("access-control-request-method", "POST").body(Body::empty()).unwrap()
    };
    let allowed = ask(asked("https://pad.example")).await;
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://pad.example");
    assert_eq!(allowed.headers()["access-control-allow-credentials"], "true");
    assert_eq!(allowed.headers()["access-control-allow-headers"], "content-type, authorization");
    let other = ask(asked("https://evil.example")).await;
    assert!(!other.headers().contains_key("access-control-allow-origin"));

    let mut call = post("/api/CallSession/createSession", "{}");
    call.headers_mut().insert(ORIGIN, "https://pad.example".parse().unwrap());
    let reply = ask(call).await;
    assert_eq!(
        reply.headers()["access-control-allow-origin"],
        "https://pad.example",
        "refusals can be read, too"
    );
    assert_eq!(reply.headers()["access-control-allow-credentials"], "true");
}

//! Seed *video-calls*: who may do what, each route against each way of not being allowed; and how often.

use std::time::Duration;

use concord_testing::TestApp;
use serde_json::{Value, json};

use crate::site::{
    ADMIN, CLIENT, MINUTE, PSYCHOLOGIST, STRANGER, appointment, ask, harness, refusal, site, token,
};

/// Every route on a session, with a body that would do.
fn routes(app: &TestApp) -> Vec<(&'static str, &'static str, Value)> {
    let now = concord::Millis(app.now().0).to_iso();
    vec![
        ("GET", "/can-join/", Value::Null),
        ("POST", "/generate-room/", Value::Null),
        ("POST", "/start/", json!({ "startTime": now })),
        ("POST", "/end/", json!({ "endTime": now })),
    ]
}

/// The three parts of a token with one of them changed.
fn with_part(token: &str, at: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[at] = part;
    parts.join(".")
}

#[tokio::test]
async fn a_bad_token_opens_no_route_and_learns_nothing() {
    let app = site().await;
    let id = appointment(&app, 0, &["confirm", "recordPayment"]).await;
    let good = token(&app, CLIENT, Some("client"));
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"; // {"alg":"none","typ":"JWT"}
    let expired = good.clone();
    let other = {
        let bearer =
            concept_authenticating::Bearer { user: CLIENT.into(), role: Some("client".into()), name: None };
        let tokens = concept_authenticating::Tokens::new(b"another secret");
        tokens.issue(bearer, app.now(), Duration::from_hours(1)).unwrap()
    };
    // Of whom the first byte is another.
    let signature = good.rsplit('.').next().unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let tampered = with_part(&good, 2, &format!("{first}{}", &signature[1..]));
    let admins = token(&app, CLIENT, Some("admin"));
    let promoted = with_part(&good, 1, admins.split('.').nth(1).unwrap());
    let bad = [
        ("no token", None),
        ("empty", Some(String::new())),
        ("no JWT", Some("let me in".into())),
        ("alg none", Some(with_part(&with_part(&good, 0, none), 2, ""))),
        ("alg none with a signature", Some(with_part(&good, 0, none))),
        ("tampered", Some(tampered)),
        ("promoted", Some(promoted)),
        ("signed by somebody else", Some(other)),
    ];
    let mut routes = routes(&app);
    routes.push(("GET", "/config", Value::Null));
    routes.push(("GET", "/nowhere/", Value::Null));
    routes.push(("DELETE", "/start/", Value::Null));
    for (method, path, body) in &routes {
        let line =
            format!("{method} /api/v1/video-calls{path}{}", if *path == "/config" { "" } else { &*id });
        for (what, token) in &bad {
            let headers: Vec<(&str, &str)> = token.iter().map(|token| ("x-auth-token", &**token)).collect();
            let refused = app.request_with(&line, &headers, body.clone()).await;
            assert_eq!(refusal(&refused), (401, "UNAUTHORIZED".into()), "{what}: {line}");
            assert_eq!(refused.header("X-RateLimit-Limit"), None);
        }
    }
    app.advance(Duration::from_mins(61));
    let refused =
        app.request_with("GET /api/video-calls/config", &[("x-auth-token", &expired)], Value::Null).await;
    assert_eq!(refusal(&refused), (401, "UNAUTHORIZED".into()));
}

#[tokio::test]
async fn only_the_two_and_admins_reach_a_session() {
    let app = site().await;
    for (method, path, body) in routes(&app) {
        for (user, role, allowed) in [
            (CLIENT, "client", true),
            (PSYCHOLOGIST, "psychologist", true),
            (ADMIN, "admin", true),
            (STRANGER, "client", false),
            (STRANGER, "psychologist", false),
        ] {
            let id = appointment(&app, 0, &["confirm", "recordPayment"]).await;
            if path == "/end/" {
                let start = json!({ "startTime": app.now().to_iso() });
                ask(&app, CLIENT, "client", &format!("POST /start/{id}"), start).await;
            }
            let answer = ask(&app, user, role, &format!("{method} {path}{id}"), body.clone()).await;
            if allowed {
                assert_eq!(answer.status(), 200, "{method} {path} {role}");
            } else {
                assert_eq!(refusal(&answer), (401, "NOT_A_PARTICIPANT".into()), "{method} {path} {role}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_role_is_forbidden() {
    let app = site().await;
    let id = appointment(&app, 0, &["confirm", "recordPayment"]).await;
    for (method, path, body) in routes(&app) {
        let refused = ask(&app, CLIENT, "janitor", &format!("{method} {path}{id}"), body).await;
        assert_eq!(refusal(&refused), (403, "FORBIDDEN".into()));
    }
}

#[tokio::test]
async fn what_is_no_id_is_a_bad_request_and_what_is_none_of_ours_not_found() {
    let app = site().await;
    for (method, path, body) in routes(&app) {
        for (id, status, code) in [
            ("xyz", 400, "INVALID_SESSION_ID"),
            ("507f1f77bcf86cd79943901", 400, "INVALID_SESSION_ID"),
            ("507f1f77bcf86cd799439011", 404, "SESSION_NOT_FOUND"),
        ] {
            let refused = ask(&app, CLIENT, "client", &format!("{method} {path}{id}"), body.clone()).await;
            assert_eq!(refusal(&refused), (status, code.into()), "{method} {path}{id}");
        }
    }
}

#[tokio::test]
async fn ten_requests_a_minute_are_allowed_and_each_reply_says_how_many_are_left() {
    let app = harness().open().await;
    let reset = (app.now().0 + MINUTE) / 1_000;
    for left in (0..10).rev() {
        let answer = ask(&app, CLIENT, "client", "GET /config", Value::Null).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("X-RateLimit-Limit"), Some("10"));
        assert_eq!(answer.header("X-RateLimit-Remaining"), Some(&*left.to_string()));
        assert_eq!(answer.header("X-RateLimit-Reset"), Some(&*reset.to_string()));
    }
    let refused = ask(&app, CLIENT, "client", "GET /config", Value::Null).await;
    assert_eq!(refusal(&refused), (429, "RATE_LIMITED".into()));
    assert_eq!(refused.header("X-RateLimit-Remaining"), Some("0"));
    let other = ask(&app, PSYCHOLOGIST, "psychologist", "GET /config", Value::Null).await;
    assert_eq!(other.status(), 200, "the limit is each user's own");
    app.advance(Duration::from_mins(1));
    assert_eq!(ask(&app, CLIENT, "client", "GET /config", Value::Null).await.status(), 200);
}

#[tokio::test]
async fn a_refused_request_counts_too() {
    let app = harness().open().await;
    for _ in 0..10 {
        let missing = ask(&app, CLIENT, "client", "GET /nowhere", Value::Null).await;
        assert_eq!((missing.status(), missing.header("X-RateLimit-Limit")), (404, Some("10")));
    }
    let refused = ask(&app, CLIENT, "client", "GET /config", Value::Null).await;
    assert_eq!(refusal(&refused), (429, "RATE_LIMITED".into()));
}

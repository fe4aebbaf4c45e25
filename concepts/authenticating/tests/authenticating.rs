//! Authenticating as its document describes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_authenticating::{Authenticating, Bearer, Tokens};
use concord::Kind;
use concord_testing::{START, TestApp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &[u8] = b"the secret of this test";

async fn app() -> TestApp {
    TestApp::of(Authenticating::new(SECRET)).await
}

/// A token with these claims, signed as it should be.
fn signed(claims: &Value) -> String {
    drop(Tokens::new(SECRET)); // makes the algorithm known
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn exp(seconds: i64) -> i64 {
    START.0 / 1_000 + seconds
}

async fn refused(app: &TestApp, token: Value) {
    let refused = app.refused("Authenticating/verify", json!({ "token": token })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Unauthorized, "TOKEN_INVALID"));
}

#[tokio::test]
async fn principle_somebody_with_a_token_is_known_until_it_ends() {
    let app = app().await;
    let bearer = Bearer { user: "ada".into(), role: Some("admin".into()), name: None };
    let token = Tokens::new(SECRET).issue(bearer, START, Duration::from_mins(1)).unwrap();
    let known = json!({ "user": "ada", "role": "admin" });
    assert_eq!(app.ok("Authenticating/verify", json!({ "token": token })).await, known);
    assert_eq!(app.ok("Authenticating/verify", json!({ "token": format!("Bearer {token}") })).await, known);
    app.advance(Duration::from_secs(90));
    app.ok("Authenticating/verify", json!({ "token": token })).await;
    app.advance(Duration::from_secs(1));
    refused(&app, json!(token)).await;
}

#[tokio::test]
async fn users_and_roles_may_stand_in_a_user_of_their_own() {
    let app = app().await;
    let token = signed(&json!({ "user": { "id": "ada", "role": "client" }, "exp": exp(60) }));
    let known = app.ok("Authenticating/verify", json!({ "token": token })).await;
    assert_eq!(known, json!({ "user": "ada", "role": "client" }));
}

#[tokio::test]
async fn requires_a_token() {
    let app = app().await;
    refused(&app, json!(null)).await;
    refused(&app, json!("")).await;
    refused(&app, json!("Bearer")).await;
}

#[tokio::test]
async fn requires_the_secret_s_signature_by_hs256() {
    let app = app().await;
    let claims = json!({ "sub": "ada", "exp": exp(60) });
    let good = signed(&claims);
    let [head, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = signed(&json!({ "sub": "eve", "exp": exp(60) }));
    let other_body = other.split('.').nth(1).unwrap();
    // {"alg":"none"} and {"alg":"HS512"}, in base 64
    let (none, hs512) = ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzUxMiJ9");
    let elsewhere = EncodingKey::from_secret(b"another secret");
    let forged = [
        format!("{head}.{other_body}.{signature}"),
        format!("{none}.{body}."),
        format!("{hs512}.{body}.{signature}"),
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &elsewhere).unwrap(),
        format!("{head}.{body}"),
        "no token".into(),
    ];
    for token in forged {
        refused(&app, json!(token)).await;
    }
}

#[tokio::test]
async fn requires_that_the_token_says_when_it_ends() {
    let app = app().await;
    refused(&app, json!(signed(&json!({ "sub": "ada" })))).await;
    refused(&app, json!(signed(&json!({ "sub": "ada", "exp": exp(-31) })))).await;
    app.ok("Authenticating/verify", json!({ "token": signed(&json!({ "sub": "ada", "exp": exp(-30) })) }))
        .await;
}

#[tokio::test]
async fn requires_a_user() {
    let app = app().await;
    refused(&app, json!(signed(&json!({ "exp": exp(60), "role": "admin" })))).await;
    refused(&app, json!(signed(&json!({ "sub": "", "exp": exp(60) })))).await;
}

#[tokio::test]
async fn requires_that_the_token_is_not_for_later() {
    let app = app().await;
    let from = |seconds| json!(signed(&json!({ "sub": "ada", "nbf": exp(seconds), "exp": exp(600) })));
    app.ok("Authenticating/verify", json!({ "token": from(30) })).await;
    refused(&app, from(31)).await;
}

#[tokio::test]
async fn what_a_head_calls_critical_is_not_understood_here() {
    let mut head = Header::new(Algorithm::HS256);
    head.crit = Some(vec!["b64".into()]);
    let claims = json!({ "sub": "ada", "exp": exp(60) });
    let token = jsonwebtoken::encode(&head, &claims, &EncodingKey::from_secret(SECRET)).unwrap();
    refused(&app().await, json!(token)).await;
}

#[tokio::test]
async fn with_an_empty_secret_nothing_is_signed() {
    let bearer = Bearer { user: "ada".into(), role: None, name: None };
    assert!(Tokens::new(b"").issue(bearer, START, Duration::from_mins(1)).is_err());
}

#[tokio::test]
async fn neither_the_secret_nor_a_token_is_printed_or_recorded() {
    let printed = format!("{:?}", Tokens::new(SECRET));
    assert!(!printed.contains("secret of") && !printed.contains("116, 104"), "{printed}");

    let app = app().await.app().clone();
    let verify = app.registry().resolve("Authenticating", "verify").unwrap();
    let token = signed(&json!({ "sub": "ada", "exp": exp(60) }));
    let reply = app.call(verify, json!({ "token": token }).to_string().into()).await;
    let trace = json!(app.trace(&app.recent(reply.flow).unwrap())).to_string();
    assert!(trace.contains("(secret)") && !trace.contains(&token), "{trace}");
}

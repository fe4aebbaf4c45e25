//! IceServers: its principle, and credentials against a known answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_ice_servers::{Credentials, IceServers, Settings};
use concord::Millis;
use concord_testing::TestApp;
use serde_json::{Value, json};

async fn servers(credentials: Credentials) -> Value {
    let stun = vec!["stun:stun.example.com:3478".into()];
    let turn = vec!["turn:turn.example.com:3478".into()];
    let app = TestApp::of(IceServers::new(Settings { stun, turn, credentials })).await;
    app.set_clock(Millis(1_795_234_800_999));
    app.ok("IceServers/_servers", json!({ "user": "507f1f77bcf86cd799439012" })).await
}

#[tokio::test]
async fn principle_a_user_learns_all_servers_with_credentials_that_hold_for_a_while() {
    let secret = b"north".to_vec();
    let listed = servers(Credentials::Timed { secret, ttl: Duration::from_hours(1) }).await;
    let stun = json!({ "urls": "stun:stun.example.com:3478", "username": null, "credential": null });
    assert_eq!(listed[0], stun);
    // printf 1795238400:507f1f77bcf86cd799439012 | openssl dgst -sha1 -hmac north -binary | base64
    let turn = json!({
        "urls": "turn:turn.example.com:3478",
        "username": "1795238400:507f1f77bcf86cd799439012",
        "credential": "c2HqgL2eFDtacBWsm5z2aOjPwG4=",
    });
    assert_eq!(listed[1], turn);
}

#[tokio::test]
async fn fixed_credentials_are_the_same_for_all() {
    let fixed = Credentials::Fixed { username: "turnuser".into(), credential: "turnpass".into() };
    let listed = servers(fixed).await;
    assert_eq!(listed[0]["username"], Value::Null);
    assert_eq!((&listed[1]["username"], &listed[1]["credential"]), (&json!("turnuser"), &json!("turnpass")));
}

#[tokio::test]
async fn without_credentials_there_are_none() {
    assert_eq!(servers(Credentials::None).await[1]["credential"], Value::Null);
}

#[tokio::test]
async fn requires_a_valid_user() {
    let app = TestApp::of(IceServers::default()).await;
    assert_eq!(app.refused("IceServers/_servers", json!({})).await.code(), "INVALID_REQUEST");
}

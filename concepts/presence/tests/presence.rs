//! Presence: its principle, and each of its requirements.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_presence::Presence;
use concord_testing::TestApp;
use serde_json::{Value, json};

async fn enter(app: &TestApp, connection: &str, place: &str, user: &str) -> Value {
    let first =
        app.ok("Presence/enter", json!({ "connection": connection, "place": place, "user": user })).await;
    app.advance(Duration::from_secs(1));
    first["first"].clone()
}

async fn exit(app: &TestApp, connection: &str) -> Value {
    app.ok("Presence/exit", json!({ "connection": connection })).await
}

async fn users(app: &TestApp, place: &str) -> Vec<Value> {
    let rows = app.ok("Presence/_users", json!({ "place": place })).await;
    rows.as_array().unwrap().iter().map(|row| row["user"].clone()).collect()
}

#[tokio::test]
async fn principle_who_has_two_connections_is_there_until_the_second_exits() {
    let app = TestApp::of(Presence::default()).await;
    assert_eq!(enter(&app, "a1", "hall", "ann").await, true);
    assert_eq!(enter(&app, "a2", "hall", "ann").await, false);
    assert_eq!(users(&app, "hall").await, ["ann"]);

    assert_eq!(exit(&app, "a1").await, json!({ "place": "hall", "user": "ann", "last": false }));
    assert_eq!(users(&app, "hall").await, ["ann"]);

    assert_eq!(exit(&app, "a2").await, json!({ "place": "hall", "user": "ann", "last": true }));
    assert!(users(&app, "hall").await.is_empty());
    assert_eq!(enter(&app, "a3", "hall", "ann").await, true);
}

#[tokio::test]
async fn requires_that_a_connection_is_at_one_place_for_one_user() {
    let app = TestApp::of(Presence::default()).await;
    enter(&app, "a", "hall", "ann").await;
    assert_eq!(enter(&app, "a", "hall", "ann").await, false);
    for (place, user) in [("garden", "ann"), ("hall", "bob")] {
        let elsewhere = json!({ "connection": "a", "place": place, "user": user });
        let refused = app.refused("Presence/enter", elsewhere).await;
        assert_eq!((refused.code(), refused.detail("place")), ("PRESENT_ELSEWHERE", Some(&json!("hall"))));
    }
}

#[tokio::test]
async fn requires_that_a_connection_that_exits_is_somewhere() {
    let app = TestApp::of(Presence::default()).await;
    assert_eq!(app.refused("Presence/exit", json!({ "connection": "a" })).await.code(), "NOT_PRESENT");
    enter(&app, "a", "hall", "ann").await;
    exit(&app, "a").await;
    assert_eq!(app.refused("Presence/exit", json!({ "connection": "a" })).await.code(), "NOT_PRESENT");
}

#[tokio::test]
async fn lists_are_in_the_order_of_arrival() {
    let app = TestApp::of(Presence::default()).await;
    for (connection, place, user) in
        [("b1", "hall", "bob"), ("a1", "hall", "ann"), ("b2", "hall", "bob"), ("c", "garden", "cem")]
    {
        enter(&app, connection, place, user).await;
    }
    assert_eq!(users(&app, "hall").await, ["bob", "ann"]);
    let connections = |rows: Value| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row["connection"].clone()).collect()
    };
    let in_hall = app.ok("Presence/_in", json!({ "place": "hall" })).await;
    assert_eq!(connections(in_hall), ["b1", "a1", "b2"]);
    let of_bob = app.ok("Presence/_of", json!({ "place": "hall", "user": "bob" })).await;
    assert_eq!(connections(of_bob), ["b1", "b2"]);
    let at = app.ok("Presence/_at", json!({ "connection": "c" })).await;
    assert_eq!(at, json!([{ "place": "garden", "user": "cem" }]));
    assert_eq!(app.ok("Presence/_at", json!({ "connection": "d" })).await, json!([]));
}

#[tokio::test]
async fn two_connections_that_come_at_once_are_one_arrival() {
    let app = TestApp::of(Presence::default()).await;
    let ann = |connection: &str| {
        app.call("Presence/enter", json!({ "connection": connection, "place": "hall", "user": "ann" }))
    };
    let (a, b, c) = tokio::join!(ann("1"), ann("2"), ann("3"));
    let firsts = [a, b, c].map(|entered| entered.unwrap()["first"] == true);
    assert_eq!(firsts.iter().filter(|first| **first).count(), 1);
}

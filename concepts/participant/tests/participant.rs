//! Participant as its document describes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_participant::Participant;
use concord::Kind;
use concord_testing::TestApp;
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(Participant::default()).await
}

async fn users_in(app: &TestApp, room: &str) -> Vec<Value> {
    let rows = app.ok("Participant/_in", json!({ "room": room })).await;
    rows.as_array().unwrap().iter().map(|row| row["user"].clone()).collect()
}

#[tokio::test]
async fn principle_a_user_is_listed_once_with_their_first_role_until_they_leave() {
    let app = app().await;
    let ada = json!({ "room": "r", "user": "ada", "name": "Ada", "role": "host", "color": "red" });
    assert_eq!(app.ok("Participant/join", ada).await["first"], true);
    app.advance(Duration::from_secs(1));
    app.ok("Participant/join", json!({ "room": "r", "user": "ben" })).await;
    assert_eq!(
        app.ok("Participant/join", json!({ "room": "r", "user": "ada", "role": "guest" })).await["first"],
        false
    );

    let rows = app.ok("Participant/_in", json!({ "room": "r" })).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(
        (&rows[0]["user"], &rows[0]["role"], &rows[0]["name"]),
        (&json!("ada"), &json!("host"), &json!("Ada"))
    );

    app.ok("Participant/leave", json!({ "room": "r", "user": "ada" })).await;
    assert_eq!(users_in(&app, "r").await, ["ben"]);
    assert_eq!(app.ok("Participant/clear", json!({ "room": "r" })).await, json!({ "count": 1 }));
    assert!(users_in(&app, "r").await.is_empty());
}

#[tokio::test]
async fn join_requires_valid_ids() {
    let app = app().await;
    let refused = app.refused("Participant/join", json!({ "room": "r", "user": "" })).await;
    assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("user"))));
    let refused = app.refused("Participant/join", json!({ "room": "", "user": "ada" })).await;
    assert_eq!(refused.detail("field"), Some(&json!("room")));
}

#[tokio::test]
async fn leave_requires_that_the_user_is_in_the_room() {
    let app = app().await;
    app.ok("Participant/join", json!({ "room": "elsewhere", "user": "ada" })).await;
    let refused = app.refused("Participant/leave", json!({ "room": "r", "user": "ada" })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::NotFound, "NOT_IN_ROOM"));
}

#[tokio::test]
async fn clear_requires_a_valid_room_and_leaves_others_alone() {
    let app = app().await;
    app.ok("Participant/join", json!({ "room": "other", "user": "ada" })).await;
    assert_eq!(app.ok("Participant/clear", json!({ "room": "r" })).await, json!({ "count": 0 }));
    assert_eq!(users_in(&app, "other").await, ["ada"]);
    assert_eq!(
        app.refused("Participant/clear", json!({ "room": "" })).await.detail("field"),
        Some(&json!("room"))
    );
}

#[tokio::test]
async fn update_requires_that_the_user_is_in_the_room() {
    let app = app().await;
    let refused =
        app.refused("Participant/update", json!({ "room": "r", "user": "ada", "muted": true })).await;
    assert_eq!(refused.code(), "NOT_IN_ROOM");
}

#[tokio::test]
async fn update_changes_what_is_given_and_nothing_else() {
    let app = app().await;
    app.ok("Participant/join", json!({ "room": "r", "user": "ada" })).await;
    app.ok("Participant/update", json!({ "room": "r", "user": "ada", "camera": true, "quality": "poor" }))
        .await;
    app.ok("Participant/update", json!({ "room": "r", "user": "ada", "online": false })).await;
    let row = app.ok("Participant/_get", json!({ "room": "r", "user": "ada" })).await[0].clone();
    assert_eq!(
        (&row["camera"], &row["online"], &row["quality"]),
        (&json!(true), &json!(false), &json!("poor"))
    );
    assert_eq!((&row["muted"], &row["sharing"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn get_gives_no_row_for_somebody_who_is_not_there() {
    let app = app().await;
    assert_eq!(app.ok("Participant/_get", json!({ "room": "r", "user": "ada" })).await, json!([]));
    let refused = app.refused("Participant/_get", json!({ "room": "r" })).await;
    assert_eq!(refused.detail("field"), Some(&json!("user")));
}

#[tokio::test]
async fn a_user_is_found_in_every_room_they_are_in() {
    let app = app().await;
    app.ok("Participant/join", json!({ "room": "r", "user": "ada" })).await;
    app.ok("Participant/join", json!({ "room": "s", "user": "ada" })).await;
    let rows = app.ok("Participant/_ofUser", json!({ "user": "ada" })).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(
        app.refused("Participant/_ofUser", json!({ "user": "" })).await.detail("field"),
        Some(&json!("user"))
    );
    assert_eq!(
        app.refused("Participant/_in", json!({ "room": "" })).await.detail("field"),
        Some(&json!("room"))
    );
}

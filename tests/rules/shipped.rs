//! The rules that the server ships, at work.

use std::time::Duration;

use concord_testing::{START, TestApp};
use concord_tests::checkout;
use serde_json::{Value, json};

use crate::site::site;

/// All rules but the generic API's contract, whose concepts are not all here.
async fn app() -> TestApp {
    site().rules_in(&checkout().join("syncs/calls")).open().await
}

async fn tick(app: &TestApp) {
    app.ok("Clock/tick", json!({ "every": 60_000 })).await;
    app.quiet().await;
}

async fn status(app: &TestApp, room: &Value) -> Value {
    app.ok("Room/_get", json!({ "room": room })).await[0]["status"].clone()
}

#[tokio::test]
async fn everyone_leaves_a_closed_room() {
    let app = app().await;
    let room = app.ok("Room/open", json!({ "owner": "ada" })).await["room"].clone();
    for user in ["ada", "ben"] {
        app.ok("Participant/join", json!({ "room": room, "user": user })).await;
    }
    app.ok("Participant/join", json!({ "room": "another", "user": "ada" })).await;
    app.ok("Room/close", json!({ "room": room })).await;
    app.quiet().await;
    assert_eq!(app.ok("Participant/_in", json!({ "room": room })).await, json!([]));
    assert_eq!(app.ok("Participant/_ofUser", json!({ "user": "ada" })).await[0]["room"], "another");
}

#[tokio::test]
async fn what_ended_an_hour_ago_lapses_and_a_room_that_lapses_is_closed() {
    let app = app().await;
    let room = app.ok("Room/open", json!({ "owner": "ada" })).await["room"].clone();
    let closed = app.ok("Room/open", json!({ "owner": "ada" })).await["room"].clone();
    app.ok("Room/close", json!({ "room": closed })).await;
    for resource in [&room, &closed, &json!("no room")] {
        app.ok("Expiring/set", json!({ "resource": resource, "at": START.0 })).await;
    }
    app.advance(Duration::from_hours(1));
    tick(&app).await;
    assert_eq!(status(&app, &room).await, "open", "an hour has not passed yet");
    app.advance(Duration::from_millis(1));
    tick(&app).await;
    assert_eq!(status(&app, &room).await, "closed");
    let due = app.ok("Expiring/_due", json!({ "before": app.now().0 })).await;
    assert_eq!(due, json!([]), "what is no room, and what is closed already, is passed over");
    assert_eq!(app.app().timetable().len(), 1);
    assert_eq!(app.app().timetable()[0].1, Duration::from_mins(1));
    assert!(app.coverage().unfired.iter().all(|sync| sync.contains("EveryoneLeaves")));
}

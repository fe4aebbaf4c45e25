//! Room as its document describes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_room::Room;
use concord::Kind;
use concord_testing::{START, TestApp};
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(Room::default()).await
}

async fn open(app: &TestApp, input: Value) -> Value {
    app.ok("Room/open", input).await["room"].clone()
}

async fn get(app: &TestApp, room: &Value) -> Value {
    app.ok("Room/_get", json!({ "room": room })).await[0].clone()
}

#[tokio::test]
async fn principle_a_room_is_seen_to_be_open_then_closed_then_gone() {
    let app = app().await;
    let room = open(&app, json!({ "owner": "ada" })).await;
    let seen = get(&app, &room).await;
    assert_eq!((&seen["owner"], &seen["status"]), (&json!("ada"), &json!("open")));

    app.advance(Duration::from_secs(1));
    app.ok("Room/close", json!({ "room": room })).await;
    let seen = get(&app, &room).await;
    assert_eq!(seen["status"], "closed");
    assert_eq!((&seen["createdAt"], &seen["updatedAt"]), (&json!(START.0), &json!(START.0 + 1_000)));

    app.ok("Room/remove", json!({ "room": room })).await;
    assert_eq!(app.refused("Room/_get", json!({ "room": room })).await.code(), "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn open_requires_a_valid_owner() {
    assert_eq!(app().await.refused("Room/open", json!({})).await.detail("field"), Some(&json!("owner")));
}

#[tokio::test]
async fn open_requires_room_for_somebody() {
    let refused = app().await.refused("Room/open", json!({ "owner": "ada", "capacity": 0 })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Invalid, "NO_CAPACITY"));
}

#[tokio::test]
async fn ids_are_spelt_in_the_style_asked_for() {
    let app = app().await;
    for (style, digits) in [("hex8", 8), ("hex24", 24), ("uuid", 36)] {
        let room = open(&app, json!({ "owner": "ada", "style": style })).await;
        let room = room.as_str().unwrap();
        assert_eq!(room.len(), digits);
        assert!(room.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')), "{room}");
    }
    let refused = app.refused("Room/open", json!({ "owner": "ada", "style": "roman" })).await;
    assert_eq!(refused.detail("field"), Some(&json!("style")));
}

#[tokio::test]
async fn close_requires_an_existing_room() {
    assert_eq!(
        app().await.refused("Room/close", json!({ "room": "nowhere" })).await.code(),
        "ROOM_NOT_FOUND"
    );
}

#[tokio::test]
async fn close_requires_an_open_room() {
    let app = app().await;
    let room = open(&app, json!({ "owner": "ada" })).await;
    app.ok("Room/close", json!({ "room": room })).await;
    let refused = app.refused("Room/close", json!({ "room": room })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "ROOM_CLOSED"));
}

#[tokio::test]
async fn touch_requires_an_existing_open_room() {
    let app = app().await;
    let room = open(&app, json!({ "owner": "ada" })).await;
    app.advance(Duration::from_secs(5));
    app.ok("Room/touch", json!({ "room": room })).await;
    assert_eq!(get(&app, &room).await["updatedAt"], START.0 + 5_000);
    app.ok("Room/close", json!({ "room": room })).await;
    assert_eq!(app.refused("Room/touch", json!({ "room": room })).await.code(), "ROOM_CLOSED");
    assert_eq!(app.refused("Room/touch", json!({ "room": "nowhere" })).await.code(), "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn remove_requires_an_existing_room() {
    assert_eq!(
        app().await.refused("Room/remove", json!({ "room": "nowhere" })).await.code(),
        "ROOM_NOT_FOUND"
    );
}

#[tokio::test]
async fn rooms_are_found_by_owner_and_by_subject() {
    let app = app().await;
    let first = open(&app, json!({ "owner": "ada", "subject": "appointment" })).await;
    app.advance(Duration::from_secs(1));
    let second = open(&app, json!({ "owner": "ada" })).await;
    open(&app, json!({ "owner": "ben" })).await;

    let owned = app.ok("Room/_ofOwner", json!({ "owner": "ada" })).await;
    assert_eq!((&owned[0]["room"], &owned[1]["room"], &owned[2]), (&second, &first, &Value::Null));
    let about = app.ok("Room/_about", json!({ "subject": "appointment" })).await;
    assert_eq!((&about[0]["room"], &about[1]), (&first, &Value::Null));
}

#[tokio::test]
async fn queries_require_valid_ids() {
    let app = app().await;
    assert_eq!(
        app.refused("Room/_ofOwner", json!({ "owner": "" })).await.detail("field"),
        Some(&json!("owner"))
    );
    assert_eq!(
        app.refused("Room/_about", json!({ "subject": 1 })).await.detail("field"),
        Some(&json!("subject"))
    );
    assert_eq!(app.refused("Room/_get", json!({ "room": "nowhere" })).await.code(), "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn ensure_gives_the_open_room_about_a_subject_and_else_a_new_one() {
    let app = app().await;
    let wish = json!({ "subject": "talk", "owner": "ada", "style": "room-uuid" });
    let room = app.ok("Room/ensure", wish.clone()).await["room"].clone();
    assert!(room.as_str().unwrap().starts_with("room-"), "{room}");
    assert_eq!(app.ok("Room/ensure", wish.clone()).await["room"], room);

    app.ok("Room/close", json!({ "room": room })).await;
    assert_ne!(app.ok("Room/ensure", wish).await["room"], room);
}

#[tokio::test]
async fn ensure_requires_room_for_somebody() {
    let wish = json!({ "subject": "talk", "owner": "ada", "capacity": 0 });
    assert_eq!(app().await.refused("Room/ensure", wish).await.code(), "NO_CAPACITY");
}

#[tokio::test]
async fn two_who_ensure_at_once_get_one_room() {
    let app = app().await;
    let ensure = || app.call("Room/ensure", json!({ "subject": "talk", "owner": "ada" }));
    let (a, b) = tokio::join!(ensure(), ensure());
    assert_eq!(a.unwrap(), b.unwrap());
}

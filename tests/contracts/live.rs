//! Seed *interview*, its WebSocket.

use std::time::Duration;

use concord_testing::{TestApp, TestSocket};
use serde_json::{Value, json};

use crate::site::site;

async fn session(app: &TestApp) -> String {
    let ann = json!({ "id": "ann", "name": "Ann", "color": "red" });
    let made = app.request("POST /api/v1/sessions", json!({ "creator": ann })).await.json();
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let ben = json!({ "id": "ben", "name": "Ben", "color": "blue" });
    app.request(&format!("POST /api/v1/sessions/{id}/join"), json!({ "user": ben })).await;
    id
}

async fn connect(app: &TestApp, session: &str, query: &str) -> TestSocket {
    app.connect(&format!("/ws/sessions/{session}{query}"), Value::Null).await.unwrap()
}

/// The types of what has come, and its data.
fn heard(socket: &TestSocket) -> Vec<(String, Value)> {
    socket.received().into_iter().map(|(event, frame)| (event, frame["data"].clone())).collect()
}

async fn online(app: &TestApp, session: &str) -> Vec<bool> {
    let listed =
        app.request(&format!("GET /api/v1/sessions/{session}/participants"), Value::Null).await.json();
    let people = listed["participants"].as_array().unwrap().iter();
    people.map(|person| person["isOnline"] == true).collect()
}

#[tokio::test]
async fn the_three_messages_reach_everyone_their_sender_included_with_the_time_in_both_places() {
    let app = site().await;
    let id = session(&app).await;
    let (ann, ben) = (connect(&app, &id, "?userId=ann").await, connect(&app, &id, "?userId=ben").await);
    for socket in [&ann, &ben] {
        socket.received();
    }
    let position = json!({ "lineNumber": 5, "column": 10 });
    for (kind, mut data) in [
        ("code_change", json!({ "code": "console.log('Updated');", "userId": "ann" })),
        ("language_change", json!({ "language": "python", "userId": "ann" })),
        ("cursor_position", json!({ "position": position, "userId": "ann" })),
    ] {
        ann.send(kind, data.clone()).await;
        let now = json!(app.now().0);
        data["timestamp"] = now.clone();
        let frame = json!({ "type": kind, "data": data, "timestamp": now });
        for socket in [&ann, &ben] {
            assert_eq!(socket.received(), [(kind.to_owned(), frame.clone())]);
        }
    }
    let saved = app.request(&format!("GET /api/v1/sessions/{id}"), Value::Null).await.json();
    let saved = &saved["data"];
    assert_eq!((&saved["code"], &saved["language"]), (&json!("console.log('Updated');"), &json!("python")));
}

#[tokio::test]
async fn a_change_may_say_of_which_text_it_was_made() {
    let app = site().await;
    let id = session(&app).await;
    let ann = connect(&app, &id, "?userId=ann").await;
    ann.received();
    ann.send("code_change", json!({ "code": "x", "userId": "ann", "base": "abc" })).await;
    assert_eq!(heard(&ann)[0].1["base"], "abc");
}

#[tokio::test]
async fn coming_and_going_is_announced_once_for_each_person() {
    let app = site().await;
    let id = session(&app).await;
    let ann = connect(&app, &id, "?userId=ann").await;
    ann.received();
    app.request(&format!("PATCH /api/v1/sessions/{id}/participants/ben"), json!({ "isOnline": false })).await;

    let tab = connect(&app, &id, "?userId=ben").await;
    let user = json!({ "id": "ben", "name": "Ben", "role": "candidate", "color": "blue" });
    let arrival = json!({ "user": user, "timestamp": app.now().0 });
    assert_eq!(heard(&ann), [("user_join".to_owned(), arrival)]);
    assert_eq!(online(&app, &id).await, [true, true]);

    let other_tab = connect(&app, &id, "?userId=ben").await;
    tab.close("left").await;
    assert_eq!((heard(&ann), online(&app, &id).await), (vec![], vec![true, true]));

    app.advance(Duration::from_secs(1));
    other_tab.close("lost").await;
    let departure = json!({ "userId": "ben", "timestamp": app.now().0 });
    assert_eq!(heard(&ann), [("user_leave".to_owned(), departure)]);
    assert_eq!(online(&app, &id).await, [true, false]);
}

#[tokio::test]
async fn a_socket_may_say_who_it_is_with_its_first_message() {
    let app = site().await;
    let id = session(&app).await;
    for (kind, mut data) in [
        ("code_change", json!({ "code": "" })),
        ("language_change", json!({ "language": "html" })),
        ("cursor_position", json!({ "position": { "lineNumber": 1, "column": 1 } })),
    ] {
        let ben = connect(&app, &id, "").await;
        assert_eq!(ben.received(), []);
        data["userId"] = json!("ben");
        ben.send(kind, data.clone()).await;
        let kinds: Vec<String> = ben.received().into_iter().map(|(event, _)| event).collect();
        assert_eq!(kinds, ["user_join", kind]);
        ben.send(kind, data).await;
        assert_eq!(ben.received().len(), 1, "once is enough");
        ben.close("left").await;
        assert_eq!(online(&app, &id).await, [true, false]);
    }
}

#[tokio::test]
async fn who_is_no_participant_is_not_announced() {
    let app = site().await;
    let id = session(&app).await;
    let ann = connect(&app, &id, "?userId=ann").await;
    ann.received();
    let guest = connect(&app, &id, "?userId=guest").await;
    guest.close("left").await;
    assert_eq!(heard(&ann), []);
}

#[tokio::test]
async fn a_socket_for_an_unknown_or_expired_session_is_refused() {
    let app = site().await;
    let id = session(&app).await;
    let refused = async |id: &str| app.connect(&format!("/ws/sessions/{id}"), Value::Null).await.err();
    assert_eq!(refused("abcd1234").await.as_deref(), Some("SESSION_NOT_FOUND"));
    app.advance(Duration::from_hours(24));
    assert_eq!(refused(&id).await.as_deref(), Some("SESSION_EXPIRED"));
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_an_error_to_its_sender_alone() {
    let app = site().await;
    let id = session(&app).await;
    let (ann, ben) = (connect(&app, &id, "?userId=ann").await, connect(&app, &id, "?userId=ben").await);
    ann.received();
    ben.received();
    for frame in [
        "",
        "{",
        "[]",
        r#"{"type":7}"#,
        r#"{"type":"code_changed","data":{"code":"x","userId":"ann"}}"#,
        r#"{"type":"code_change","data":{"userId":"ann2","code":7}}"#,
        r#"{"type":"code_change"}"#,
        r#"{"type":"language_change","data":{"language":"cobol","userId":"ann"}}"#,
        r#"{"type":"cursor_position","data":{"position":5,"userId":"ann"}}"#,
        r#"{"type":"cursor_position","data":{"position":{"lineNumber":1,"column":"x"},"userId":"ann"}}"#,
        r#"{"type":"cursor_position","data":{"position":{"lineNumber":-1,"column":1},"userId":"ann"}}"#,
    ] {
        ann.send_frame(frame).await;
        let told = heard(&ann);
        assert_eq!(
            (told.len(), &*told[0].0, &told[0].1["code"]),
            (1, "error", &json!("INVALID_REQUEST")),
            "{frame}"
        );
    }
    assert_eq!(ben.received(), []);
}

#[tokio::test]
async fn a_socket_that_outlives_its_session_is_told_and_one_whose_session_is_removed_is_ended() {
    let app = site().await;
    let id = session(&app).await;
    let ann = connect(&app, &id, "?userId=ann").await;
    ann.received();
    app.advance(Duration::from_hours(24));
    ann.send("code_change", json!({ "code": "x", "userId": "ann" })).await;
    assert_eq!(heard(&ann)[0].1["code"], "SESSION_EXPIRED");
    let position = json!({ "lineNumber": 1, "column": 1 });
    ann.send("cursor_position", json!({ "position": position, "userId": "ann" })).await;
    assert_eq!(heard(&ann)[0].1["code"], "SESSION_EXPIRED");

    let other = session(&app).await;
    let ben = connect(&app, &other, "?userId=ben").await;
    let nameless = connect(&app, &other, "").await;
    app.request(&format!("DELETE /api/v1/sessions/{other}"), Value::Null).await;
    app.quiet().await;
    assert!(ben.has_ended() && nameless.has_ended() && !ann.has_ended());
    ben.close("ended").await;
}

#[tokio::test]
async fn who_is_connected_before_joining_is_announced_when_they_join_and_when_they_go() {
    let app = site().await;
    let id = session(&app).await;
    let (ann, eve) = (connect(&app, &id, "?userId=ann").await, connect(&app, &id, "?userId=eve").await);
    ann.received();
    app.advance(Duration::from_secs(1));
    let user = json!({ "id": "eve", "name": "Eve", "color": "green" });
    app.request(&format!("POST /api/v1/sessions/{id}/join"), json!({ "user": user })).await;
    app.quiet().await;
    let kinds = |socket| heard(socket).into_iter().map(|(event, _)| event).collect::<Vec<String>>();
    assert_eq!(kinds(&ann), ["user_join"]);

    app.request(&format!("DELETE /api/v1/sessions/{id}/participants/eve"), Value::Null).await;
    app.advance(Duration::from_secs(1));
    app.request(&format!("POST /api/v1/sessions/{id}/join"), json!({ "user": user })).await;
    app.quiet().await;
    assert_eq!(kinds(&ann), ["user_leave", "user_join"], "who comes back is announced again");

    eve.close("left").await;
    assert_eq!(
        (kinds(&ann), online(&app, &id).await),
        (vec!["user_leave".to_owned()], vec![true, true, false])
    );
}

#[tokio::test]
async fn a_participant_who_is_removed_is_announced_as_gone() {
    let app = site().await;
    let id = session(&app).await;
    let ann = connect(&app, &id, "?userId=ann").await;
    ann.received();
    app.request(&format!("DELETE /api/v1/sessions/{id}/participants/ben"), Value::Null).await;
    app.quiet().await;
    assert_eq!(
        heard(&ann),
        [("user_leave".to_owned(), json!({ "userId": "ben", "timestamp": app.now().0 }))]
    );
}

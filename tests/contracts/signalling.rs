//! Seed *video-calls*, its Socket.IO events.

use std::time::Duration;

use concord_testing::{TestApp, TestSocket};
use serde_json::{Value, json};

use crate::site::{ADMIN, CLIENT, MINUTE, PSYCHOLOGIST, STRANGER, appointment, ask, harness, site, token};

const READY: [&str; 2] = ["confirm", "recordPayment"];

async fn room(app: &TestApp, in_millis: i64) -> (String, String) {
    let id = appointment(app, in_millis, &READY).await;
    let made = ask(app, CLIENT, "client", &format!("POST /generate-room/{id}"), Value::Null).await.json();
    (made["roomId"].as_str().unwrap().to_owned(), id)
}

async fn connect(app: &TestApp, user: &str, role: &str) -> TestSocket {
    let token = token(app, user, Some(role));
    app.connect("/socket.io", json!({ "token": token })).await.unwrap()
}

fn me(room: &str, user: &str, name: &str, role: &str) -> Value {
    json!({ "roomId": room, "userId": user, "userName": name, "userRole": role })
}

/// Somebody who is in a room, after the greetings.
async fn joined(app: &TestApp, room: &str, user: &str, role: &str) -> TestSocket {
    let socket = connect(app, user, role).await;
    socket.send("join-room", me(room, user, role, role)).await;
    let greeting = socket.received();
    assert_eq!(greeting[0].0, "room-joined", "{greeting:?}");
    socket
}

/// The code of the one error that has come.
fn error(socket: &TestSocket) -> String {
    let received = socket.received();
    let [(event, data)] = &received[..] else { panic!("{received:?}") };
    assert_eq!((&**event, data["message"].is_string()), ("error", true));
    data["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn joining_tells_who_is_there_and_tells_them() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = connect(&app, CLIENT, "client").await;
    ann.send("join-room", me(&room, CLIENT, "John Doe", "client")).await;
    let john =
        json!({ "socketId": ann.id(), "userId": CLIENT, "userName": "John Doe", "userRole": "client" });
    let alone = json!({ "roomId": room, "participants": [john] });
    assert_eq!(ann.received(), [("room-joined".to_owned(), alone)]);

    app.advance(Duration::from_secs(1));
    let jane = connect(&app, PSYCHOLOGIST, "psychologist").await;
    jane.send("join-room", me(&room, PSYCHOLOGIST, "Dr. Jane Smith", "psychologist")).await;
    let second = json!({
        "socketId": jane.id(),
        "userId": PSYCHOLOGIST,
        "userName": "Dr. Jane Smith",
        "userRole": "psychologist",
    });
    let both = json!({ "roomId": room, "participants": [john, second] });
    assert_eq!(jane.received(), [("room-joined".to_owned(), both)]);
    assert_eq!(ann.received(), [("user-joined".to_owned(), second)]);
}

#[tokio::test]
async fn signals_reach_the_one_they_are_for() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = joined(&app, &room, CLIENT, "client").await;
    let jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
    let admin = joined(&app, &room, ADMIN, "admin").await;
    ann.received();
    jane.received();
    for (event, field, signal) in [
        ("offer", "offer", json!({ "type": "offer", "sdp": "v=0\r\n" })),
        ("answer", "answer", json!({ "type": "answer", "sdp": "v=0\r\n" })),
        (
            "ice-candidate",
            "candidate",
            json!({ "candidate": "candidate:1", "sdpMLineIndex": 0, "sdpMid": "0" }),
        ),
    ] {
        ann.send(event, json!({ field: signal, "to": jane.id() })).await;
        assert_eq!(jane.received(), [(event.to_owned(), json!({ field: signal, "from": ann.id() }))]);
        assert_eq!((ann.received(), admin.received()), (vec![], vec![]));
    }
}

#[tokio::test]
async fn leaving_is_told_to_those_who_stay() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = joined(&app, &room, CLIENT, "client").await;
    let jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
    ann.received();
    jane.send("leave-room", json!({ "roomId": room, "userId": PSYCHOLOGIST })).await;
    let gone = json!({ "socketId": jane.id(), "userId": PSYCHOLOGIST });
    assert_eq!(ann.received(), [("user-left".to_owned(), gone)]);
    assert_eq!(jane.received(), []);
    jane.send("leave-room", json!({ "roomId": room, "userId": PSYCHOLOGIST })).await;
    assert_eq!(error(&jane), "PERMISSION_DENIED");

    jane.send("join-room", me(&room, PSYCHOLOGIST, "Jane", "psychologist")).await;
    ann.received();
    let id = jane.id().to_owned();
    jane.close("lost").await;
    assert_eq!(ann.received(), [("user-left".to_owned(), json!({ "socketId": id, "userId": PSYCHOLOGIST }))]);
}

#[tokio::test]
async fn who_may_not_join_is_told_why() {
    let app = site().await;
    let (room, id) = room(&app, 0).await;
    let ann = connect(&app, CLIENT, "client").await;
    for (message, code) in [
        (me(&room, PSYCHOLOGIST, "Ann", "client"), "PERMISSION_DENIED"),
        (me(&room, CLIENT, "Ann", "admin"), "PERMISSION_DENIED"),
        (me("room-none", CLIENT, "Ann", "client"), "ROOM_NOT_FOUND"),
        (json!({ "roomId": room }), "INVALID_REQUEST"),
        (
            json!({ "roomId": 7, "userId": CLIENT, "userName": "Ann", "userRole": "client" }),
            "INVALID_REQUEST",
        ),
        (json!("hello"), "INVALID_REQUEST"),
        (Value::Null, "INVALID_REQUEST"),
    ] {
        ann.send("join-room", message.clone()).await;
        assert_eq!(error(&ann), code, "{message}");
    }
    let eve = connect(&app, STRANGER, "client").await;
    eve.send("join-room", me(&room, STRANGER, "Eve", "client")).await;
    assert_eq!(error(&eve), "PERMISSION_DENIED");

    app.ok("Appointment/cancel", json!({ "appointment": id })).await;
    ann.send("join-room", me(&room, CLIENT, "Ann", "client")).await;
    let received = ann.received();
    assert_eq!(
        (&received[0].1["code"], &received[0].1["details"]),
        (&json!("INVALID_SESSION"), &json!({ "reason": "SESSION_CANCELLED" }))
    );
}

#[tokio::test]
async fn a_room_is_entered_in_its_window_alone() {
    let app = site().await;
    let (room, _) = room(&app, 20 * MINUTE).await;
    let ann = connect(&app, CLIENT, "client").await;
    ann.send("join-room", me(&room, CLIENT, "Ann", "client")).await;
    assert_eq!(error(&ann), "INVALID_SESSION");
    app.advance(Duration::from_mins(5));
    ann.send("join-room", me(&room, CLIENT, "Ann", "client")).await;
    assert_eq!(ann.received()[0].0, "room-joined");
}

#[tokio::test]
async fn capacity_counts_people_so_who_reconnects_takes_their_own_place() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let _ann = joined(&app, &room, CLIENT, "client").await;
    let _jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
    let admin = joined(&app, &room, ADMIN, "admin").await;
    let _again = joined(&app, &room, CLIENT, "client").await;

    let other_admin = connect(&app, STRANGER, "admin").await;
    other_admin.send("join-room", me(&room, STRANGER, "Another", "admin")).await;
    assert_eq!(error(&other_admin), "ROOM_FULL");
    admin.close("left").await;
    other_admin.send("join-room", me(&room, STRANGER, "Another", "admin")).await;
    assert_eq!(other_admin.received()[0].0, "room-joined");
}

#[tokio::test]
async fn every_out_of_room_or_malformed_message_gets_an_error() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = joined(&app, &room, CLIENT, "client").await;
    let outside = connect(&app, PSYCHOLOGIST, "psychologist").await;
    let offer = json!({ "type": "offer", "sdp": "v=0" });
    let answer = json!({ "type": "answer", "sdp": "v=0" });
    let candidate = json!({ "candidate": "c" });
    for (event, field, signal) in [
        ("offer", "offer", &offer),
        ("answer", "answer", &answer),
        ("ice-candidate", "candidate", &candidate),
    ] {
        outside.send(event, json!({ field: signal, "to": ann.id() })).await;
        assert_eq!(error(&outside), "PERMISSION_DENIED");
        ann.send(event, json!({ field: signal, "to": outside.id() })).await;
        assert_eq!(error(&ann), "PERMISSION_DENIED");
        ann.send(event, json!({ field: signal, "to": room })).await;
        assert_eq!(error(&ann), "PERMISSION_DENIED", "a room is nobody");
        ann.send(event, json!({ field: signal, "to": ann.id() })).await;
        assert_eq!(error(&ann), "PERMISSION_DENIED", "nobody calls themselves");
        ann.send(event, json!({ field: signal })).await;
        assert_eq!(error(&ann), "INVALID_REQUEST");
        ann.send(event, json!({ "to": ann.id() })).await;
        assert_eq!(error(&ann), "INVALID_REQUEST");
    }
    for (event, data) in [("offer", json!({ "offer": "v=0", "to": ann.id() })), ("nonsense", json!({}))] {
        ann.send(event, data).await;
        assert_eq!(error(&ann), "INVALID_REQUEST");
    }
    assert_eq!(outside.received(), []);
}

#[tokio::test]
async fn what_no_browser_would_send_is_relayed_to_none() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = joined(&app, &room, CLIENT, "client").await;
    let jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
    ann.received();
    for (event, field, signal) in [
        ("offer", "offer", json!({ "type": "offer", "sdp": 7 })),
        ("offer", "offer", json!({ "sdp": "v=0" })),
        ("offer", "offer", json!({ "type": "answer", "sdp": "v=0" })),
        ("offer", "offer", json!({ "type": "offer", "sdp": "hello" })),
        ("answer", "answer", json!({ "type": "offer", "sdp": "v=0" })),
        ("ice-candidate", "candidate", json!("candidate:1")),
        ("ice-candidate", "candidate", json!(7)),
        ("ice-candidate", "candidate", json!({})),
    ] {
        ann.send(event, json!({ field: signal, "to": jane.id() })).await;
        assert_eq!(error(&ann), "INVALID_REQUEST", "{signal}");
    }
    assert_eq!(jane.received(), []);
}

#[tokio::test]
async fn who_joins_again_is_greeted_again_and_announced_once() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let ann = joined(&app, &room, CLIENT, "client").await;
    let jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
    assert_eq!(ann.received().len(), 1);
    jane.send("join-room", me(&room, PSYCHOLOGIST, "Jane", "psychologist")).await;
    let greeted = jane.received();
    assert_eq!((greeted.len(), &*greeted[0].0), (1, "room-joined"));
    assert_eq!(ann.received(), []);
}

#[tokio::test]
async fn the_seats_of_the_two_are_kept_for_them() {
    let app = site().await;
    let (room, _) = room(&app, 0).await;
    let _admin = joined(&app, &room, ADMIN, "admin").await;
    let other = connect(&app, STRANGER, "admin").await;
    other.send("join-room", me(&room, STRANGER, "Another", "admin")).await;
    assert_eq!(error(&other), "ROOM_FULL");
    let _ann = joined(&app, &room, CLIENT, "client").await;
    let _jane = joined(&app, &room, PSYCHOLOGIST, "psychologist").await;
}

#[tokio::test]
async fn a_refused_connection_fails_with_its_reason() {
    let app = harness().open().await;
    let refused = async |auth: Value| app.connect("/socket.io", auth).await.err();
    for auth in [Value::Null, json!({}), json!({ "token": "no" }), json!({ "token": 7 }), json!("x")] {
        assert_eq!(refused(auth).await.as_deref(), Some("AUTHENTICATION_FAILED"));
    }
    let good = json!({ "token": token(&app, CLIENT, Some("client")) });
    for _ in 0..3 {
        drop(app.connect("/socket.io", good.clone()).await.unwrap());
    }
    assert_eq!(refused(good).await.as_deref(), Some("RATE_LIMITED"));
    let requests = ask(&app, CLIENT, "client", "GET /config", Value::Null).await;
    assert_eq!(requests.header("X-RateLimit-Remaining"), Some("9"), "connections are counted apart");
}

#[tokio::test]
async fn a_connection_is_in_one_room_at_a_time() {
    let app = site().await;
    let (one, _) = room(&app, 0).await;
    let (other, _) = room(&app, 0).await;
    let ann = joined(&app, &one, CLIENT, "client").await;
    ann.send("join-room", me(&other, CLIENT, "Ann", "client")).await;
    assert_eq!(error(&ann), "PERMISSION_DENIED");
}

//! Sockets: who connects, what reaches whom, and what happens at the end.

use std::sync::Arc;
use std::time::Duration;

use concept_authenticating::{Authenticating, Bearer, Tokens};
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concept_socket::Socket;
use concord_store::{MemoryStore, Store};
use concord_testing::{Harness, START, TestApp};
use serde_json::{Value, json};

const CHAT: &str = r#"
contract Chat at "/chat"
  own Room, Participant
  errors { error: message, code }
  error NO_SUCH_ROOM 404 "There is no such room"
  socket json at "/ws/:room" frame { type: event, data, at: now() }
    errors "error" { message, code, details }
    error NO_SUCH_ROOM as ROOM_GONE "The room is gone"
    admit
      Room._get (room) : ()                              else NO_SUCH_ROOM

sync Open
when
  Requesting.request (route: "POST /") : (request)
then
  Room.open (owner: "o") : (room)
  Requesting.respond (request, body: {room})

sync Enter
when
  Socket.open (connection, room, user ?? "nobody")
then
  Participant.join (room, user)
  Socket.emit (to: room, event: "joined", data: {user})
  Socket.join (connection, group: room)

sync Say
when
  Socket.receive (event: "say", connection, room, text, kind ?? "plain")
where
  text != ""                                             else NO_TEXT
then
  Room.touch (room)
  Socket.emit (to: room, except: connection, event: "said", data: {text, kind})

sync Whisper
when
  Socket.receive (event: "whisper", to, text)
then
  Socket.emit (to, event: "said", data: {text})

sync Kick
when
  Socket.receive (event: "kick", who: connection)
then
  Socket.disconnect (connection)

sync Exit
when
  Socket.close (room, user ?? "nobody", reason)
then
  Participant.leave (room, user)
  Socket.emit (to: room, event: "left", data: {user, reason})
"#;

fn harness(store: Arc<dyn Store>) -> Harness {
    let chat = CHAT.replace("  socket json", "  error NO_TEXT 400 \"Say something\"\n  socket json");
    Harness::default()
        .concept(Requesting)
        .concept(Socket::default())
        .concept(Room::default())
        .concept(Participant::default())
        .rules("chat", &chat)
        .store(store)
}

async fn chat() -> (TestApp, String) {
    let app = harness(Arc::new(MemoryStore::default())).open().await;
    let room = app.request("POST /chat/", Value::Null).await.json()["room"].as_str().unwrap().to_owned();
    (app, room)
}

fn events(received: &[(String, Value)]) -> Vec<&str> {
    received.iter().map(|(event, _)| &**event).collect()
}

#[tokio::test]
async fn what_is_said_in_a_room_reaches_the_others_in_the_contracts_frame() {
    let (app, room) = chat().await;
    let ann = app.connect(&format!("/ws/{room}?user=ann"), Value::Null).await.unwrap();
    let bob = app.connect(&format!("/ws/{room}?user=bob"), Value::Null).await.unwrap();
    assert_eq!(ann.received()[0].1["data"], json!({ "user": "bob" }));

    bob.send("say", json!({ "text": "hello" })).await;
    assert_eq!(bob.received(), []);
    let at = app.now().0;
    let heard = json!({ "type": "said", "data": { "text": "hello", "kind": "plain" }, "at": at });
    assert_eq!(ann.received(), [("said".to_owned(), heard)]);

    ann.send("whisper", json!({ "to": bob.id(), "text": "psst" })).await;
    assert_eq!(bob.received()[0].1["data"], json!({ "text": "psst" }));

    bob.close("gone home").await;
    assert_eq!(ann.received()[0].1["data"], json!({ "user": "bob", "reason": "gone home" }));
}

#[tokio::test]
async fn who_is_not_admitted_has_no_connection_and_leaves_no_trace() {
    let (app, _) = chat().await;
    assert_eq!(app.connect("/ws/nowhere", Value::Null).await.err().as_deref(), Some("ROOM_GONE"));
    assert_eq!(app.app().connections(), 0);
    assert_eq!(app.ok("Socket/_all", json!({})).await, json!([]));
}

#[tokio::test]
async fn a_bad_message_is_answered_with_the_sockets_error_to_its_sender_alone() {
    let (app, room) = chat().await;
    let ann = app.connect(&format!("/ws/{room}?user=ann"), Value::Null).await.unwrap();
    let bob = app.connect(&format!("/ws/{room}?user=bob"), Value::Null).await.unwrap();
    ann.received();

    bob.send("sya", json!({ "text": "x" })).await;
    bob.send("say", json!({})).await;
    bob.send("say", json!({ "text": 7 })).await;
    bob.send("say", json!({ "text": "" })).await;
    bob.send_frame("[]").await;
    bob.send_frame("{").await;
    bob.send_frame(r#"{"data":{}}"#).await;
    let told: Vec<Value> =
        bob.received().into_iter().map(|(_, frame)| frame["data"]["code"].clone()).collect();
    assert_eq!(
        told,
        [
            json!("INVALID_REQUEST"),
            json!("INVALID_REQUEST"),
            json!("INVALID_REQUEST"),
            json!("NO_TEXT"),
            json!("INVALID_REQUEST"),
            json!("INVALID_REQUEST"),
            json!("INVALID_REQUEST"),
        ]
    );
    assert_eq!(ann.received(), []);
}

#[tokio::test]
async fn a_body_cannot_set_what_belongs_to_the_connection() {
    let (app, room) = chat().await;
    let other = app.request("POST /chat/", Value::Null).await.json()["room"].as_str().unwrap().to_owned();
    let ann = app.connect(&format!("/ws/{room}"), Value::Null).await.unwrap();
    let eve = app.connect(&format!("/ws/{other}"), Value::Null).await.unwrap();
    eve.send("say", json!({ "text": "x", "room": room, "connection": ann.id(), "contract": "Other" })).await;
    assert_eq!((ann.received(), events(&eve.received())), (vec![], vec![]));
}

#[tokio::test]
async fn a_connection_is_ended_when_a_rule_says_so() {
    let (app, room) = chat().await;
    let ann = app.connect(&format!("/ws/{room}"), Value::Null).await.unwrap();
    ann.send("kick", json!({ "who": ann.id() })).await;
    assert!(ann.has_ended());
}

#[tokio::test]
async fn who_reads_too_slowly_is_given_up_and_the_others_go_on() {
    let (app, room) = chat().await;
    let slow = app.connect(&format!("/ws/{room}?user=slow"), Value::Null).await.unwrap();
    let fast = app.connect(&format!("/ws/{room}?user=fast"), Value::Null).await.unwrap();
    let talker = app.connect(&format!("/ws/{room}?user=talker"), Value::Null).await.unwrap();
    slow.slow_after(1);
    for n in 0..3 {
        talker.send("say", json!({ "text": n.to_string() })).await;
    }
    assert!(slow.has_ended());
    assert_eq!(events(&fast.received()), ["joined", "said", "said", "said"]);
}

#[tokio::test]
async fn a_connection_that_is_dropped_is_closed_all_the_same() {
    let (app, room) = chat().await;
    let ann = app.connect(&format!("/ws/{room}?user=ann"), Value::Null).await.unwrap();
    drop(app.connect(&format!("/ws/{room}?user=bob"), Value::Null).await.unwrap());
    tokio::task::yield_now().await;
    app.quiet().await;
    assert_eq!(events(&ann.received()), ["joined", "left"]);
}

#[tokio::test]
async fn connections_of_a_process_that_is_gone_are_closed_at_the_next_start() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let app = harness(Arc::clone(&store)).open().await;
    let room = app.request("POST /chat/", Value::Null).await.json()["room"].as_str().unwrap().to_owned();
    let ann = app.connect(&format!("/ws/{room}?user=ann"), Value::Null).await.unwrap();
    let people = json!({ "room": room });
    assert_eq!(app.ok("Chat.Participant/_in", people.clone()).await[0]["user"], "ann");
    // The process is gone: nobody closes anything.
    std::mem::forget(ann);
    drop(app);

    let app = harness(store).open().await;
    assert_eq!(app.ok("Socket/_all", json!({})).await, json!([]));
    assert_eq!(app.ok("Chat.Participant/_in", people).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_of_a_group_hear_what_is_said_at_once_in_one_order() {
    let (app, room) = chat().await;
    let app = Arc::new(app);
    let path = format!("/ws/{room}?user=");
    let mut listeners = Vec::new();
    for n in 0..5 {
        listeners.push(app.connect(&format!("{path}l{n}"), Value::Null).await.unwrap());
    }
    let mut talkers = Vec::new();
    for n in 0..8 {
        let talker = app.connect(&format!("{path}t{n}"), Value::Null).await.unwrap();
        talkers.push(tokio::spawn(async move {
            for m in 0..25 {
                talker.send("say", json!({ "text": format!("{n}.{m}") })).await;
            }
            talker
        }));
    }
    for talker in talkers {
        talker.await.unwrap();
    }
    let said = |received: Vec<(String, Value)>| -> Vec<Value> {
        let said = received.into_iter().filter(|(event, _)| event == "said");
        said.map(|(_, frame)| frame["data"]["text"].clone()).collect()
    };
    let heard: Vec<Vec<Value>> = listeners.iter().map(|listener| said(listener.received())).collect();
    assert_eq!(heard[0].len(), 200);
    assert!(heard.iter().all(|other| *other == heard[0]));
}

const CALL: &str = r#"
contract Call at "/call"
  admit
    Authenticating.verify (token: headers["x-auth-token"]) : (user)
  socket socketio at "/socket.io"
    error AUTHENTICATION_FAILED "AUTHENTICATION_FAILED"
    admit
      Authenticating.verify (token: auth.token) : (user)   else AUTHENTICATION_FAILED

sync Hello
when
  Socket.receive (event: "hello", connection, user)
then
  Socket.emit (to: connection, event: "welcome", data: {user})

sync Echo
when
  Socket.receive (event: "echo", connection, data)
then
  Socket.emit (to: connection, event: "echo", data)
"#;

#[tokio::test]
async fn what_admit_bound_belongs_to_the_connection() {
    let bearer = Bearer { user: "ann".into(), role: None, name: None };
    let token = Tokens::new(b"secret").issue(bearer, START, Duration::from_mins(1)).unwrap();
    let app = Harness::default()
        .concept(Authenticating::new(b"secret"))
        .concept(Socket::default())
        .concept(Requesting)
        .rules("call", CALL)
        .open()
        .await;
    let denied = app.connect("/socket.io", json!({ "token": "no" })).await.err();
    assert_eq!(denied.as_deref(), Some("AUTHENTICATION_FAILED"));
    assert_eq!(app.connect("/socket.io", Value::Null).await.err().as_deref(), Some("AUTHENTICATION_FAILED"));
    let ann = app.connect("/socket.io", json!({ "token": token })).await.unwrap();
    ann.send("hello", json!({ "user": "eve" })).await;
    assert_eq!(ann.received(), [("welcome".to_owned(), json!({ "user": "ann" }))]);

    for whole in [json!({ "deep": [1, null] }), json!("a text"), json!([]), json!(7)] {
        ann.send("echo", whole.clone()).await;
        assert_eq!(ann.received(), [("echo".to_owned(), whole)]);
    }
}

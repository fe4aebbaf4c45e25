//! Socket, on its own: connections come, hear what their groups hear, and go.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concept_socket::Socket;
use concord_testing::{Harness, TestApp, TestSocket};
use serde_json::{Value, json};

const TALK: &str = r#"
contract Talk at "/talk"
  socket json at "/talk/ws/:room" frame { type: event, data }

sync Enter
when
  Socket.open (connection, room)
then
  Socket.join (connection, group: room)

sync Say
when
  Socket.receive (event: "say", room, text)
then
  Socket.emit (to: room, event: "said", data: { text })

sync Leave
when
  Socket.receive (event: "leave", connection, room)
then
  Socket.leave (connection, group: room)

sync Kick
when
  Socket.receive (event: "kick", who: connection)
then
  Socket.disconnect (connection)

sync Clear
when
  Socket.receive (event: "clear", room)
then
  Socket.disconnect (group: room)
"#;

async fn talk() -> TestApp {
    Harness::default().concept(Socket::default()).rules("talk", TALK).open().await
}

async fn enter(app: &TestApp, room: &str) -> TestSocket {
    app.connect(&format!("/talk/ws/{room}"), Value::Null).await.unwrap()
}

fn heard(socket: &TestSocket) -> Vec<String> {
    socket.received().iter().map(|(_, frame)| frame["data"]["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn principle_what_is_sent_to_a_group_reaches_a_connection_in_order_until_it_leaves_or_is_closed() {
    let app = talk().await;
    let (ann, ben) = (enter(&app, "r").await, enter(&app, "r").await);
    for text in ["one", "two", "three"] {
        ann.send("say", json!({ "text": text })).await;
    }
    assert_eq!(heard(&ann), ["one", "two", "three"]);
    assert_eq!(heard(&ben), ["one", "two", "three"]);
    ben.send("leave", Value::Null).await;
    ann.send("say", json!({ "text": "four" })).await;
    assert_eq!(heard(&ann), ["four"]);
    assert_eq!(heard(&ben), [""; 0]);
    assert_eq!(app.ok("Socket/_get", json!({ "connection": ann.id() })).await.as_array().unwrap().len(), 1);
    let id = ann.id().to_owned();
    ann.close("left").await;
    assert_eq!(app.ok("Socket/_get", json!({ "connection": id })).await, json!([]));
}

#[tokio::test]
async fn one_connection_is_ended_or_all_of_a_group() {
    let app = talk().await;
    let (ann, ben) = (enter(&app, "r").await, enter(&app, "r").await);
    let (eve, elsewhere) = (enter(&app, "r").await, enter(&app, "s").await);
    ann.send("kick", json!({ "who": ben.id() })).await;
    assert!(ben.has_ended() && !ann.has_ended());
    ann.send("clear", Value::Null).await;
    assert!(ann.has_ended() && eve.has_ended() && !elsewhere.has_ended());
}

#[tokio::test]
async fn requires_that_an_event_has_a_name() {
    let app = TestApp::of(Socket::default()).await;
    let refused = app.refused("Socket/emit", json!({ "to": "c", "event": "" })).await;
    assert_eq!(refused.code(), "NO_EVENT");
}

#[tokio::test]
async fn requires_that_there_is_somebody_to_disconnect() {
    let app = TestApp::of(Socket::default()).await;
    assert_eq!(app.refused("Socket/disconnect", json!({})).await.code(), "NO_TARGET");
    app.ok("Socket/disconnect", json!({ "group": "g" })).await;
}

//! Sockets of the real binary: many at once, slow ones, broken ones, and a server that is killed.

use std::collections::HashMap;
use std::time::Duration;

use concord_tests::{Client, Server, Setup};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

struct Live {
    socket: WebSocketStream<TcpStream>,
}

impl Live {
    async fn connect(server: &Server, session: &str, user: &str) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let url = format!("ws://{}/ws/sessions/{session}?userId={user}", server.address());
        let (socket, _) = client_async(url, stream).await.unwrap();
        Self { socket }
    }

    async fn say(&mut self, kind: &str, data: &Value) {
        let text = json!({ "type": kind, "data": data }).to_string();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next message; none once the connection has ended.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("something is heard in time")?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Waits for a message of a kind that says this of somebody.
    async fn hear_of(&mut self, kind: &str, user: &str) {
        loop {
            let message = self.hear().await.expect("the connection is open");
            let data = &message["data"];
            if message["type"] == kind && (data["userId"] == user || data["user"]["id"] == user) {
                return;
            }
        }
    }
}

fn ask(client: &mut Client, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let reply = client.request(method, &format!("/api/v1{path}"), &[], &body).unwrap();
    assert!(reply.status < 300, "{method} {path}: {}", reply.status);
    if reply.status == 204 { Value::Null } else { reply.json() }
}

/// A session with these participants.
fn session(server: &Server, users: &[&str]) -> String {
    let mut client = server.client();
    let person = |user: &str| json!({ "id": user, "name": user, "color": "red" });
    let made = ask(&mut client, "POST", "/sessions", &json!({ "creator": person(users[0]) }));
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    for user in &users[1..] {
        ask(&mut client, "POST", &format!("/sessions/{id}/join"), &json!({ "user": person(user) }));
    }
    id
}

fn online(server: &Server, session: &str) -> HashMap<String, bool> {
    let listed = ask(&mut server.client(), "GET", &format!("/sessions/{session}/participants"), &Value::Null);
    let people = listed["participants"].as_array().unwrap().iter();
    people.map(|person| (person["id"].as_str().unwrap().to_owned(), person["isOnline"] == true)).collect()
}

/// What one socket says, and all it hears of what is said: until it has heard so many.
async fn talk(mut live: Live, me: String, says: usize, due: usize) -> Vec<String> {
    for n in 0..says {
        live.say("code_change", &json!({ "code": format!("{me} {n}"), "userId": me })).await;
    }
    let mut heard = Vec::new();
    while heard.len() < due {
        let message = live.hear().await.expect("the connection is open");
        if message["type"] == "code_change" {
            heard.push(message["data"]["code"].as_str().unwrap().to_owned());
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sockets_in_a_hundred_sessions_hear_their_own_session_in_one_order() {
    const SESSIONS: usize = 100;
    const SOCKETS: usize = 10;
    const SAYS: usize = 3;
    let server = Setup::default().start();
    let mut rooms = Vec::new();
    for n in 0..SESSIONS {
        let id = session(&server, &[&format!("owner{n}")]);
        let mut sockets = Vec::new();
        for m in 0..SOCKETS {
            let me = format!("{id}.{m}");
            sockets.push((Live::connect(&server, &id, &me).await, me));
        }
        rooms.push((id, sockets));
    }
    let talks = rooms.into_iter().map(|(id, sockets)| {
        tokio::spawn(async move {
            let all = sockets.into_iter().map(|(live, me)| talk(live, me, SAYS, SOCKETS * SAYS));
            (id, join_all(all).await)
        })
    });
    for talk in join_all(talks).await {
        let (id, heard) = talk.unwrap();
        let first = &heard[0];
        assert!(first.iter().all(|said| said.starts_with(&id)), "{id} heard another session: {first:?}");
        for n in 0..SOCKETS {
            let of_one: Vec<&String> =
                first.iter().filter(|said| said.starts_with(&format!("{id}.{n} "))).collect();
            assert_eq!(
                of_one,
                (0..SAYS)
                    .map(|m| format!("{id}.{n} {m}"))
                    .collect::<Vec<String>>()
                    .iter()
                    .collect::<Vec<_>>()
            );
        }
        for other in &heard {
            assert_eq!(other, first, "{id}: all hear one order");
        }
        // And that is the order in which it was saved.
        let saved = ask(&mut server.client(), "GET", &format!("/sessions/{id}"), &Value::Null);
        assert_eq!(saved["data"]["code"].as_str(), first.last().map(String::as_str));
    }
}

#[tokio::test]
async fn after_a_kill_nobody_is_there_until_they_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Setup::default().data(folder.path()).start();
    let id = session(&server, &["ann", "ben"]);
    let mut ann = Live::connect(&server, &id, "ann").await;
    let mut ben = Live::connect(&server, &id, "ben").await;
    let _other_tab = Live::connect(&server, &id, "ben").await;
    ann.hear_of("user_join", "ben").await;
    ben.say("code_change", &json!({ "code": "kept", "userId": "ben" })).await;
    ann.hear_of("code_change", "ben").await;
    server.kill();
    assert_eq!(ann.hear().await, None);

    let server = Setup::default().data(folder.path()).start();
    assert_eq!(online(&server, &id), HashMap::from([("ann".into(), false), ("ben".into(), false)]));
    let saved = ask(&mut server.client(), "GET", &format!("/sessions/{id}"), &Value::Null);
    assert_eq!(saved["data"]["code"], "kept");
    let mut ben = Live::connect(&server, &id, "ben").await;
    ben.hear_of("user_join", "ben").await;
    assert_eq!(online(&server, &id), HashMap::from([("ann".into(), false), ("ben".into(), true)]));
}

#[tokio::test]
async fn a_connection_that_breaks_off_ends_like_one_that_says_goodbye() {
    let server = Setup::default().start();
    let id = session(&server, &["ann", "ben"]);
    let mut ann = Live::connect(&server, &id, "ann").await;
    for polite in [true, false] {
        let mut ben = Live::connect(&server, &id, "ben").await;
        ann.hear_of("user_join", "ben").await;
        if polite {
            ben.socket.close(None).await.unwrap();
        }
        drop(ben);
        ann.hear_of("user_leave", "ben").await;
    }
    assert!(!online(&server, &id)["ben"]);
}

#[tokio::test]
async fn who_does_not_read_is_left_and_holds_up_nobody() {
    let server = Setup::default().start();
    let id = session(&server, &["ann", "ben", "slow"]);
    let slow = Live::connect(&server, &id, "slow").await;
    let mut ann = Live::connect(&server, &id, "ann").await;
    let mut ben = Live::connect(&server, &id, "ben").await;
    ann.hear_of("user_join", "ben").await;
    // More than the kernel and the queue hold together; the server says goodbye to the slow one.
    let code = "x".repeat(200_000);
    let reading = async {
        let mut heard = 0;
        loop {
            let message = ben.hear().await.expect("the one who reads stays");
            if message["type"] == "user_leave" {
                assert_eq!(message["data"]["userId"], "slow");
                return heard;
            }
            heard += usize::from(message["type"] == "code_change");
        }
    };
    let talking = async {
        loop {
            ann.say("code_change", &json!({ "code": code, "userId": "ann" })).await;
            while ann.hear().await.expect("the one who reads stays")["type"] != "code_change" {}
        }
    };
    let heard: usize = tokio::select! { heard = reading => heard, () = talking => 0 };
    assert!((20..1_000).contains(&heard), "{heard}");
    drop(slow);
}

/// How the server ends the conversation after these bytes, which follow the handshake as they are.
async fn end_after(server: &Server, session: &str, bytes: &[u8]) -> CloseCode {
    let mut socket = Live::connect(server, session, "ann").await.socket;
    socket.get_mut().write_all(bytes).await.unwrap();
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("it ends in time") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code,
            Some(Ok(Message::Close(None))) => return CloseCode::Status,
            Some(Ok(_)) => {}
            other => panic!("it ended without a word: {other:?}"),
        }
    }
}

#[tokio::test]
async fn every_conversation_ends_with_a_word_why() {
    let server = Setup::default().start();
    let id = session(&server, &["ann"]);
    let masked = |head: &[u8], body: &[u8]| [head, &[0; 4], body].concat();
    let large = vec![b'x'; 2 << 20];
    for (what, bytes, code) in [
        ("a goodbye", masked(&[0x88, 0x82], &[0x03, 0xe8]), CloseCode::Normal),
        ("a goodbye without a reason", masked(&[0x88, 0x80], &[]), CloseCode::Status),
        ("no text", masked(&[0x81, 0x81], &[0xff]), CloseCode::Invalid),
        ("an unknown frame", masked(&[0x83, 0x80], &[]), CloseCode::Protocol),
        ("too much", masked(&[0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0], &large), CloseCode::Size),
    ] {
        assert_eq!(end_after(&server, &id, &bytes).await, code, "{what}");
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_leaves_nobody_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Setup::default().data(folder.path()).start();
    let id = session(&server, &["ann"]);
    let mut ann = Live::connect(&server, &id, "ann").await;
    ann.hear_of("user_join", "ann").await;
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let goodbye = timeout(PATIENCE, ann.socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(frame)) = goodbye else { panic!("{goodbye:?}") };
    assert_eq!((frame.code, &*frame.reason), (CloseCode::Away, "stopping"));
    while ann.socket.next().await.is_some_and(|message| message.is_ok()) {}
    assert!(stopped.await.unwrap().success());

    let server = Setup::default().data(folder.path()).start();
    assert_eq!(online(&server, &id), HashMap::from([("ann".into(), false)]));
    assert!(!server.log().contains("connections of a process that is gone"), "it was closed in time");
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let server = Setup::default().start();
    let id = session(&server, &["ann"]);
    let reply = server.client().request("GET", &format!("/ws/sessions/{id}"), &[], b"").unwrap();
    assert_eq!((reply.status, reply.header("upgrade")), (426, Some("websocket")));
    assert_eq!(reply.json()["code"], "INVALID_REQUEST");
    let reply = server.client().request("GET", "/ws/sessions/abcd1234", &[], b"").unwrap();
    assert_eq!(reply.status, 426);
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection() {
    let server = Setup::default().start();
    let id = session(&server, &["ann"]);
    let mut ann = Live::connect(&server, &id, "ann").await;
    ann.hear_of("user_join", "ann").await;
    drop(ann.socket.send(Message::text("x".repeat(2 << 20))).await);
    assert_eq!(ann.hear().await, None);
}

//! Socket.IO as the real binary speaks it, packet by packet: polling, the move to a WebSocket, and what is refused.

use std::time::Duration;

use concord_tests::{Client, Reply, Server, Setup};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_mins(1);

const RULES: &str = r#"
contract Talk at "/talk"
  error UNNAMED 401 "Say who you are"
  socket socketio at "/socket.io"
    admit
      auth.name != null  else UNNAMED

sync Greet
when
  Socket.open (connection)
then
  Socket.join (connection, group: "all")
  Socket.emit (to: connection, event: "hello", data: { me: connection })

sync Tell
when
  Socket.receive (event: "tell", connection, text)
then
  Socket.emit (to: "all", event: "told", data: { text })

sync Throw
when
  Socket.receive (event: "leave", connection)
then
  Socket.disconnect (connection)

sync Part
when
  Socket.close (connection, reason)
then
  Socket.emit (to: "all", event: "parted", data: { reason })
"#;

struct Site {
    server: Server,
    _rules: tempfile::TempDir,
}

fn site() -> Site {
    let rules = tempfile::tempdir().unwrap();
    std::fs::write(rules.path().join("talk.sync"), RULES).unwrap();
    let folder = rules.path().to_str().unwrap();
    let server = Setup::default().argument("--only").argument("--syncs").argument(folder).start();
    Site { server, _rules: rules }
}

fn ask(client: &mut Client, method: &str, query: &str, body: &str) -> Reply {
    client.request(method, &format!("/socket.io/?EIO=4&{query}"), &[], body.as_bytes()).unwrap()
}

/// A client that polls.
struct Polling {
    client: Client,
    sid: String,
}

impl Polling {
    fn open(server: &Server) -> Self {
        let mut client = server.client();
        let reply = ask(&mut client, "GET", "transport=polling", "");
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; charset=UTF-8")));
        let welcome: Value = serde_json::from_slice(reply.body.strip_prefix(b"0").unwrap()).unwrap();
        let wanted = [("pingInterval", json!(25_000)), ("pingTimeout", json!(20_000))];
        assert!(wanted.iter().all(|(name, value)| welcome[name] == *value), "{welcome}");
        assert_eq!((&welcome["upgrades"], &welcome["maxPayload"]), (&json!(["websocket"]), &json!(1 << 20)));
        Self { client, sid: welcome["sid"].as_str().unwrap().to_owned() }
    }

    /// One that is let in; its id.
    fn join(server: &Server) -> (Self, String) {
        let mut polling = Self::open(server);
        assert_eq!(polling.say(r#"40{"name":"ann"}"#), (200, "ok".to_owned()));
        let mut heard = polling.hear();
        if heard.len() == 1 {
            heard.extend(polling.hear());
        }
        let id = id(&heard[0]);
        assert_eq!(heard[1..], [format!(r#"42["hello",{{"me":"{id}"}}]"#)]);
        assert_ne!(polling.sid, id, "the others know the id, and must not take the session over with it");
        (polling, id)
    }

    fn say(&mut self, packets: &str) -> (u16, String) {
        let reply = ask(&mut self.client, "POST", &format!("transport=polling&sid={}", self.sid), packets);
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    fn hear(&mut self) -> Vec<String> {
        let reply = self.poll();
        assert_eq!(reply.status, 200);
        String::from_utf8(reply.body).unwrap().split('\u{1e}').map(str::to_owned).collect()
    }

    fn poll(&mut self) -> Reply {
        ask(&mut self.client, "GET", &format!("transport=polling&sid={}", self.sid), "")
    }
}

/// The id in a packet that says that one is let in.
fn id(packet: &str) -> String {
    let said: Value = serde_json::from_str(packet.strip_prefix("40").unwrap()).unwrap();
    said["sid"].as_str().unwrap().to_owned()
}

/// A client on a WebSocket.
struct Web(WebSocketStream<TcpStream>);

impl Web {
    async fn open(server: &Server, query: &str) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket{query}", server.address());
        Self(client_async(url, stream).await.unwrap().0)
    }

    /// One that is let in.
    async fn join(server: &Server) -> Self {
        let mut web = Self::open(server, "").await;
        assert!(web.hear().await.unwrap().starts_with("0{"));
        web.say(r#"40{"name":"bob"}"#).await;
        let id = id(&web.hear().await.unwrap());
        assert_eq!(web.hear().await, Some(format!(r#"42["hello",{{"me":"{id}"}}]"#)));
        web
    }

    async fn say(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    /// The next packet; none once the connection has ended.
    async fn hear(&mut self) -> Option<String> {
        match timeout(PATIENCE, self.0.next()).await.expect("something is heard in time")?.ok()? {
            Message::Text(text) => Some(text.as_str().to_owned()),
            Message::Close(_) => None,
            other => panic!("{other:?}"),
        }
    }

    async fn hears(&mut self, packets: &[&str]) {
        for packet in packets {
            assert_eq!(self.hear().await.as_deref(), Some(*packet));
        }
    }
}

#[test]
fn requests_that_lead_nowhere_are_refused_in_the_words_of_the_protocol() {
    let Site { server, _rules } = site();
    let mut client = server.client();
    let faults = [
        ("GET", "transport=pigeon", 0),
        ("GET", "", 0),
        ("GET", "transport=polling&sid=nobody", 1),
        ("POST", "transport=polling&sid=nobody", 1),
        ("POST", "transport=polling", 2),
        ("GET", "transport=websocket", 3),
        ("GET", "transport=polling&EIO=3", 5),
    ];
    for (method, query, code) in faults {
        let reply = ask(&mut client, method, query, "");
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!(code)), "{method} {query}");
    }
    assert_eq!(client.request("GET", "/socket.io", &[], b"").unwrap().json()["code"], 5);
}

#[tokio::test]
async fn who_polls_talks_with_who_does_not() {
    let Site { server, _rules } = site();
    let mut web = Web::join(&server).await;
    let (mut polling, _) = Polling::join(&server);
    let told = r#"42["told",{"text":"one"}]"#;
    // Two packets in one body are worked on in their order; the one with a number is told that it was.
    assert_eq!(polling.say("42[\"tell\",{\"text\":\"one\"}]\u{1e}427[\"tell\",{\"text\":\"two\"}]").0, 200);
    web.hears(&[told, r#"42["told",{"text":"two"}]"#]).await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.extend(polling.hear());
    }
    assert_eq!(heard, [told, r#"42["told",{"text":"two"}]"#, "437[]"]);
    assert_eq!(polling.say("1").0, 200);
    web.hears(&[r#"42["parted",{"reason":"left"}]"#]).await;
}

#[tokio::test]
async fn a_client_moves_to_a_websocket_and_misses_nothing() {
    let Site { server, _rules } = site();
    let mut other = Web::join(&server).await;
    let (mut polling, _) = Polling::join(&server);
    let sid = polling.sid.clone();
    let mut web = Web::open(&server, &format!("&sid={sid}")).await;
    // It polls meanwhile, and is let go once the WebSocket is seen to carry.
    let poll = tokio::task::spawn_blocking(move || {
        let heard = polling.hear();
        (polling, heard)
    });
    web.say("2probe").await;
    web.hears(&["3probe"]).await;
    let (mut polling, heard) = poll.await.unwrap();
    assert_eq!(heard, ["6"]);
    other.say(r#"42["tell",{"text":"between"}]"#).await;
    other.hears(&[r#"42["told",{"text":"between"}]"#]).await;
    web.say("5").await;
    web.say(r#"42["tell",{"text":"moved"}]"#).await;
    web.hears(&[r#"42["told",{"text":"between"}]"#, r#"42["told",{"text":"moved"}]"#]).await;
    assert_eq!(polling.poll().json()["code"], 1, "nobody polls a connection that has moved");
    web.0.close(None).await.unwrap();
    other.hears(&[r#"42["told",{"text":"moved"}]"#, r#"42["parted",{"reason":"left"}]"#]).await;
}

#[tokio::test]
async fn a_move_that_fails_leaves_the_client_polling() {
    let Site { server, _rules } = site();
    let (mut polling, _) = Polling::join(&server);
    let sid = format!("&sid={}", polling.sid);
    let mut web = Web::open(&server, &sid).await;
    web.say("5").await;
    assert_eq!(web.hear().await, None);
    assert_eq!(polling.say(r#"42["tell",{"text":"here"}]"#).0, 200);
    assert_eq!(polling.hear(), [r#"42["told",{"text":"here"}]"#]);
    let mut web = Web::open(&server, &sid).await;
    web.say("2probe").await;
    web.hears(&["3probe"]).await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why_and_may_ask_again() {
    let Site { server, _rules } = site();
    let mut web = Web::open(&server, "").await;
    web.hear().await.unwrap();
    web.say("40").await;
    let refused = web.hear().await.unwrap();
    let why: Value = serde_json::from_str(refused.strip_prefix("44").unwrap()).unwrap();
    assert!(why["message"].is_string(), "{refused}");
    web.say("40/admin,{}").await;
    web.hears(&[r#"44/admin,{"message":"Invalid namespace"}"#]).await;
    web.say(r#"40{"name":"bob"}"#).await;
    assert!(web.hear().await.unwrap().starts_with(r#"40{"sid":"#));
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_the_connection_goes_on() {
    let Site { server, _rules } = site();
    let mut web = Web::join(&server).await;
    for packet in
        ["42{}", "42[", r#"42["nonsense"]"#, r#"451-["tell",{"text":{"_placeholder":true,"num":0}}]"#]
    {
        web.say(packet).await;
        let told = web.hear().await.unwrap();
        assert!(told.starts_with(r#"42["error",{"message":"#), "{packet}: {told}");
    }
    web.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    web.say(r#"4212["tell",{}]"#).await;
    let (event, number) = (web.hear().await.unwrap(), web.hear().await.unwrap());
    assert_eq!(event.strip_prefix(r#"42["error","#), number.strip_prefix("4312["), "both say the same");
    web.say(r#"42["tell",{"text":"on"}]"#).await;
    web.hears(&[r#"42["told",{"text":"on"}]"#]).await;
}

#[tokio::test]
async fn what_is_no_packet_ends_the_connection() {
    let Site { server, _rules } = site();
    let mut other = Web::join(&server).await;
    for packet in ["nonsense", "2", r#"40{"name":"twice"}"#] {
        let mut web = Web::join(&server).await;
        web.say(packet).await;
        while web.hear().await.is_some() {}
        other.hears(&[r#"42["parted",{"reason":"lost"}]"#]).await;
    }
    let mut early = Web::open(&server, "").await;
    early.hear().await.unwrap();
    early.say(r#"42["tell",{"text":"unknown"}]"#).await;
    assert_eq!(early.hear().await, None);
}

#[tokio::test]
async fn who_is_sent_away_hears_so_over_either_transport() {
    let Site { server, _rules } = site();
    let mut web = Web::join(&server).await;
    web.say(r#"42["leave"]"#).await;
    web.hears(&["41"]).await;
    assert_eq!(web.hear().await, None);
    let (mut polling, _) = Polling::join(&server);
    assert_eq!(polling.say(r#"42["leave"]"#).0, 200);
    assert_eq!(polling.hear(), ["41", "1"]);
}

#[tokio::test]
async fn who_polls_twice_at_once_is_lost() {
    let Site { server, _rules } = site();
    let mut web = Web::join(&server).await;
    let (mut polling, _) = Polling::join(&server);
    let mut second = Polling { client: server.client(), sid: polling.sid.clone() };
    let replies = [
        tokio::task::spawn_blocking(move || polling.poll().status),
        tokio::task::spawn_blocking(move || second.poll().status),
    ];
    let mut statuses = Vec::new();
    for reply in replies {
        statuses.push(reply.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    web.hears(&[r#"42["parted",{"reason":"lost"}]"#]).await;
}

#[tokio::test]
async fn a_server_that_stops_lets_go_who_polls() {
    let Site { mut server, _rules } = site();
    let (mut polling, _) = Polling::join(&server);
    let poll = tokio::task::spawn_blocking(move || polling.poll());
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let reply = poll.await.unwrap();
    assert_eq!((reply.status, &*reply.body), (200, &b"1"[..]));
    assert!(stopped.await.unwrap().success());
}

//! What `admit` did is told with the flow, whatever came of the request; rules do not see it.

use std::time::Duration;

use concept_authenticating::{Authenticating, Bearer, Tokens};
use concept_requesting::Requesting;
use concept_socket::Socket;
use concord_runtime::{FlowId, Trace};
use concord_testing::{Harness, TestApp};
use serde_json::{Value, json};

use crate::tally::Tally;

const RULES: &str = r#"
contract Doors at "/doors"
  error SHUT 401 "Who are you?"
  error BUSY 429 "Come back later"
  admit
    Authenticating.verify (token: headers["x-token"]) : (user)  else SHUT
    Tally.add (thing: user) : (times)
    times < 4                                                   else BUSY
  socket json at "/doors/ws" frame { type: event, data }
    admit
      Tally.add (thing: "visitor") : (times: visit)

sync Enter
when
  Requesting.request (route: "POST /", name, user) : (request)
then
  Tally.add (thing: name)
  Requesting.respond (request, body: {user})

sync Counted
when
  Tally.add (thing: "door")
then
  Tally.add (thing: "seen")

sync Connected
when
  Socket.open (connection, visit)
then
  Tally.add (thing: "connected")
"#;

const SECRET: &[u8] = b"secret";

struct Site {
    app: TestApp,
    token: String,
}

impl Site {
    async fn open() -> Self {
        let harness = Harness::default().concept(Authenticating::new(SECRET)).concept(Tally::default());
        let app = harness.concept(Requesting).concept(Socket::default()).rules("doors", RULES).open().await;
        let bearer = Bearer { user: "ada".into(), role: None, name: None };
        let token = Tokens::new(SECRET).issue(bearer, app.now(), Duration::from_hours(1)).unwrap();
        Self { app, token }
    }

    /// Asks, and tells what happened: the status, the trace, and it once more as a stopped server would tell it.
    async fn ask(&self, line: &str, body: Value) -> (u16, Trace, Trace) {
        let response = self.app.request_with(line, &[("x-token", &self.token)], body).await;
        self.app.quiet().await;
        let (trace, journal) = (self.app.trace(response.flow()), self.journal(response.flow()).await);
        for told in [serde_json::to_string(&trace).unwrap(), trace.to_string(), trace.to_mermaid()] {
            assert!(!told.contains(&self.token), "{told}");
        }
        (response.status(), trace, journal)
    }

    async fn journal(&self, flow: FlowId) -> Trace {
        let lines = self.app.app().store().journal(flow.0).wait().await.unwrap();
        Trace::of_journal(flow, &lines).unwrap()
    }
}

/// The numbers of the records, with their actions.
fn numbered(trace: &Trace) -> Vec<(i32, &str)> {
    trace.records.iter().map(|record| (record.n, &*record.action)).collect()
}

#[tokio::test]
async fn what_admit_did_stands_before_the_request() {
    let site = Site::open().await;
    let (status, trace, journal) = site.ask("POST /doors", json!({ "name": "door" })).await;
    assert_eq!(status, 200);
    let all = [(-2, "verify"), (-1, "add"), (0, "request"), (1, "add"), (2, "respond"), (3, "add")];
    assert_eq!(numbered(&trace), all);
    assert_eq!(numbered(&journal), [(-1, "add"), (1, "add"), (3, "add")], "what was durable");
    let text = trace.to_string();
    let lines: Vec<&str> = text.lines().skip(1).take(3).collect();
    assert_eq!(
        lines[..2],
        [
            r#"  admit Authenticating.verify {"token":"(secret)"} → {"user":"ada","role":null}"#,
            r#"  admit Tally.add {"thing":"ada"} → {"times":1}"#,
        ]
    );
    assert!(lines[2].starts_with("  Requesting.request {"), "{text}");
    assert!(trace.near.is_empty(), "{text}");
    let diagram = trace.to_mermaid();
    assert!(diagram.contains("a1[\"Tally.add\"]") && diagram.contains("a1 -->|\"admit\"| r0"), "{diagram}");
}

#[tokio::test]
async fn rules_do_not_see_what_admit_did() {
    let site = Site::open().await;
    for _ in 0..2 {
        site.ask("POST /doors", json!({ "name": "gate" })).await;
    }
    let seen = site.app.ok("Tally/_of", json!({ "thing": "seen" })).await;
    assert_eq!(seen, json!([]), "only a `door` would be");
    let bearer = Bearer { user: "door".into(), role: None, name: None };
    let token = Tokens::new(SECRET).issue(bearer, site.app.now(), Duration::from_hours(1)).unwrap();
    let door = Site { token, ..site };
    let (_, trace, _) = door.ask("POST /doors", json!({ "name": "gate" })).await;
    assert_eq!(trace.records[1].input, json!({ "thing": "door" }));
    assert_eq!(door.app.ok("Tally/_of", json!({ "thing": "seen" })).await, json!([]));
}

#[tokio::test]
async fn what_admit_did_is_told_of_a_request_that_came_to_nothing() {
    let site = Site::open().await;
    let admitted = [(-2, "verify"), (-1, "add")];
    for (line, status) in [("GET /doors/no", 404), ("DELETE /doors", 405), ("POST /doors", 400)] {
        let (found, trace, journal) = site.ask(line, json!(null)).await;
        assert_eq!((found, numbered(&trace)), (status, admitted.to_vec()), "{line}");
        assert_eq!(numbered(&journal), [(-1, "add")], "{line}");
    }
    let (status, trace, _) = site.ask("POST /doors", json!({ "name": "door" })).await;
    assert_eq!((status, numbered(&trace)), (429, admitted.to_vec()), "when admit itself refuses, too");
}

#[tokio::test]
async fn the_line_that_refused_is_told_and_its_token_is_not() {
    let site = Site { token: "not-a-token".into(), ..Site::open().await };
    let (status, trace, journal) = site.ask("POST /doors", json!({ "name": "door" })).await;
    assert_eq!((status, numbered(&trace)), (401, vec![(-1, "verify")]));
    assert!(trace.records[0].error.is_some());
    assert!(trace.to_string().starts_with(&format!(
        "flow {}\n  admit Authenticating.verify {{\"token\":\"(secret)\"}} ✗ ",
        trace.flow
    )));
    assert!(journal.records.is_empty());
}

#[tokio::test]
async fn what_a_sockets_admit_did_stands_before_its_opening() {
    let site = Site::open().await;
    let _socket = site.app.connect("/doors/ws", json!(null)).await.unwrap();
    site.app.quiet().await;
    let flow = site.app.app().flows().pop().unwrap();
    assert_eq!(numbered(&site.app.trace(flow.id)), [(-1, "add"), (0, "open"), (1, "add")]);
}

//! What the server says of itself.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use concept_ice_servers::Settings;
use concord_lang::{Plan, Source, Sources};
use concord_runtime::{App, Clock, ContractSettings, Registry, SystemClock};
use concord_server::token::Admins;
use concord_server::{RequestLimits, Routes, Site};
use concord_store::MemoryStore;
use hyper::{Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use crate::site::{ask, json, refused, secret, token};

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_documents_tell_what_can_be_called() {
    let whole = json(ask(get("/openapi.json")).await).await;
    assert_eq!(whole["openapi"], "3.1.0");
    let create = &whole["paths"]["/api/CallSession/createSession"]["post"];
    let input = &create["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(input["required"], serde_json::json!(["host"]));
    let statuses: Vec<&String> = create["responses"].as_object().unwrap().keys().collect();
    for status in ["200", "400", "413", "415", "500", "503"] {
        assert!(statuses.iter().any(|known| *known == status), "{status}");
    }
    let one = json(ask(get("/openapi/Api.json")).await).await;
    assert_eq!(one["paths"]["/api/CallSession/createSession"]["post"], *create);
    let (status, code, body) = refused(get("/openapi/Nothing.json")).await;
    assert_eq!((status, &*code), (404, "NOT_FOUND"));
    assert!(body.to_string().contains("Api.json"), "{body}");
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    for (path, kind) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/", "text/html; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/events.json", "application/json"),
    ] {
        let answer = ask(get(path)).await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("http:"), "{path}");
        assert!(!String::from_utf8_lossy(&body).contains("https:"), "{path}");
    }
}

/// Rules with a bit of everything that documents speak of.
const RULES: &str = r#"
contract Calls at "/calls"
  errors { message, code }
  error UNAUTHORIZED 401 "Please sign in"
  error TOO_MANY 429 "Too many requests"
  error NO_ROOM 404 "There is no such room"
  error UNSUPPORTED_TYPE as NOT_JSON 415 "Send JSON"
  admit
    Authenticating.verify (token: headers["x-auth-token"]) : (user)              else UNAUTHORIZED
    RateLimiting.take (key: user, limit: 10, window: 1m) : (allowed, remaining)
    allowed                                                                      else TOO_MANY
  headers { "X-Remaining": remaining }
  socket socketio at "/calls.io"
    error UNAUTHORIZED as WHO_ARE_YOU "Say who you are"
    error NO_ROOM as DENIED "No such room"
    error Presence.PRESENT_ELSEWHERE as DENIED "You are elsewhere"
    admit
      Authenticating.verify (token: auth.token) : (user)  else UNAUTHORIZED

public sync Health
when
  Requesting.request (route: "GET /health") : (request)
then
  Requesting.respond (request, body: { ok: true })

sync Show
when
  Requesting.request (route: "GET /rooms/:room", room) : (request)
where
  let found = shown(room)
then
  Requesting.respond (request, body: about(room, found))

sync Leniently
when
  Requesting.request (route: "DELETE /rooms/:room", room) : (request)
where
  shown(room)  else TOO_MANY
then
  Requesting.respond (request)

sync Enter
when
  Socket.receive (event: "enter", connection, user, room)
where
  shown(room)
then
  Presence.enter (connection, place: room, user)

sync Wave
when
  Socket.receive (event: "wave", connection)
then
  Socket.emit (to: connection, event: "waved", data: {})

view shown (room) =
  Room._get (room) : (owner, status)  else NO_ROOM
  give { owner, status }

view about (room, found) =
  give { id: room, status: found.status, seats: [1, 2] }
"#;

/// A socket of the other sort: its handshake is a request.
const TALK: &str = r#"
contract Talk at "/talk"
  error NO_ROOM 404 "There is no such room"
  error INTERNAL as BROKEN 500 "Something broke"
  socket json at "/ws/:room" frame { type: event, data }
    error NO_ROOM as GONE "It is gone"
    admit
      Room._get (room)                                                 else NO_ROOM
      Authenticating.verify (token: headers["x-token"] ?? query.token)

sync Say
when
  Socket.receive (event: "say", connection, room, text)
where
  Room._get (room)  else NO_ROOM
then
  Socket.emit (to: connection, event: "said", data: { text })
"#;

fn concepts() -> Registry {
    concord_server::concepts::registry(b"a secret of the test", Settings::default()).unwrap()
}

fn rules() -> Sources {
    let source = |folder: &str, text: &str| Source {
        folder: folder.into(),
        path: format!("{folder}/contract.sync"),
        text: text.into(),
    };
    Sources::new(vec![source("calls", RULES), source("talk", TALK)])
}

fn registry_and_plan() -> (Registry, Plan) {
    let mut registry = concepts();
    let (plan, _) =
        concord_runtime::check_into(rules(), &mut registry, &ContractSettings::default()).unwrap();
    (registry, plan)
}

/// The responses of a route of those rules.
fn responses(method: &str, path: &str) -> Value {
    let (registry, plan) = registry_and_plan();
    let api = concord_specs::apis(&registry, &plan).into_iter().find(|api| api.name == "Calls").unwrap();
    api.document["paths"][path][method]["responses"].clone()
}

fn codes(responses: &Value, status: &str) -> Value {
    responses[status]["content"]["application/json"]["schema"]["properties"]["code"]["enum"].clone()
}

/// Asks a site that serves those rules: the status, and the code of a refusal.
async fn asked(request: Request<Body>) -> (String, Value) {
    let app = App::options().rules(rules()).open(concepts(), Arc::new(MemoryStore::default())).await.unwrap();
    let limits = RequestLimits { body_bytes: 100, ..RequestLimits::default() };
    let site = Arc::new(Site::new(app, Admins::new(&secret()), limits));
    let answer = Router::from(Routes::new(&site, &[])).oneshot(request).await.unwrap();
    (answer.status().as_u16().to_string(), json(answer).await["code"].clone())
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_documented_whatever_the_method() {
    let documented = responses("get", "/health");
    let kinds =
        [("text/plain", "?".into()), ("application/json", "?".into()), ("text/plain", "?".repeat(200))];
    for (kind, body) in kinds {
        let request = Request::get("/calls/health").header("content-type", kind).body(Body::from(body));
        let (status, code) = asked(request.unwrap()).await;
        assert!(codes(&documented, &status).as_array().unwrap().contains(&code), "{status} {code}");
    }
    assert_eq!(codes(&documented, "415"), serde_json::json!(["NOT_JSON"]));
    assert_eq!(codes(&documented, "408"), serde_json::json!(["INVALID_REQUEST"]));
    assert!(documented.get("404").is_none(), "its path has no part that could be no text");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_documented_where_a_part_has_a_name() {
    let token = token("client", SystemClock.now(), Duration::from_hours(1));
    let request = Request::get("/calls/rooms/%ff").header("x-auth-token", token).body(Body::empty());
    assert_eq!(asked(request.unwrap()).await, ("404".into(), "NOT_FOUND".into()));
    assert_eq!(codes(&responses("get", "/rooms/{room}"), "404"), serde_json::json!(["NOT_FOUND", "NO_ROOM"]));
}

#[test]
fn what_an_else_catches_is_not_documented() {
    let show = responses("get", "/rooms/{room}");
    assert_eq!(codes(&show, "401"), serde_json::json!(["UNAUTHORIZED"]));
    // The line's own `else` speaks for that of the view that it uses.
    let delete = responses("delete", "/rooms/{room}");
    assert_eq!(codes(&delete, "404"), serde_json::json!(["NOT_FOUND"]));
}

#[test]
fn a_header_is_documented_where_its_variables_are_bound_and_as_what_it_is() {
    let show = responses("get", "/rooms/{room}");
    let number = serde_json::json!({ "X-Remaining": { "schema": { "type": "number" } } });
    for status in ["200", "404", "415", "429"] {
        assert_eq!(show[status]["headers"], number, "{status}");
    }
    assert!(show["401"].get("headers").is_none(), "nobody is known yet");
    assert!(responses("get", "/health")["200"].get("headers").is_none(), "nobody is asked");
}

#[test]
fn what_goes_through_a_view_keeps_its_type() {
    let body = &responses("get", "/rooms/{room}")["200"]["content"]["application/json"]["schema"];
    let fields = &body["properties"];
    assert_eq!(fields["id"]["maxLength"], concord::MAX_ID_BYTES);
    assert_eq!(fields["status"]["enum"], serde_json::json!(["open", "closed"]));
}

/// The page of a contract's events.
fn events(contract: &str) -> String {
    let (registry, plan) = registry_and_plan();
    let at = plan.contracts.iter().position(|known| *known.name == *contract).unwrap();
    concord_specs::event_page(&registry, &plan, at).unwrap()
}

#[test]
fn a_handshake_that_is_a_request_is_refused_in_the_terms_of_requests() {
    let page = events("Talk");
    for line in [
        "| 404 | `NO_ROOM` | There is no such room |",
        "| 500 | `BROKEN` | Something broke |",
        "| `GONE` | It is gone | `say` |",
        "| `BROKEN` | Something broke | any message |",
    ] {
        assert!(page.lines().any(|known| known == line), "{line}\n\nis not in\n\n{page}");
    }
    let read = "Who may connect depends on the header `x-token`, `token` of the query, `room` of the path.\n";
    assert!(page.contains(read), "{page}");
    assert!(page.contains("| 401 | `TOKEN_INVALID` | "), "no line speaks for it: {page}");
}

#[test]
fn the_events_say_how_to_connect_and_what_each_message_may_be_refused_with() {
    let page = events("Calls");
    for line in [
        "Socket.IO at `/calls.io`. Who may connect depends on `auth: { token }`.",
        "| Say who you are | `WHO_ARE_YOU` |",
        "| `DENIED` | No such room; You are elsewhere | `enter` |",
        "| `INVALID_REQUEST` | the request makes no sense | any message |",
    ] {
        assert!(page.lines().any(|known| known == line), "{line}\n\nis not in\n\n{page}");
    }
    for caught in ["TOKEN_INVALID", "NO_ROOM"] {
        assert!(!page.contains(caught), "{page}");
    }
}

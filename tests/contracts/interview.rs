//! Seed *interview*, its REST side.

use std::time::Duration;

use concord_testing::{Response, TestApp};
use serde_json::{Value, json};

use crate::site::{harness, site};

const ANN: &str = "550e8400-e29b-41d4-a716-446655440000";
const BEN: &str = "660e8400-e29b-41d4-a716-446655440001";
const DAY: i64 = 24 * 60 * 60 * 1000;

async fn create(app: &TestApp) -> String {
    let ann = json!({ "id": ANN, "name": "John Doe", "color": "hsl(250, 84%, 54%)" });
    let made = app.request("POST /api/v1/sessions", json!({ "creator": ann })).await;
    assert_eq!(made.status(), 201);
    made.json()["data"]["id"].as_str().unwrap().to_owned()
}

async fn join(app: &TestApp, session: &str) -> Response {
    let ben = json!({ "id": BEN, "name": "Jane Smith", "color": "hsl(120, 70%, 50%)" });
    app.request(&format!("POST /api/v1/sessions/{session}/join"), json!({ "user": ben })).await
}

async fn ask(app: &TestApp, method: &str, path: &str, body: Value) -> Response {
    app.request(&format!("{method} /api/v1/sessions/{path}"), body).await
}

fn refusal(response: &Response) -> (u16, String) {
    let body = response.json();
    assert_eq!((&body["success"], body["error"].is_string()), (&json!(false), true), "{body}");
    (response.status(), body["code"].as_str().unwrap().to_owned())
}

/// Rules that somebody added, and that leave a request without an answer.
const FORGETFUL: &str = r#"
sync Ask
when
  Requesting.request (route: "POST /ask", room) : (request)
where
  optional Room._get (room) : (status)
  status == "open"
then
  Room.remove (room)

sync Answer
when
  Requesting.request (route: "POST /ask") : (request)
  Room.remove (room)
then
  Requesting.respond (request)
"#;

#[tokio::test]
async fn what_goes_wrong_inside_is_an_internal_error_that_tells_no_more() {
    let app = harness().rules("interview", FORGETFUL).open().await;
    let broken = app.request("POST /api/v1/ask", json!({ "room": "none" })).await;
    assert_eq!(refusal(&broken), (500, "INTERNAL_ERROR".into()));
    assert_eq!(broken.json()["error"], "Internal server error");
}

#[tokio::test]
async fn health_tells_the_time() {
    let app = site().await;
    let healthy = app.request("GET /api/v1/health", Value::Null).await;
    assert_eq!(
        (healthy.status(), healthy.json()),
        (200, json!({ "status": "ok", "timestamp": app.now().0 }))
    );
}

#[tokio::test]
async fn a_session_is_created_as_documented_and_shown_the_same() {
    let app = site().await;
    let creator = json!({ "id": ANN, "name": "John Doe", "color": "hsl(250, 84%, 54%)" });
    let wish =
        json!({ "creator": creator, "code": "console.log('Hello, World!');", "language": "javascript" });
    let made = app.request("POST /api/v1/sessions", wish).await;
    let (now, body) = (app.now().0, made.json());
    let id = body["data"]["id"].as_str().unwrap();
    assert!(id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    let session = json!({
        "id": id,
        "createdAt": now,
        "updatedAt": now,
        "expiresAt": now + DAY,
        "code": "console.log('Hello, World!');",
        "language": "javascript",
        "participants": [{
            "id": ANN,
            "name": "John Doe",
            "role": "interviewer",
            "color": "hsl(250, 84%, 54%)",
            "joinedAt": now,
            "isOnline": true,
        }],
        "creatorId": ANN,
    });
    assert_eq!((made.status(), &body), (201, &json!({ "success": true, "data": session })));
    let shown = ask(&app, "GET", id, Value::Null).await;
    assert_eq!((shown.status(), shown.json()), (200, body.clone()));
}

#[tokio::test]
async fn code_and_language_have_defaults() {
    let app = site().await;
    let id = create(&app).await;
    let shown = ask(&app, "GET", &id, Value::Null).await.json();
    assert_eq!((&shown["data"]["code"], &shown["data"]["language"]), (&json!(""), &json!("javascript")));
}

#[tokio::test]
async fn a_session_is_changed_in_part_or_by_its_code() {
    let app = site().await;
    let id = create(&app).await;
    app.advance(Duration::from_secs(1));
    let changed = ask(&app, "PATCH", &id, json!({ "language": "python" })).await;
    let data = changed.json()["data"].clone();
    assert_eq!(
        (changed.status(), &data["code"], &data["language"], &data["updatedAt"]),
        (200, &json!(""), &json!("python"), &json!(app.now().0))
    );
    let changed = ask(&app, "PATCH", &id, json!({ "code": "x = 1" })).await.json();
    assert_eq!((&changed["data"]["code"], &changed["data"]["language"]), (&json!("x = 1"), &json!("python")));
    let saved = ask(&app, "PUT", &format!("{id}/code"), json!({ "code": "<p>", "language": "html" })).await;
    let data = saved.json()["data"].clone();
    assert_eq!((saved.status(), &data["code"], &data["language"]), (200, &json!("<p>"), &json!("html")));
    let nothing = ask(&app, "PATCH", &id, json!({})).await;
    assert_eq!((nothing.status(), &nothing.json()["data"]["code"]), (200, &json!("<p>")));
}

#[tokio::test]
async fn joining_twice_is_one_entry_that_keeps_its_role() {
    let app = site().await;
    let id = create(&app).await;
    let joined = join(&app, &id).await;
    let people = joined.json()["data"]["participants"].clone();
    let ben = json!({
        "id": BEN,
        "name": "Jane Smith",
        "role": "candidate",
        "color": "hsl(120, 70%, 50%)",
        "joinedAt": app.now().0,
        "isOnline": true,
    });
    assert_eq!((joined.status(), &people[1]), (200, &ben));
    let ann = json!({ "id": ANN, "name": "John D.", "color": "red" });
    let again = ask(&app, "POST", &format!("{id}/join"), json!({ "user": ann })).await.json();
    let people = again["data"]["participants"].as_array().unwrap();
    assert_eq!((people.len(), &people[0]["role"]), (2, &json!("interviewer")));
    let listed = ask(&app, "GET", &format!("{id}/participants"), Value::Null).await;
    assert_eq!((listed.status(), listed.json()), (200, json!({ "participants": people })));
}

#[tokio::test]
async fn a_participant_is_changed_and_removed() {
    let app = site().await;
    let id = create(&app).await;
    join(&app, &id).await;
    let ben = format!("{id}/participants/{BEN}");
    let away = ask(&app, "PATCH", &ben, json!({ "isOnline": false })).await;
    let body = away.json();
    assert_eq!(
        (away.status(), &body["id"], &body["isOnline"], &body["name"]),
        (200, &json!(BEN), &json!(false), &json!("Jane Smith"))
    );
    let named = ask(&app, "PATCH", &ben, json!({ "name": "J.", "color": "teal" })).await.json();
    assert_eq!(
        (&named["name"], &named["color"], &named["isOnline"]),
        (&json!("J."), &json!("teal"), &json!(false))
    );
    let removed = ask(&app, "DELETE", &ben, Value::Null).await;
    assert_eq!(removed.status(), 204);
    for method in ["DELETE", "PATCH"] {
        let gone = ask(&app, method, &ben, Value::Null).await;
        assert_eq!(refusal(&gone), (404, "PARTICIPANT_NOT_FOUND".into()));
    }
}

#[tokio::test]
async fn a_deleted_session_is_gone_with_all_that_belongs_to_it() {
    let app = site().await;
    let id = create(&app).await;
    let deleted = ask(&app, "DELETE", &id, Value::Null).await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(refusal(&ask(&app, "GET", &id, Value::Null).await), (404, "SESSION_NOT_FOUND".into()));
    app.quiet().await;
    assert_eq!(app.ok("CodePad/_get", json!({ "pad": id })).await, json!([]));
    assert_eq!(app.ok("Interview.Participant/_in", json!({ "room": id })).await, json!([]));
}

/// Everything that needs a session, with what it needs besides.
fn routes() -> Vec<(&'static str, &'static str, Value)> {
    let ben = json!({ "id": BEN, "name": "Jane Smith", "color": "red" });
    vec![
        ("GET", "", Value::Null),
        ("PATCH", "", json!({ "code": "x" })),
        ("DELETE", "", Value::Null),
        ("POST", "/join", json!({ "user": ben })),
        ("GET", "/participants", Value::Null),
        ("PATCH", "/participants/x", json!({ "isOnline": true })),
        ("DELETE", "/participants/x", Value::Null),
        ("PUT", "/code", json!({ "code": "x", "language": "html" })),
    ]
}

#[tokio::test]
async fn a_session_that_does_not_exist_is_not_found_on_any_route() {
    let app = site().await;
    for (method, rest, body) in routes() {
        let missing = ask(&app, method, &format!("abcd1234{rest}"), body).await;
        assert_eq!(refusal(&missing), (404, "SESSION_NOT_FOUND".into()), "{method} {rest}");
    }
}

#[tokio::test]
async fn from_its_24_hours_on_a_session_has_expired_and_an_hour_later_it_is_removed() {
    let app = site().await;
    let id = create(&app).await;
    app.advance(Duration::from_hours(24) - Duration::from_millis(1));
    assert_eq!(ask(&app, "GET", &id, Value::Null).await.status(), 200);
    app.advance(Duration::from_millis(1));
    for (method, rest, body) in routes() {
        let expired = ask(&app, method, &format!("{id}{rest}"), body).await;
        assert_eq!(refusal(&expired), (410, "SESSION_EXPIRED".into()), "{method} {rest}");
    }
    for (later, status) in [(59, 410), (2, 404)] {
        app.advance(Duration::from_mins(later));
        app.ok("Clock/tick", json!({ "every": 60_000 })).await;
        app.quiet().await;
        assert_eq!(ask(&app, "GET", &id, Value::Null).await.status(), status);
    }
    assert_eq!(app.ok("CodePad/_get", json!({ "pad": id })).await, json!([]));
    assert_eq!(app.ok("Interview.Participant/_in", json!({ "room": id })).await, json!([]));
}

#[tokio::test]
async fn what_is_missing_or_ill_typed_is_named() {
    let app = site().await;
    let id = create(&app).await;
    let ann = json!({ "id": ANN, "name": "A", "color": "red" });
    for (method, rest, body, field) in [
        ("POST", "", json!({}), "creator"),
        ("POST", "", json!({ "creator": "ann" }), "creator"),
        ("POST", "", json!({ "creator": { "id": ANN, "name": "A" } }), "color"),
        ("POST", "", json!({ "creator": { "id": 7, "name": "A", "color": "red" } }), "id"),
        ("POST", "", json!({ "creator": ann, "language": "cobol" }), "language"),
        ("POST", "", json!({ "creator": ann, "code": 7 }), "code"),
        ("PATCH", &*format!("/{id}"), json!({ "language": null, "code": [] }), "code"),
        ("PUT", &*format!("/{id}/code"), json!({ "language": "html" }), "code"),
        ("POST", &*format!("/{id}/join"), json!({ "user": {} }), "id"),
        ("PATCH", &*format!("/{id}/participants/{ANN}"), json!({ "isOnline": "no" }), "isOnline"),
    ] {
        let refused = app.request(&format!("{method} /api/v1/sessions{rest}"), body.clone()).await;
        assert_eq!(refusal(&refused), (400, "INVALID_REQUEST".into()), "{method} {rest} {body}");
        let said = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(field), "{field}: {said}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_have_the_contracts_shape() {
    let app = site().await;
    let nowhere = app.request("GET /api/v1/sesions", Value::Null).await;
    assert_eq!(refusal(&nowhere), (404, "NOT_FOUND".into()));
    let no_method = app.request("PUT /api/v1/sessions", json!({})).await;
    assert_eq!(refusal(&no_method), (405, "METHOD_NOT_ALLOWED".into()));
    assert_eq!(no_method.header("allow"), Some("POST"));
}

#[tokio::test]
async fn one_user_may_be_in_many_sessions() {
    let app = site().await;
    let (one, other) = (create(&app).await, create(&app).await);
    join(&app, &one).await;
    join(&app, &other).await;
    ask(&app, "DELETE", &format!("{one}/participants/{BEN}"), Value::Null).await;
    let listed = ask(&app, "GET", &format!("{other}/participants"), Value::Null).await.json();
    assert_eq!(listed["participants"][1]["id"], BEN);
}

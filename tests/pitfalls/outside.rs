//! What comes from outside sees and sets only what it may.

use concept_socket::Socket;
use concord_runtime::FlowId;
use concord_store::Retention;
use serde_json::json;

use crate::probe::probe;

const GUARDED: &str = "\
contract C at \"/c\"
  error PLEASE_SIGN_IN 401 \"Please sign in\"
  admit
    Probe.login (password: headers[\"x-password\"] ?? \"\") : (user)  else PLEASE_SIGN_IN

sync Me
when
  Requesting.request (route: \"POST /me\", user, text ?? \"\") : (request)
then
  Requesting.respond (request, body: {user, text})

public sync Hello
when
  Requesting.request (route: \"GET /hello\") : (request)
then
  Requesting.respond (request, body: {hello: true})
";

#[tokio::test]
async fn pitfall_private_helpers_are_exposed_and_checks_forgotten() {
    let app = probe().rules("c", GUARDED).open().await;
    let routes = ["POST /c/me", "GET /c/me", "GET /c/nowhere"];
    for line in routes {
        let refused = app.request(line, json!(null)).await;
        assert_eq!((refused.status(), &refused.json()["code"]), (401, &json!("PLEASE_SIGN_IN")), "{line}");
    }
    assert_eq!(app.request("GET /c/hello", json!(null)).await.json(), json!({ "hello": true }));
}

#[tokio::test]
async fn pitfall_a_body_sets_what_the_session_check_set() {
    let app = probe().rules("c", GUARDED).open().await;
    let password = [("x-password", "swordfish")];
    let answer =
        app.request_with("POST /c/me?user=eve", &password, json!({ "user": "eve", "text": "hi" })).await;
    assert_eq!(answer.json(), json!({ "user": "ada", "text": "hi" }));
}

#[tokio::test]
async fn pitfall_passwords_in_the_journal() {
    let login = "\
contract C at \"/c\"

sync Login
when
  Requesting.request (route: \"POST /login\", password) : (request)
then
  Probe.login (password) : (user)
  Requesting.respond (request, body: {user})
";
    let nested = login.replace(", password)", ", who: { password })");
    let bodies = [json!({ "password": "swordfish" }), json!({ "who": { "password": "swordfish" } })];
    for (rules, body) in [login, &nested].into_iter().zip(bodies) {
        let app = probe().rules("c", rules).open().await;
        let answer = app.request("POST /c/login", body).await;
        assert_eq!(answer.json(), json!({ "user": "ada" }));
        app.quiet().await;
        let trace = app.trace(answer.flow()).to_string();
        assert!(trace.contains("(secret)") && !trace.contains("swordfish"), "{trace}");
    }
    for form in [
        "Probe.login (password: password ?? \"\")",
        "Probe.login (password: password + \"\")",
        "Probe.login (password: if password != \"\" then password else \"none\")",
        "Probe.login (password: split(password, \" \")[0] ?? \"\")",
    ] {
        let rules = login.replace("Probe.login (password)", form);
        let app = probe().rules("c", &rules).open().await;
        let answer = app.request("POST /c/login", json!({ "password": "swordfish" })).await;
        assert_eq!(answer.json(), json!({ "user": "ada" }), "{form}");
        app.quiet().await;
        let trace = app.trace(answer.flow()).to_string();
        assert!(trace.contains("(secret)") && !trace.contains("swordfish"), "{form}: {trace}");
    }
    let header = login
        .replace(", password)", ", headers)")
        .replace("Probe.login (password)", "Probe.login (password: headers[\"x-token\"] ?? \"\")");
    let app = probe().rules("c", &header).open().await;
    let headers = [("x-token", "swordfish"), ("cookie", "swordfish"), ("accept", "text/html")];
    let answer = app.request_with("POST /c/login", &headers, json!({})).await;
    let trace = app.trace(answer.flow()).to_string();
    assert!(trace.contains("text/html") && !trace.contains("swordfish"), "{trace}");

    let later = login.replace("then\n  Probe", "  Room.close (room)\nthen\n  Probe");
    assert!(probe().rules("c", &later).diagnose().contains(&"secret"));
    let connection = "\
contract C at \"/c\"
  socket json at \"/c/ws/:password\" frame { type: event, data }

sync Greet
when
  Socket.open (connection, password)
then
  Probe.login (password) : (user)
  Socket.emit (to: connection, event: \"hello\", data: {user})
";
    assert_eq!(probe().concept(Socket::default()).rules("c", connection).diagnose(), ["secret"]);
}

#[tokio::test]
async fn pitfall_the_journal_grows_for_ever() {
    let retention = Retention { bytes: 20_000, ..Retention::default() };
    let store = concord_store::open("memory:", retention).unwrap();
    let app = probe().store(store).open().await;
    let note = app.app().registry().resolve("Probe", "note").unwrap();
    let call = async |at: usize| {
        let input = json!({ "about": format!("x{at}"), "text": "y".repeat(200) }).to_string();
        app.app().call(note, input.into()).await.flow
    };
    let kept = async |flow: FlowId| app.app().store().journal(flow.0).wait().await.unwrap().len();
    let first = call(0).await;
    assert_eq!(kept(first).await, 1);
    let mut last = first;
    for at in 1..200 {
        last = call(at).await;
    }
    assert_eq!((kept(first).await, kept(last).await), (0, 1), "the oldest go, the newest stay");
}

#[tokio::test]
async fn pitfall_two_applications_share_a_concepts_state_by_accident() {
    let app_of = |name: &str| {
        format!(
            "contract {name} at \"/{name}\"\n  own Probe\n\nsync Write\nwhen\n  Requesting.request (route: \"POST /\", text) : (request)\nthen\n  \
             Probe.note (about: \"x\", text)\n  Requesting.respond (request)\n\nsync Read\nwhen\n  Requesting.request (route: \"GET /\") : (request)\n\
             then\n  Requesting.respond (request, body: [Probe._about (about: \"x\") : (text) => text])\n\nsync React\nwhen\n  Probe.note (text)\nthen\n  \
             Participant.join (room: \"{name}\", user: text)\n"
        )
    };
    let app = probe().rules("a", &app_of("A")).rules("b", &app_of("B")).open().await;
    app.request("POST /A", json!({ "text": "ours" })).await;
    app.quiet().await;
    assert_eq!(app.request("GET /A", json!(null)).await.json(), json!(["ours"]));
    assert_eq!(app.request("GET /B", json!(null)).await.json(), json!([]));
    assert_eq!(
        app.ok("Probe/_about", json!({ "about": "x" })).await,
        json!([]),
        "the shared one has not seen it"
    );
    assert_eq!(
        app.ok("Participant/_in", json!({ "room": "B" })).await,
        json!([]),
        "nor does another contract react"
    );
    assert_eq!(app.ok("A.Probe/_about", json!({ "about": "x" })).await, json!([{ "text": "ours" }]));
}

#[tokio::test]
async fn every_contracts_ids_mean_nothing_at_any_other_contracts_routes() {
    let contract = |name: &str, own: &str| {
        format!(
            "contract {name} at \"/{name}\"\n{own}\nsync Open\nwhen\n  Requesting.request (route: \"POST /\", owner) : (request)\nthen\n  \
             Room.open (owner) : (room)\n  Requesting.respond (request, body: {{room}})\n\nsync Show\nwhen\n  \
             Requesting.request (route: \"GET /:room\", room) : (request)\nthen\n  Requesting.respond (request, body: room(room))\n\n\
             sync Close\nwhen\n  Requesting.request (route: \"DELETE /:room\", room) : (request)\nthen\n  Room.close (room)\n  \
             Requesting.respond (request)\n\nview room (room) =\n  Room._get (room) : (owner)\n  give {{owner}}\n"
        )
    };
    let names = ["A", "B", "Shared"];
    let own = |name: &str| if name == "Shared" { "" } else { "  own Room\n" };
    let app =
        names.iter().fold(probe(), |app, name| app.rules(name, &contract(name, own(name)))).open().await;
    for home in names {
        let opened = app.request(&format!("POST /{home}"), json!({ "owner": home })).await.json();
        let room = opened["room"].as_str().unwrap();
        for place in names {
            let expected = if place == home { 200 } else { 404 };
            let shown = app.request(&format!("GET /{place}/{room}"), json!(null)).await;
            assert_eq!(shown.status(), expected, "a room of {home} at {place}");
        }
        for place in names.iter().filter(|place| **place != home) {
            assert_eq!(app.request(&format!("DELETE /{place}/{room}"), json!(null)).await.status(), 404);
        }
        let rows = app.call("Room/_get", json!({ "room": room })).await;
        assert_eq!(rows.is_ok(), home == "Shared", "the open concept sees the shared ones alone");
    }
}

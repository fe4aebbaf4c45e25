//! A contract over HTTP, on the real binary: `examples/clubs`, as a front end meets it.

use std::process::{Command, Output};

use concord_tests::{Client, Reply, Server, Setup, binary, checkout};
use serde_json::{Value, json};

const CLUBS: &str = "/api/v1/clubs";

fn start(more: &[&str]) -> Server {
    let examples = checkout().join("examples/clubs");
    let setup = Setup::default().argument("--syncs").argument(examples.to_str().unwrap());
    let setup = setup.variable("CONCORD_JWT_SECRET", "a secret of the test");
    more.iter()
        .fold(setup, |setup, setting| {
            let (name, value) = setting.split_once('=').unwrap();
            setup.variable(name, value)
        })
        .start()
}

fn concord(arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .env("CONCORD_JWT_SECRET", "a secret of the test")
        .current_dir(checkout())
        .output()
        .unwrap()
}

fn token(user: &str) -> String {
    let made = concord(&["token", "--user", user]);
    format!("Bearer {}", String::from_utf8(made.stdout).unwrap().trim())
}

fn ask(client: &mut Client, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", token)] };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    client.request(method, &format!("{CLUBS}{path}"), headers, &body).unwrap()
}

fn refused(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert_eq!(
        (&body["ok"], reply.header("content-type")),
        (&json!(false), Some("application/json")),
        "{body}"
    );
    assert!(reply.header("x-request-id").is_some());
    (reply.status, body["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_club_is_founded_joined_and_closed() {
    let server = start(&[]);
    let mut client = server.client();
    let (ada, ben) = (token("ada"), token("ben"));
    let founded = ask(&mut client, &ada, "POST", "", &json!({ "name": "Ada", "user": "eve" }));
    assert_eq!(
        (founded.status, &founded.json()["club"]["founder"]),
        (201, &json!("ada")),
        "no body sets the caller"
    );
    let club = format!("/{}", founded.json()["club"]["id"].as_str().unwrap());
    for status in [201, 200] {
        let joined = ask(&mut client, &ben, "POST", &format!("{club}/members/"), &json!({ "name": "Ben" }));
        assert_eq!((joined.status, joined.json()["club"]["members"].as_array().unwrap().len()), (status, 2));
    }
    let refusal = ask(&mut client, &ben, "DELETE", &club, &json!(null));
    assert_eq!(refused(&refusal), (403, "NOT_THE_FOUNDER".into()));
    let closed = ask(&mut client, &ada, "DELETE", &club, &json!(null));
    assert_eq!((closed.status, closed.body.len()), (204, 0));
    let late = ask(&mut client, &ben, "POST", &format!("{club}/members"), &json!({ "name": "Ben" }));
    assert_eq!(refused(&late), (409, "ROOM_CLOSED".into()));
    let shown = ask(&mut client, &ben, "GET", &club, &json!(null)).ok();
    assert_eq!(shown["club"]["open"], false);
    let head = client.request("HEAD", &format!("{CLUBS}{club}"), &[("authorization", &ben)], b"");
    drop(head); // its length is that of a body which does not come, so this connection is done

    let mut client = server.client();
    let shared = client.post("Room/_ofOwner", &json!({ "owner": "ada" })).unwrap().ok();
    assert_eq!(shared, json!([]), "a club is no room of everybody's");
    let own = json!({ "owner": "ada" });
    let owned = client.post("Clubs.Room/_ofOwner", &own).unwrap();
    assert_eq!(owned.status, 401, "and only admins reach it by name");
}

#[test]
fn who_asks_is_settled_before_anything_else() {
    let server = start(&[]);
    let mut client = server.client();
    let good = token("ada");
    let [head, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let ended = concord(&["token", "--user", "ada", "--ttl", "0s"]);
    let wrong = [
        String::new(),
        "Bearer nonsense".into(),
        format!("{head}.{body}.{}", signature.chars().rev().collect::<String>()),
        format!("Bearer eyJhbGciOiJub25lIn0.{body}."),
    ];
    assert!(ended.status.success());
    let routes = [
        ("POST", ""),
        ("GET", "/x"),
        ("DELETE", "/x"),
        ("POST", "/x/members"),
        ("PUT", ""),
        ("GET", "/x/y/z"),
    ];
    for token in &wrong {
        for (method, path) in routes {
            let reply = ask(&mut client, token, method, path, &json!(null));
            assert_eq!(refused(&reply), (401, "PLEASE_SIGN_IN".into()), "{method} {path} {token}");
        }
        assert_eq!(
            ask(&mut client, token, "GET", "/about", &json!(null)).status,
            200,
            "what is public is public"
        );
    }
    let unknown = ask(&mut client, &good, "GET", "/x/y/z", &json!(null));
    assert_eq!(refused(&unknown), (404, "NOT_FOUND".into()));
    let method = ask(&mut client, &good, "PUT", "", &json!(null));
    assert_eq!(
        (refused(&method), method.header("allow")),
        ((405, "METHOD_NOT_ALLOWED".into()), Some("POST"))
    );
}

#[test]
fn whatever_is_wrong_with_a_request_is_said_in_the_contracts_shape() {
    let server = start(&["CONCORD_LIMITS__BODY_BYTES=500"]);
    let ada = token("ada");
    let mut client = server.client();
    let mut send = |headers: &[(&str, &str)], body: &[u8]| {
        let auth = [("authorization", &*ada)];
        let headers: Vec<(&str, &str)> = auth.into_iter().chain(headers.iter().copied()).collect();
        refused(&client.request("POST", CLUBS, &headers, body).unwrap())
    };
    assert_eq!(send(&[], b"{"), (400, "INVALID_REQUEST".into()));
    assert_eq!(send(&[], b"[]"), (400, "INVALID_REQUEST".into()));
    assert_eq!(send(&[], br#"{"name":7}"#), (400, "INVALID_REQUEST".into()));
    assert_eq!(send(&[], b"{\"name\":\"\xff\"}"), (400, "INVALID_REQUEST".into()));
    assert_eq!(send(&[("content-type", "text/plain")], b"{}"), (415, "UNSUPPORTED_TYPE".into()));
    assert_eq!(send(&[], &[b' '; 501]), (413, "TOO_LARGE".into()));
}

#[test]
fn a_limit_is_a_setting_and_holds_for_refused_requests_too() {
    let server = start(&["CONCORD_CLUBS__REQUESTS_PER_MINUTE=3"]);
    let mut client = server.client();
    let ada = token("ada");
    let codes: Vec<u16> =
        (0..4).map(|_| ask(&mut client, &ada, "GET", "/nowhere", &json!(null)).status).collect();
    assert_eq!(codes, [404, 404, 404, 429]);
    let last = ask(&mut client, &token("ben"), "GET", "/nowhere", &json!(null));
    assert_eq!(last.header("x-ratelimit-remaining"), Some("2"));
}

#[test]
fn whoever_writes_the_rules_may_let_refusals_tell_how_they_came_about() {
    let server = start(&[]);
    let told = |server: &Server| {
        let reply = ask(&mut server.client(), &token("ada"), "GET", "/nowhere", &json!(null)).json();
        reply["trace"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(told(&server), "", "the world is not told");
    let examples = checkout().join("examples/clubs");
    let setup = Setup::default().argument("--syncs").argument(examples.to_str().unwrap()).argument("--dev");
    let server = setup.variable("CONCORD_JWT_SECRET", "a secret of the test").start();
    let trace = told(&server);
    assert!(trace.contains("clubs/Show: refused with NO_SUCH_CLUB"), "{trace}");
    assert!(trace.contains("let found = club(room) else Room.ROOM_NOT_FOUND"), "{trace}");
}

#[test]
fn pages_of_other_sites_may_ask_and_see_the_contracts_headers() {
    let server = start(&[]);
    let mut client = server.client();
    let asks = [
        ("origin", "https://pad.example"),
        ("access-control-request-method", "DELETE"),
        ("access-control-request-headers", "x-auth-token, content-type"),
    ];
    let preflight = client.request("OPTIONS", CLUBS, &asks, b"").unwrap();
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("DELETE"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("x-auth-token, content-type"));
    let headers = [("origin", "https://pad.example"), ("authorization", &*token("ada"))];
    let reply = client.request("GET", &format!("{CLUBS}/nowhere"), &headers, b"").unwrap();
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(reply.header("access-control-expose-headers").unwrap().contains("x-ratelimit-remaining"));
}

#[test]
fn rules_that_are_wrong_are_told_with_their_places_and_never_start_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let wrong = "sync A\nwhen\n  Room.clos (room)\nthen\n  Participant.leave (room, usr: \"x\")\n";
    std::fs::write(folder.path().join("wrong.sync"), wrong).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();

    let checked = concord(&["check", path]);
    let said = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(1));
    for part in ["unknown-action", "unknown-argument", "did you mean `close`?", "wrong.sync:3:8"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let json: Value = serde_json::from_slice(&concord(&["check", path, "--format", "json"]).stdout).unwrap();
    assert_eq!(json["diagnostics"][0]["at"]["line"], 3, "{json}");

    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let served = concord(&["serve", "--syncs", path, "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(served.status.code(), Some(1));
    assert!(text(&served.stderr).contains("no action `clos`"), "{}", text(&served.stderr));

    std::fs::write(folder.path().join("wrong.sync"), b"sync \xff").unwrap();
    let checked = concord(&["check", path]);
    assert!(text(&checked.stderr).contains("is not UTF-8"), "{}", text(&checked.stderr));
    let unset = Command::new(binary())
        .args(["serve", "--data", data, "--listen", "127.0.0.1:0"])
        .env("CONCORD_CLUBS__NOTHING", "1")
        .output()
        .unwrap();
    assert!(text(&unset.stderr).contains("there is no setting `nothing` of a contract `Clubs`"));
}

#[test]
fn a_trace_says_who_was_let_in_and_keeps_their_token() {
    let server = start(&[]);
    let ada = token("ada");
    let founded = ask(&mut server.client(), &ada, "POST", "", &json!({ "name": "Ada" }));
    let flow = founded.header("x-request-id").unwrap();
    let told = concord(&["trace", flow, "--data", server.data.to_str().unwrap()]);
    let told = String::from_utf8(told.stdout).unwrap();
    let lines: Vec<&str> = told.lines().skip(1).map(str::trim_start).collect();
    assert!(
        lines[0].starts_with("admit Authenticating.verify {\"token\":\"(secret)\"} → {\"user\":\"ada\""),
        "{told}"
    );
    assert!(lines[1].starts_with("admit Clubs.RateLimiting.take {\"key\":\"ada\""), "{told}");
    assert!(lines[2].starts_with("Requesting.request {"), "{told}");
    assert!(!told.contains(ada.split(' ').nth(1).unwrap()), "{told}");
}

/// A server with the rules of a test.
fn serving(rules: &str, arguments: &[&str]) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("rules/odd");
    std::fs::create_dir_all(&odd).unwrap();
    std::fs::write(odd.join("odd.sync"), rules).unwrap();
    let setup = Setup::default().argument("--syncs").argument(odd.parent().unwrap().to_str().unwrap());
    (arguments.iter().fold(setup, |setup, argument| setup.argument(*argument)).start(), folder)
}

const ODD_HEADERS: &str = r#"
contract Odd at "/odd"

public sync Show
when
  Requesting.request (route: "GET /", value ?? "fine") : (request)
then
  Requesting.respond (request, body: {ok: true}, headers: {
    "x-fine": "yes",
    "Content-Length": "2",
    "Transfer-Encoding": "chunked",
    "Connection": "close",
    "Keep-Alive": "timeout=1",
    "Trailer": "x",
    "Upgrade": "h2c",
    "Date": "never",
    "X-Request-Id": "mine",
    "no header": "x",
    "x-value": value,
  })
"#;

#[test]
fn headers_of_a_rule_cannot_break_the_connection_and_the_log_says_which_were_left_out() {
    let (server, _folder) = serving(ODD_HEADERS, &[]);
    let mut client = server.client();
    let said = "a rule set headers that cannot be sent";
    for (at, target) in (1..).zip(["/odd", "/odd?value=a%0D%0Ab:%20c"]) {
        let reply = client.request("GET", target, &[], b"").unwrap();
        assert_eq!((reply.status, reply.json()), (200, json!({ "ok": true })), "on the same connection");
        assert_eq!((reply.header("x-fine"), reply.header("content-length")), (Some("yes"), Some("11")));
        for name in ["transfer-encoding", "connection", "keep-alive", "trailer", "upgrade", "no header", "b"]
        {
            assert_eq!(reply.header(name), None, "{name}");
        }
        assert_ne!(reply.header("date"), Some("never"));
        let flow = reply.header("x-request-id").unwrap();
        assert_eq!(flow.len(), 32);
        assert_eq!(reply.header("x-value").is_some(), at == 1);
        let log = server.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(said)).collect();
        assert_eq!(lines.len(), at, "one line each: {log}");
        for part in ["WARN", flow, "content-length", "x-request-id", "no header"] {
            assert!(lines[at - 1].to_ascii_lowercase().contains(&part.to_ascii_lowercase()), "{part}: {log}");
        }
        assert_eq!(lines[at - 1].contains("x-value"), at == 2, "{log}");
    }
}

#[test]
fn a_refusal_that_tells_of_a_flow_without_end_begins_with_that_and_is_short() {
    let guest = |n| format!("  Participant.join (room: \"hall\", user: \"{n}\", name: name)\n");
    let guests = (0..60).map(guest).collect::<Vec<String>>().concat();
    let pairs: String =
        ["a", "b", "c", "d"].map(|user| format!("  Participant.join (user: {user})\n")).concat();
    let rules = format!(
        "contract Odd at \"/odd\"\n\npublic sync Invite\nwhen\n  Requesting.request (route: \"POST /\", name)\nthen\n\
         {guests}\nsync Meet\nwhen\n{pairs}then\n  Room.open (owner: a + b + c + d)\n\n\
         public sync Answer\nwhen\n  Requesting.request (route: \"POST /\", name) : (request)\nthen\n  \
         Requesting.respond (request)\n"
    );
    let (server, _folder) = serving(&rules, &["--dev"]);
    let body = json!({ "name": "n".repeat(3_000) }).to_string();
    let reply = server.client().request("POST", "/odd", &[], body.as_bytes()).unwrap();
    assert_eq!(reply.status, 500);
    assert!(reply.body.len() < 80 << 10, "{}", reply.body.len());
    let trace = reply.json()["trace"].as_str().unwrap().to_owned();
    let said = trace.lines().nth(1).unwrap();
    assert!(
        said.ends_with("stopped at its bound: too many firings are due at once, of rules/odd/Meet"),
        "{said}"
    );
    assert!(trace.contains(" more records"), "{trace}");
}

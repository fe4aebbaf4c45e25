//! The edge, on real sockets, by clients that do not keep to the rules.

use std::io::Read;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use concord_server::{ConnectionLimits, RequestLimits};
use concord_tests::Client;
use hyper::StatusCode;
use serde_json::json;

use crate::site::Served;

const CREATE: &str =
    "POST /api/CallSession/createSession HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n";

fn still_works(served: &Served) {
    served.client().post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
}

fn is_closed(client: &mut Client) -> bool {
    client.stream().read(&mut [0]).is_ok_and(|read| read == 0)
}

/// Asks for the figures until one of their lines is this.
fn until_metrics_say(client: &mut Client, line: &str) {
    loop {
        let metrics = client.request("GET", "/metrics", &[], b"").unwrap();
        if String::from_utf8(metrics.body).unwrap().lines().any(|found| found == line) {
            return;
        }
    }
}

#[test]
fn a_head_that_is_no_http_is_told_so_in_the_one_shape() {
    let served = Served::start();
    let heads = [
        ("GARBAGE\r\n\r\n".to_owned(), 400, "INVALID_REQUEST"),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), 400, "INVALID_REQUEST"),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(70_000)), 431, "TOO_LARGE"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)), 431, "TOO_LARGE"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(70_000)), 431, "TOO_LARGE"),
    ];
    for (head, status, code) in heads {
        let mut client = served.client();
        drop(client.send(head.as_bytes())); // the server may have heard enough before the end
        let reply = client.read().unwrap();
        assert_eq!((reply.status, &*reply.code()), (status, code), "{}", &head[..20.min(head.len())]);
        assert!(reply.header("x-request-id").is_some());
    }
    still_works(&served);
}

#[test]
fn a_head_that_does_not_end_is_a_408() {
    let patience = Duration::from_millis(50);
    let limits = ConnectionLimits { head_patience: patience, ..ConnectionLimits::default() };
    let served = Served::with(limits, RequestLimits::default());
    let mut client = served.client();
    client.send(b"POST /api/CallSession/cre").unwrap();
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (408, "INVALID_REQUEST"));
    assert!(is_closed(&mut client));
    still_works(&served);
}

#[test]
fn a_silent_connection_is_closed() {
    let patience = Duration::from_millis(50);
    let limits =
        ConnectionLimits { head_patience: patience, idle_patience: patience, ..ConnectionLimits::default() };
    let served = Served::with(limits, RequestLimits::default());
    assert!(is_closed(&mut served.client()), "one that never asked");
    let mut client = served.client();
    client.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
    assert!(is_closed(&mut client), "one that asked once");
}

#[test]
fn a_body_that_does_not_arrive_is_a_408() {
    let limits = RequestLimits { body_patience: Duration::from_millis(50), ..RequestLimits::default() };
    let served = Served::with(ConnectionLimits::default(), limits);
    let mut client = served.client();
    client.send(format!("{CREATE}content-length: 100\r\n\r\n{{").as_bytes()).unwrap();
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (408, "INVALID_REQUEST"));
    still_works(&served);
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let served = Served::start();
    let mut client = served.client();
    client.send(format!("{CREATE}content-length: 999999999\r\n\r\n").as_bytes()).unwrap();
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (413, "TOO_LARGE"));

    let mut client = served.client();
    client.send(format!("{CREATE}transfer-encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    for _ in 0..20 {
        if client.send(chunk.as_bytes()).is_err() {
            break; // it has heard enough
        }
    }
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (413, "TOO_LARGE"));
    still_works(&served);
}

#[test]
fn a_client_that_closes_its_side_still_gets_its_answer() {
    let served = Served::start();
    let mut client = served.client();
    client.send(format!("{CREATE}content-length: 14\r\n\r\n{{\"host\":\"ada\"}}").as_bytes()).unwrap();
    client.stream().shutdown(Shutdown::Write).unwrap();
    client.read().unwrap().ok();
}

#[test]
fn a_client_that_closes_its_side_too_early_is_told_or_left() {
    let served = Served::start();
    let mut client = served.client();
    client.send(b"POST /api/CallSession/cre").unwrap();
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert!(is_closed(&mut client), "half a head is no request");

    let mut client = served.client();
    client.send(format!("{CREATE}content-length: 14\r\n\r\n{{").as_bytes()).unwrap();
    client.stream().shutdown(Shutdown::Write).unwrap();
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (400, "INVALID_REQUEST"));
    assert!(is_closed(&mut client));
}

#[test]
fn a_refusal_without_a_body_of_its_own_is_left_as_it_is() {
    // A program that mounts the router has routes of its own, with empty replies.
    let served = Served::of(Router::new().route("/own", get(async || StatusCode::NOT_FOUND)));
    let mut client = served.client();
    for _ in 0..3 {
        let reply = client.request("GET", "/own", &[], b"").unwrap();
        assert_eq!((reply.status, reply.body.len(), reply.header("connection")), (404, 0, None));
    }
    client.send(b"GARBAGE\r\n\r\n").unwrap();
    assert_eq!(client.read().unwrap().code(), "INVALID_REQUEST", "hyper's own reply still is replaced");
}

#[test]
fn requests_sent_without_waiting_are_answered_in_order_and_a_bad_one_ends_them() {
    let served = Served::start();
    let mut client = served.client();
    let one = format!("{CREATE}content-length: 14\r\n\r\n{{\"host\":\"ada\"}}");
    client.send(format!("{one}{one}GARBAGE\r\n\r\n").as_bytes()).unwrap();
    client.read().unwrap().ok();
    client.read().unwrap().ok();
    let reply = client.read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (400, "INVALID_REQUEST"));
    assert!(is_closed(&mut client));
}

#[test]
fn a_client_that_does_not_stop_sending_still_reads_its_refusal() {
    let served = Served::start();
    for path in ["/api/CallSession/createSession", "/nowhere"] {
        let mut client = served.client();
        let head = format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n");
        let body = " ".repeat(8 << 20);
        // Were the connection cut while this is on its way, sending would fail, and many clients would look no further.
        client.send(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        assert!(matches!(client.read().unwrap().status, 413 | 404));
    }
}

#[test]
fn a_client_that_never_stops_sending_is_left_in_the_end() {
    let served = Served::start();
    let mut client = served.client();
    client.send(format!("{CREATE}transfer-encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    let sent = (0..100_000).take_while(|_| client.send(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 100_000, "it would have listened for ever");
    still_works(&served);
}

#[test]
fn a_client_that_does_not_read_its_reply_is_left() {
    const LENGTH: usize = 64 << 20; // more than sockets hold
    let patience = Duration::from_millis(50);
    let limits =
        ConnectionLimits { head_patience: patience, reply_patience: patience, ..ConnectionLimits::default() };
    let large = Router::new().route("/large", get(async || vec![b' '; LENGTH]));
    let served = Served::merged(large, limits, RequestLimits::default());
    let mut slow = served.client();
    slow.send(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    slow.stream().peek(&mut [0]).unwrap();
    // Only the one that asks is left.
    until_metrics_say(&mut served.client(), "concord_connections 1");
    let mut read = Vec::new();
    drop(slow.stream().read_to_end(&mut read));
    assert!(read.len() < LENGTH);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_harms_nobody() {
    let served = Served::start();
    for _ in 0..50 {
        let mut client = served.client();
        client.send(format!("{CREATE}content-length: 14\r\n\r\n{{\"ho").as_bytes()).unwrap();
    }
    still_works(&served);
}

#[test]
fn a_connection_that_is_one_too_many_is_a_503() {
    let limits = ConnectionLimits { connections: 3, ..ConnectionLimits::default() };
    let served = Served::with(limits, RequestLimits::default());
    let mut kept: Vec<Client> = (0..3).map(|_| served.client()).collect();
    for client in &mut kept {
        client.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
    }
    let reply = served.client().read().unwrap();
    assert_eq!((reply.status, &*reply.code()), (503, "OVERLOADED"));
    assert!(reply.header("retry-after").is_some());
    kept[0].post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
}

#[test]
fn too_many_requests_at_once_are_shed() {
    let limits = RequestLimits { in_flight: 1, ..RequestLimits::default() };
    let served = Served::with(ConnectionLimits::default(), limits);
    let mut slow = served.client();
    slow.send(format!("{CREATE}content-length: 14\r\n\r\n{{").as_bytes()).unwrap();
    let mut other = served.client();
    // The other one waits until the slow one has taken the only place: were it to take it first, that one would be shed.
    until_metrics_say(&mut other, "concord_in_flight 1");
    let shed = other.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap();
    assert_eq!((shed.status, &*shed.code()), (503, "OVERLOADED"));
    assert!(shed.header("retry-after").is_some());
    slow.send(b"\"host\":\"ada\"}").unwrap();
    slow.read().unwrap().ok();
    other.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
}

#[test]
fn a_server_that_stops_answers_what_has_begun_and_closes_the_rest() {
    let mut served = Served::start();
    let mut idle = served.client();
    idle.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
    let mut busy = served.client();
    busy.send(format!("{CREATE}content-length: 14\r\n\r\n{{").as_bytes()).unwrap();
    busy.stream().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(busy.read().is_err(), "it waits for the rest of the body");
    busy.stream().set_read_timeout(Some(Duration::from_secs(30))).unwrap();

    served.ask_to_stop();
    assert!(is_closed(&mut idle));
    busy.send(b"\"host\":\"ada\"}").unwrap();
    busy.read().unwrap().ok();
    served.wait();
    assert!(Client::connect(served.address).is_err());
}

#[test]
fn a_server_that_stops_does_not_wait_for_those_who_just_came() {
    let patience = Duration::from_mins(10); // longer than any test may take
    let limits = ConnectionLimits {
        head_patience: patience,
        idle_patience: patience,
        drain_patience: patience,
        ..ConnectionLimits::default()
    };
    for _ in 0..10 {
        let mut served = Served::with(limits, RequestLimits::default());
        let kept: Vec<Client> = (0..100).map(|_| served.client()).collect();
        served.wait(); // some of them have not been looked at yet
        drop(kept);
    }
}

#[test]
fn a_server_that_stops_does_not_listen_to_those_who_have_heard_their_refusal() {
    let mut served = Served::start();
    let mut refused = served.client();
    assert_eq!(refused.post("CallSession/createSession", &json!({})).unwrap().status, 400);
    let asked = Instant::now();
    served.wait();
    assert!(asked.elapsed() < Duration::from_secs(4), "less than it listens to others");
    assert!(is_closed(&mut refused));
}

//! `ip`, as rules see it, on the real binary: whom it believes.

use concord_tests::{Server, Setup};
use serde_json::json;

const RULES: &str = r#"
contract Who at "/who"

sync Tell
when
  Requesting.request (route: "GET /", ip) : (request)
then
  Requesting.respond (request, body: {ip})
"#;

/// Who a request with this header comes from.
fn told(server: &Server, forwarded: &str) -> String {
    let headers = [("x-forwarded-for", forwarded), ("forwarded", "for=6.6.6.6")];
    let reply = server.client().request("GET", "/who", &headers, b"").unwrap().ok();
    reply["ip"].as_str().unwrap().to_owned()
}

#[test]
fn only_a_proxy_that_is_trusted_says_where_a_request_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("who.sync"), RULES).unwrap();
    let setup = Setup::default().argument("--syncs").argument(folder.path().to_str().unwrap());

    let server = setup.clone().start();
    assert_eq!(told(&server, "203.0.113.9"), "127.0.0.1", "a client cannot forge its address");

    let trusting = setup.variable("CONCORD_SERVER__TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8").start();
    assert_eq!(told(&trusting, "203.0.113.9"), "203.0.113.9");
    assert_eq!(told(&trusting, "6.6.6.6, 203.0.113.9, 10.1.2.3"), "203.0.113.9", "through two proxies");
    let plain = trusting.client().request("GET", "/who", &[], b"").unwrap();
    assert_eq!(plain.ok(), json!({ "ip": "127.0.0.1" }));
}

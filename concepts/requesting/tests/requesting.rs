//! Requesting, on its own: requests come in and are answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concept_requesting::Requesting;
use concord_testing::{Harness, TestApp};
use serde_json::json;

const ECHO: &str = r#"
contract Echo at "/echo"

sync Answer
when
  Requesting.request (route: "POST /", say, status ?? 200) : (request)
then
  Requesting.respond (request, status, body: {said: say}, headers: {"X-Said": "yes"})
"#;

#[tokio::test]
async fn principle_a_request_comes_in_and_the_response_of_its_sync_is_what_the_client_receives() {
    let app = Harness::default().concept(Requesting).rules("echo", ECHO).open().await;
    let answer = app.request("POST /echo", json!({ "say": { "deep": [1, 2.5, null, "\u{1F600}"] } })).await;
    assert_eq!((answer.status(), answer.header("x-said")), (200, Some("yes")));
    assert_eq!(answer.json(), json!({ "said": { "deep": [1, 2.5, null, "\u{1F600}"] } }));
}

#[tokio::test]
async fn requires_that_a_status_is_between_200_and_599() {
    let app = TestApp::of(Requesting).await;
    for status in [0, 199, 600] {
        let refused = app.refused("Requesting/respond", json!({ "request": "r", "status": status })).await;
        assert_eq!(refused.code(), "BAD_STATUS");
    }
    app.ok("Requesting/respond", json!({ "request": "r", "status": 599 })).await;
}

#[tokio::test]
async fn a_bad_status_from_outside_is_refused_and_not_sent() {
    let app = Harness::default().concept(Requesting).rules("echo", ECHO).open().await;
    let answer = app.request("POST /echo", json!({ "say": "x", "status": 7 })).await;
    assert_eq!((answer.status(), &answer.json()["code"]), (400, &json!("BAD_STATUS")));
}

//! Whoever asks is answered: once, at once, and by whom it concerns.

use serde_json::json;

use crate::probe::probe;

#[tokio::test]
async fn pitfall_nobody_answers_and_the_client_waits_for_the_time_out() {
    // That Room.close happens is nothing the checker can know.
    let text = "\
contract C at \"/c\"

sync Ask
when
  Requesting.request (route: \"POST /x\", room) : (request)
where
  optional Room._get (room) : (status)
  status == \"open\"
then
  Room.close (room)

sync Answer
when
  Requesting.request (route: \"POST /x\") : (request)
  Room.close (room)
then
  Requesting.respond (request)
";
    let app = probe().rules("c", text).open().await;
    let refused = app.request("POST /c/x", json!({ "room": "nowhere" })).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (500, &json!("INTERNAL")));
    let trace = app.trace(refused.flow()).to_string();
    assert!(trace.contains("c/Ask: this line dropped the last frame"), "{trace}");
    assert!(trace.contains("status == \"open\"") && trace.contains("status = null"), "{trace}");
    assert!(trace.contains("c/Answer") && trace.contains("Room.close (room) did not happen"), "{trace}");
}

#[tokio::test]
async fn pitfall_an_empty_output_pattern_also_matches_an_error() {
    let text = "\
sync OnSuccess
when
  Probe.note (about, text) : ()
then
  Participant.join (room: about, user: \"success\")

sync OnFailure
when
  Probe.note (about) : error (code, message)
then
  Participant.join (room: \"failures\", user: code, name: message)
";
    let app = probe().rules("r", text).open().await;
    app.refused("Probe/note", json!({ "about": "never", "text": "x" })).await;
    app.ok("Probe/note", json!({ "about": "ever", "text": "x" })).await;
    app.quiet().await;
    assert_eq!(app.ok("Participant/_in", json!({ "room": "never" })).await, json!([]));
    assert_eq!(app.ok("Participant/_in", json!({ "room": "ever" })).await[0]["user"], "success");
    let failures = app.ok("Participant/_in", json!({ "room": "failures" })).await;
    assert_eq!(
        (failures[0]["user"].as_str(), failures[0]["name"].as_str()),
        (Some("NEVER"), Some("never is never noted"))
    );
}

#[tokio::test]
async fn pitfall_an_optional_field_that_the_client_omits_stops_the_match() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /x\", text ?? \"nothing\", more ?? null) : (request)
then
  Requesting.respond (request, body: {text, more})
";
    let app = probe().rules("c", text).open().await;
    assert_eq!(
        app.request("POST /c/x", json!(null)).await.json(),
        json!({ "text": "nothing", "more": null })
    );
    let both = app.request("POST /c/x", json!({ "text": "some", "more": [1] })).await;
    assert_eq!(both.json(), json!({ "text": "some", "more": [1] }));
}

#[tokio::test]
async fn pitfall_a_query_s_row_may_be_an_error_row() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"GET /:about\", about) : (request)
then
  Requesting.respond (request, body: [Probe._about (about) : (text) => text])
";
    let app = probe().rules("c", text).open().await;
    assert_eq!(app.request("GET /c/fine", json!(null)).await.json(), json!([]));
    let failed = app.request("GET /c/broken", json!(null)).await;
    assert_eq!((failed.status(), &failed.json()["code"]), (409, &json!("BROKEN")));
}

#[tokio::test]
async fn pitfall_an_unknown_path_waits_for_the_time_out() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"GET /things\") : (request)
then
  Requesting.respond (request)
";
    let app = probe().rules("c", text).open().await;
    let refused = app.request("GET /c/thing", json!(null)).await;
    assert_eq!(refused.status(), 404);
    assert_eq!(refused.json()["error"], "there is nothing at GET /thing; did you mean GET /things?");
}

#[tokio::test]
async fn pitfall_errors_travel_as_200() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /\", about) : (request)
then
  Probe.note (about, text: \"x\")
  Requesting.respond (request, status: 201)
";
    let app = probe().rules("c", text).open().await;
    let refused = app.request("POST /c", json!({ "about": "never" })).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (422, &json!("NEVER")));
    assert_eq!(app.request("POST /c", json!({ "about": "ever" })).await.status(), 201);
}

#[tokio::test]
async fn pitfall_a_second_response_reaches_somebody() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /\") : (request)
where
  true  else NOT_FOUND
then
  Requesting.respond (request, body: {by: \"A\"})

sync B
when
  Requesting.request (route: \"POST /\") : (request)
where
  true  else NOT_FOUND
then
  Requesting.respond (request, body: {by: \"B\"})
";
    assert_eq!(probe().rules("c", text).diagnose(), ["answers-twice"]);
    let sometimes = text.replace("true  else NOT_FOUND", "now() > 0");
    let app = probe().rules("c", &sometimes).open().await;
    let answer = app.request("POST /c", json!(null)).await;
    app.quiet().await;
    assert_eq!(answer.json(), json!({ "by": "A" }));
    assert!(app.trace(answer.flow()).to_string().contains("c/B: a second response, which nobody received"));
}

#[tokio::test]
async fn pitfall_a_sync_that_only_observes_an_error_swallows_the_answer() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /\", about) : (request)
then
  Probe.note (about, text: \"x\")
  Requesting.respond (request)
";
    let observer = "\
sync Observe
when
  Probe.note (about) : error (code)
then
  Participant.join (room: \"observed\", user: code)
";
    let app = probe().rules("c", text).rules("r", observer).open().await;
    let refused = app.request("POST /c", json!({ "about": "never" })).await;
    assert_eq!(refused.json()["code"], "NEVER");
    assert_eq!(app.ok("Participant/_in", json!({ "room": "observed" })).await[0]["user"], "NEVER");
}

#[tokio::test]
async fn an_error_that_a_sync_answers_is_answered_by_it() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /\", about) : (request)
then
  Probe.note (about, text: \"x\")
  Requesting.respond (request)

sync Mend
when
  Requesting.request (route: \"POST /\") : (request)
  Probe.note () : error (code: \"NEVER\", message)
then
  Requesting.respond (request, status: 299, body: {message})
";
    let app = probe().rules("c", text).open().await;
    let mended = app.request("POST /c", json!({ "about": "never" })).await;
    assert_eq!((mended.status(), mended.json()), (299, json!({ "message": "never is never noted" })));
}

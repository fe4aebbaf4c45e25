//! Flows that would go on for ever, or hold on to everything: each is stopped, and says why.

use std::sync::Arc;

use concord_store::{MemoryStore, Store};
use concord_testing::{Harness, TestApp};
use serde_json::json;

use crate::matcher::Steps;
use crate::site::site;

const INVITE: &str = r#"
sync Invite
when
  Room.open (subject: "party") : (room)
where
  Participant._in (room: "hall") : (user)
then
  Participant.join (room, user)
"#;

const GUESTS: usize = 60;

/// Opens a party in a hall with guests, each of whom is invited: what became of the whole, and all of it as a text.
async fn party(app: &TestApp) -> (usize, String, String) {
    for guest in 0..GUESTS {
        app.ok("Participant/join", json!({ "room": "hall", "user": format!("guest {guest}") })).await;
    }
    app.ok("Room/open", json!({ "owner": "ada", "subject": "party" })).await;
    last(app).await
}

/// How many records the last flow has, what is said first of it, and all that is said.
async fn last(app: &TestApp) -> (usize, String, String) {
    app.quiet().await;
    let flow = app.app().flows().pop().unwrap();
    let text = app.trace(flow.id).to_string();
    (flow.records.len(), text.lines().nth(1).unwrap().trim().to_owned(), text)
}

async fn steps(rules: &str) -> TestApp {
    Harness::default().concept(Steps::default()).rules("r", rules).open().await
}

#[tokio::test]
async fn a_flow_with_more_due_than_it_may_do_is_stopped_before_it_is_found() {
    // A thousand million matches: whoever finds them all first never gets to the end of this test.
    let triples = "\
sync Meet
when
  Participant.join (room, user: a)
  Participant.join (room: second, user: b)
  Participant.join (room: third, user: c)
  Participant.join (room: fourth, user: d)
  Participant.join (room: fifth, user: e)
then
  Room.open (owner: a + b + c + d + e + room + second + third + fourth + fifth)
";
    let store = MemoryStore::default();
    let app = site().rules("r", INVITE).rules("r", triples).store(Arc::new(store.clone())).open().await;
    let (records, said, _) = party(&app).await;
    assert_eq!(
        said,
        "✗ the flow: the flow was stopped at its bound: too many firings are due at once, of r/Meet"
    );
    assert_eq!(records, GUESTS + 1, "what was done before stands");
    app.app().finish().await;
    assert!(store.open_flows().wait().await.unwrap().is_empty(), "and nobody takes it up again");
    app.ok("Room/open", json!({ "owner": "ben" })).await;
}

#[tokio::test]
async fn as_much_as_a_flow_may_do_may_be_due() {
    let pairs = "\
sync Meet
when
  Participant.join (room, user: a)
  Participant.join (room, user: b)
where
  a == b
then
  Room.open (owner: a)
";
    let app = site().rules("r", INVITE).rules("r", pairs).open().await;
    let (records, said, _) = party(&app).await;
    assert_eq!(records, GUESTS + 1, "{said}");
    assert!(!said.contains("stopped"), "{said}");
}

#[tokio::test]
async fn firings_that_are_all_dropped_come_to_an_end() {
    let pairs = "\
sync Never
when
  Steps.a0 (x)
  Steps.a0 (y)
where
  x == \"no\"
then
  Steps.a1 (x, y)

sync Once
when
  Steps.a0 (x, y)
then
  Steps.a0 (x, y)
";
    let app = steps(pairs).await;
    app.ok("Steps/a0", json!({ "x": "a", "y": "b" })).await;
    let (records, said, _) = last(&app).await;
    assert!(said.contains("too many firings, of r/Never"), "{said}");
    assert!(records < 1_000, "{records}");
}

#[tokio::test]
async fn a_text_that_doubles_is_stopped_and_explained_in_few_words() {
    let double = "sync Double\nwhen\n  Steps.a0 (x, y)\nthen\n  Steps.a0 (x: x + x, y)\n";
    let app = steps(double).await;
    app.ok("Steps/a0", json!({ "x": "a", "y": "b" })).await;
    let (records, said, text) = last(&app).await;
    assert_eq!(said, "✗ the flow: the flow was stopped at its bound: its records are too large, by r/Double");
    assert!((10..40).contains(&records), "{records}");
    assert!(text.len() < 64 << 10, "{}", text.len());
}

#[tokio::test]
async fn the_text_of_a_long_flow_is_short_and_begins_with_why_it_ended() {
    let again = "sync Again\nwhen\n  Steps.a0 (x, y)\nthen\n  Steps.a0 (x: y, y: x)\n";
    let app = steps(again).await;
    app.ok("Steps/a0", json!({ "x": "a", "y": "b".repeat(100) })).await;
    let (records, said, text) = last(&app).await;
    assert_eq!(records, 10_000);
    assert_eq!(
        said,
        "✗ the flow: the flow was stopped at its bound: too many actions, which wake each other, by r/Again"
    );
    assert!(text.len() < 64 << 10, "{}", text.len());
    assert!(text.ends_with("\n  … and 9,968 more records"), "{}", &text[text.len() - 200..]);
    let flow = app.app().flows().pop().unwrap();
    let whole = serde_json::to_value(app.trace(flow.id)).unwrap();
    assert_eq!(whole["records"].as_array().unwrap().len(), 10_000, "as data it is whole");
}

#[tokio::test]
async fn the_text_of_a_wide_flow_is_short_too() {
    let wide = "sync Wide\nwhen\n  Steps.a0 (x, y)\nthen\n".to_owned() + &"  Steps.a1 (x, y)\n".repeat(300);
    let app = steps(&wide).await;
    app.ok("Steps/a0", json!({ "x": "a", "y": "ä\u{1f600}".repeat(1_000) })).await;
    let (records, _, text) = last(&app).await;
    assert_eq!(records, 301);
    assert!(text.len() < 64 << 10, "{}", text.len());
    assert!(text.contains("more records"), "{text}");
}

#[tokio::test]
async fn a_firing_whose_expressions_build_too_much_fails_and_says_so() {
    let double = |n| format!("  let x{n} = x{m} + x{m}\n", m = n - 1);
    let doubled = (1..11).map(double).collect::<Vec<String>>().concat();
    let squared = "[a in l => [b in l => [c in l => [d in l => {a, b, c, d}]]]]";
    let cases = [
        format!("  let x0 = lower(text)\n{doubled}  x10 != text  else NOPE"),
        format!("  let l = split(\"{}\", \",\")\n  len({squared}) > 0  else NOPE", ",".repeat(60)),
    ];
    for lines in cases {
        let text = format!(
            "contract C at \"/c\"\n  error NOPE 409 \"no\"\n\nsync A\nwhen\n  \
             Requesting.request (route: \"POST /\", text) : (request)\nwhere\n{lines}\nthen\n  \
             Requesting.respond (request)\n"
        );
        let app = site().rules("c", &text).open().await;
        let refused = app.request("POST /c", json!({ "text": "text".repeat(50_000) })).await;
        assert_eq!(refused.status(), 500, "and no `else` speaks for it: {refused:?}");
        app.quiet().await;
        let said = app.trace(refused.flow()).to_string();
        assert!(said.contains("the expressions of a firing build more than 67108864 bytes"), "{said}");
    }
}

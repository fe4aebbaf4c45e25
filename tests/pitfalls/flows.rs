//! What happens in a flow happens whole, once, and in sight.

use concord_tests::packages;
use serde_json::json;

use crate::probe::probe;

#[tokio::test]
async fn pitfall_then_lines_are_taken_for_steps_with_results_and_are_not() {
    let text = "\
contract C at \"/c\"

sync A
when
  Requesting.request (route: \"POST /\", about) : (request)
then
  Room.open (owner: about) : (room)
  Participant.join (room, user: about) : (first)
  Probe.note (about, text: \"x\")
  Requesting.respond (request, body: {room, first, people: [Participant._in (room) : (user) => user]})
";
    let app = probe().rules("c", text).open().await;
    let done = app.request("POST /c", json!({ "about": "ada" })).await;
    assert_eq!(
        (done.status(), &done.json()["first"], &done.json()["people"]),
        (200, &json!(true), &json!(["ada"]))
    );
    assert_eq!(app.request("POST /c", json!({ "about": "never" })).await.status(), 422);
    let rooms = app.ok("Participant/_ofUser", json!({ "user": "never" })).await;
    assert_eq!(rooms, json!([]), "what the lines above did is undone with them");
}

#[tokio::test]
async fn pitfall_hand_made_frames_lose_bindings() {
    let text = "\
sync A
when
  Room.open (owner) : (room)
where
  let twice = owner + owner
  optional Probe._about (about: owner) : (text)
  let both = twice + (text ?? \"!\")
then
  Probe.note (about: room, text: both + owner)
";
    let app = probe().rules("r", text).open().await;
    let room = app.ok("Room/open", json!({ "owner": "ada" })).await["room"].clone();
    app.quiet().await;
    assert_eq!(app.ok("Probe/_about", json!({ "about": room })).await, json!([{ "text": "adaada!ada" }]));
}

#[tokio::test]
async fn pitfall_one_throw_aborts_sibling_syncs() {
    let text = "\
sync A
when
  Room.close (room)
then
  Probe.burst (about: room)

sync B
when
  Room.close (room)
then
  Probe.note (about: room, text: \"closed\")
";
    let app = probe().rules("r", text).open().await;
    let room = app.ok("Room/open", json!({ "owner": "ada" })).await["room"].clone();
    app.ok("Room/close", json!({ "room": room })).await;
    app.quiet().await;
    assert_eq!(app.ok("Probe/_about", json!({ "about": room })).await, json!([{ "text": "closed" }]));
}

#[tokio::test]
async fn pitfall_one_record_satisfies_two_when_lines() {
    let text = "\
sync A
when
  Probe.note (about, text: first) : (note: one)
  Probe.note (about, text: second) : (note: other)
then
  Participant.join (room: about, user: one, name: first + second)

sync Twice
when
  Room.open (owner)
then
  Probe.note (about: owner, text: \"1\")
  Probe.note (about: owner, text: \"2\")
";
    let app = probe().rules("r", text).open().await;
    app.ok("Probe/note", json!({ "about": "alone", "text": "x" })).await;
    app.ok("Room/open", json!({ "owner": "ada" })).await;
    app.quiet().await;
    assert_eq!(app.ok("Participant/_in", json!({ "room": "alone" })).await, json!([]));
    let pairs = app.ok("Participant/_in", json!({ "room": "ada" })).await;
    let mut names: Vec<&str> =
        pairs.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["12", "21"], "each pair of different records, in each order");
}

#[tokio::test]
async fn pitfall_no_view_of_why_a_sync_did_not_fire() {
    let text = "\
sync Greet
when
  Room.open (owner, capacity) : (room)
where
  capacity > 3
then
  Participant.join (room, user: owner)
";
    let app = probe().rules("r", text).open().await;
    app.ok("Room/open", json!({ "owner": "ada", "capacity": 2 })).await;
    app.quiet().await;
    let flow = app.app().flows().into_iter().find(|flow| flow.records.len() == 1).unwrap();
    let trace = app.trace(flow.id);
    let near = &trace.near[0];
    assert_eq!((&*near.sync, &*near.place, &*near.line), ("r/Greet", "r/1.sync:5", "capacity > 3"));
    assert_eq!(near.values["capacity"], 2);
}

#[tokio::test]
async fn pitfall_a_flow_that_wakes_itself_goes_on_for_ever() {
    let again = "sync A\nwhen\n  Probe.note (about, text)\nthen\n  Probe.note (about, text)\n";
    let app = probe().rules("r", again).open().await;
    app.ok("Probe/note", json!({ "about": "x", "text": "y" })).await;
    app.quiet().await;
    let flow = app.app().flows().pop().unwrap();
    assert_eq!(flow.records.len(), 10_000);
    assert!(app.trace(flow.id).near.iter().any(|near| near.why.contains("stopped at its bound")));
}

#[test]
fn pitfall_an_action_calling_its_own_concepts_action_is_invisible() {
    // A concept has no handle to anything that could run an action: it depends on `concord`, which knows no engine.
    for concept in packages().into_iter().filter(|package| package.folder.starts_with("concepts")) {
        assert_eq!(concept.needs, ["concord"], "{}", concept.name);
    }
}

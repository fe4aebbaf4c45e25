//! What is said before anything starts.

use crate::probe::probe;

/// A contract with one route, whose rest is to be filled in.
fn endpoint(rest: &str) -> Vec<&'static str> {
    let text = format!(
        "contract C at \"/c\"\n\nsync A\nwhen\n  Requesting.request (route: \"GET /x\", about) : (request)\n{rest}"
    );
    probe().rules("c", &text).diagnose()
}

#[test]
fn pitfall_a_failed_check_drops_the_frame_and_nobody_answers() {
    let dropping = "where\n  about == \"x\"\nthen\n  Requesting.respond (request)\n";
    assert_eq!(endpoint(dropping), ["may-not-answer"]);
    let refusing = "where\n  about == \"x\"  else NOT_FOUND\nthen\n  Requesting.respond (request)\n";
    assert!(endpoint(refusing).is_empty());
}

#[test]
fn pitfall_with_and_without_variants_both_fire() {
    let both = "\
where
  about != \"x\"  else NOT_FOUND
then
  Requesting.respond (request)

sync B
when
  Requesting.request (route: \"GET /x\", about, more ?? 1) : (request)
where
  more == 1  else NOT_FOUND
then
  Requesting.respond (request)
";
    assert_eq!(endpoint(both), ["answers-twice"]);
}

#[test]
fn pitfall_misspelt_action_field_or_result() {
    let cases = [
        ("sync A\nwhen\n  Roon.close (room)\nthen\n  Participant.clear (room)\n", "unknown-concept"),
        ("sync A\nwhen\n  Room.clos (room)\nthen\n  Participant.clear (room)\n", "unknown-action"),
        ("sync A\nwhen\n  Room.close (rom)\nthen\n  Participant.clear (room: rom)\n", "unknown-field"),
        (
            "sync A\nwhen\n  Room.open () : (rooom)\nthen\n  Participant.clear (room: rooom)\n",
            "unknown-field",
        ),
        (
            "sync A\nwhen\n  Room.close (room)\nthen\n  Participant.clear (roms: room, room)\n",
            "unknown-argument",
        ),
        ("sync A\nwhen\n  Room.close (room)\nthen\n  Participant.clear ()\n", "missing-argument"),
        ("sync A\nwhen\n  Room.close (room)\nthen\n  Participant.clear (room: rooms)\n", "unbound-variable"),
        (
            "sync A\nwhen\n  Room.close (room)\nwhere\n  Participant._inn (room)\nthen\n  Participant.clear (room)\n",
            "unknown-query",
        ),
    ];
    for (text, id) in cases {
        let found = probe().rules("r", text).diagnose();
        assert!(found.contains(&id), "{id} in {found:?}: {text}");
    }
}

#[test]
fn pitfall_a_result_of_the_wrong_shape() {
    let id_as_number =
        "sync A\nwhen\n  Room.open () : (room)\nwhere\n  room > 3\nthen\n  Participant.clear (room)\n";
    assert_eq!(probe().rules("r", id_as_number).diagnose(), ["type-mismatch"]);
    let wrong_id = "sync A\nwhen\n  Room.open () : (room)\nthen\n  CallSession.endSession (session: room, user: \"x\")\n";
    assert_eq!(probe().rules("r", wrong_id).diagnose(), ["type-mismatch"]);
    let no_such_text =
        "sync A\nwhen\n  Room.open (style: \"hex9\")  : (room)\nthen\n  Participant.clear (room)\n";
    assert_eq!(probe().rules("r", no_such_text).diagnose(), ["type-mismatch"]);
}

#[test]
fn pitfall_zero_rows_lose_the_request() {
    let lost = "where\n  Probe._about (about) : (text)\nthen\n  Requesting.respond (request, body: text)\n";
    assert_eq!(endpoint(lost), ["may-not-answer", "many-answers"]);
    let listed = "then\n  Requesting.respond (request, body: [Probe._about (about) : (text) => text])\n";
    assert!(endpoint(listed).is_empty());
    let optional = "where\n  optional first Probe._about (about) : (text)\nthen\n  Requesting.respond (request, body: text ?? \"\")\n";
    assert!(endpoint(optional).is_empty());
}

#[test]
fn pitfall_an_action_called_inside_where() {
    let acts = "where\n  Probe.note (about, text: \"x\")\nthen\n  Requesting.respond (request)\n";
    assert!(endpoint(acts).contains(&"not-a-query"));
    let within = "then\n  Requesting.respond (request, body: [Probe.note (about, text: \"x\") => 1])\n";
    assert!(endpoint(within).contains(&"not-a-query"));
}

#[test]
fn pitfall_a_query_in_when() {
    let asks = "sync A\nwhen\n  Probe._about (about) : (text)\nthen\n  Probe.note (about, text)\n";
    assert_eq!(probe().rules("r", asks).diagnose(), ["query-in-when"]);
}

#[test]
fn pitfall_one_answer_for_each_row_of_a_query() {
    let many = "where\n  Probe._about (about) : (text)  else NOT_FOUND\nthen\n  Requesting.respond (request, body: text)\n";
    assert_eq!(endpoint(many), ["many-answers"]);
}

#[test]
fn pitfall_a_rule_that_wakes_itself() {
    let again = "sync A\nwhen\n  Probe.note (about, text)\nthen\n  Probe.note (about, text)\n";
    assert_eq!(probe().rules("r", again).diagnose(), ["cycle"]);
}

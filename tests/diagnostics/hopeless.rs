//! Rules that look well and could never fire, or whose answer could never be sent.

use std::fmt::Write as _;

use crate::ids_of;

/// A rule with these lines of `when`, beside one that answers `GET /x`.
fn rule(when: &str) -> Vec<&'static str> {
    let text = format!(
        "contract C at \"/c\"\n  socket socketio at \"/s\"\n\nsync A\nwhen\n  Requesting.request (route: \"GET /x\") : (request)\nthen\n  Requesting.respond (request)\n\nsync B\nwhen\n{when}then\n  Room.open (owner: \"o\")\n"
    );
    ids_of(&[("c", &text)])
}

#[test]
fn two_stimuli_never_happen_in_one_flow() {
    let request = "  Requesting.request (route: \"GET /x\")\n";
    let tick = "  Clock.tick (every: 1m)\n";
    let open = "  Socket.open ()\n";
    for pair in [[request, request], [tick, tick], [tick, request], [open, request], [open, tick]] {
        assert_eq!(rule(&pair.concat()), ["never-fires"], "{pair:?}");
    }
    for alone in [request, tick, open] {
        assert!(rule(alone).is_empty(), "{alone}");
    }
    assert!(rule("  Room.close (room)\n  Requesting.request (route: \"GET /x\")\n").is_empty());
}

#[test]
fn the_clock_ticks_in_intervals_that_are_written_down() {
    for every in ["(every: 0)", "(every: -5)", "(every: 1.5)", "(every)", "() : (at)"] {
        assert_eq!(rule(&format!("  Clock.tick {every}\n")), ["never-fires"], "{every}");
    }
    for every in ["(every: 1)", "(every: 1.5s)"] {
        assert!(rule(&format!("  Clock.tick {every}\n")).is_empty(), "{every}");
    }
}

#[test]
fn a_request_comes_to_the_contract_of_its_folder() {
    assert_eq!(rule("  Requesting.request (route: \"GET /x\", contract: \"D\")\n"), ["never-fires"]);
    assert!(rule("  Requesting.request (route: \"GET /x\", contract: \"C\")\n").is_empty());
    assert_eq!(rule("  Socket.receive (event: \"e\", contract: \"D\")\n"), ["never-fires"]);
}

fn route(route: &str, status: &str) -> Vec<&'static str> {
    let text = format!(
        "contract C at \"/c\"\n\nsync A\nwhen\n  Requesting.request (route: \"{route}\") : (request)\nthen\n  Requesting.respond (request, status: {status})\n"
    );
    ids_of(&[("c", &text)])
}

#[test]
fn a_status_is_one_that_a_reply_may_have() {
    for status in ["199", "600", "-200", "0", "200.5", "101"] {
        assert_eq!(route("GET /x", status), ["type-mismatch"], "{status}");
    }
    for status in ["200", "204", "599"] {
        assert!(route("GET /x", status).is_empty(), "{status}");
    }
}

#[test]
fn a_route_is_a_path_as_clients_send_it() {
    for path in ["/a b", "/a?b=1", "/caf\u{e9}", "/a#b", "/{id}", "/a/:id/b c"] {
        assert_eq!(route(&format!("GET {path}"), "200"), ["bad-route"], "{path}");
    }
    for path in ["/", "/a%20b", "/a-b/c_d/:id/e.f", "/@me/~x"] {
        assert!(route(&format!("GET {path}"), "200").is_empty(), "{path}");
    }
}

#[test]
fn a_mark_of_byte_order_is_passed_over() {
    let text = "\u{feff}sync A\nwhen\n  Room.close (room)\nthen\n  Participant.clear (room)\n";
    assert!(ids_of(&[("r", text)]).is_empty());
}

#[test]
fn a_number_that_cannot_be_held_is_a_fault() {
    let huge = "9".repeat(400);
    for number in ["12345678901234567890", "9007199254740993.5", &huge, "99999999999999999999w"] {
        let text = format!("contract C\n  settings\n    n = {number}\n");
        assert_eq!(ids_of(&[("r", &text)]), ["syntax"], "{number}");
    }
    for number in ["9223372036854775807", "-9223372036854775807", "0.000001", "9007199254740993"] {
        let text = format!("contract C\n  settings\n    n = {number}\n");
        assert!(ids_of(&[("r", &text)]).is_empty(), "{number}");
    }
}

#[test]
fn a_thousand_routes_are_told_apart() {
    let mut text = "contract C at \"/c\"\n".to_owned();
    for at in 0..1_000 {
        let _ = write!(
            text,
            "\nsync S{at}\nwhen\n  Requesting.request (route: \"GET /r{at}/:id\", id) : (request)\nthen\n  Requesting.respond (request, body: id)\n"
        );
    }
    assert!(ids_of(&[("c", &text)]).is_empty());
    text.push_str("\nsync Last\nwhen\n  Requesting.request (route: \"GET /r7/:other\", other) : (request)\nthen\n  Requesting.respond (request, body: other)\n");
    assert_eq!(ids_of(&[("c", &text)]), ["same-route"]);
}

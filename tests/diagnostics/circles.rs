//! What goes round in circles: syncs that can wake each other, many of them, and values made of themselves.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::ids_of;

/// Each does what the next waits for; the last, what the first waits for.
fn ring(length: usize) -> String {
    let mut text = String::new();
    for at in 0..length {
        let next = (at + 1) % length;
        let _ = write!(
            text,
            "sync S{at}\nwhen\n  Participant.join (room, user: \"u{at}\")\nthen\n  Participant.join (room, user: \"u{next}\", name: \"n\", role: \"r\")\n\n"
        );
    }
    text
}

#[test]
fn a_ring_of_any_length_is_warned_of_once() {
    for length in [1, 2, 9, 20, 300] {
        assert_eq!(ids_of(&[("r", &ring(length))]), ["cycle"], "{length}");
    }
}

#[test]
fn two_rings_are_two_warnings() {
    let other = "sync Again\nwhen\n  Room.close (room)\nthen\n  Room.close (room)\n";
    assert_eq!(ids_of(&[("a", &ring(12)), ("b", other)]), ["cycle", "cycle"]);
}

#[test]
fn many_syncs_that_wake_only_later_ones_are_looked_at_in_no_time() {
    const COUNT: usize = 300;
    let mut text = String::new();
    for at in 0..COUNT {
        let _ = write!(text, "sync S{at}\nwhen\n  Participant.join (room, user: \"u{at}\")\nthen\n");
        for ahead in 1..=12 {
            let next = at + ahead;
            let _ = writeln!(text, "  Participant.join (room, user: \"u{next}\", name: \"n\", role: \"r\")");
        }
        text.push('\n');
    }
    let started = Instant::now();
    assert!(ids_of(&[("r", &text)]).is_empty());
    // As a debug build on a busy machine; it would take years to try all ways.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn what_is_made_of_itself_over_and_over_is_looked_at_in_no_time() {
    let mut text =
        "contract C at \"/c\"\n\nsync S\nwhen\n  Requesting.request (route: \"POST /x\", x0) : (request)\nwhere\n".to_owned();
    for at in 1..60 {
        let _ = writeln!(text, "  let x{at} = x{before} + x{before}", before = at - 1);
    }
    text.push_str("then\n  Requesting.respond (request, body: x59)\n");
    assert!(ids_of(&[("c", &text)]).is_empty());
}

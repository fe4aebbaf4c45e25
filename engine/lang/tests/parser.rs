//! Whatever the text: no panic, an end, and a layout that keeps what was said.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use concord_lang::{ConceptSig, Names, Source, Sources, check, layout, syntax};
use proptest::prelude::*;

/// Nothing is known: every name is a fault, and no rule gets far. What is tested is that they are all said.
struct Nothing;

impl Names for Nothing {
    fn concepts(&self) -> Vec<&str> {
        Vec::new()
    }

    fn concept(&self, _: &str) -> Option<&ConceptSig> {
        None
    }

    fn own(&self, _: &str, _: &str) -> Option<&ConceptSig> {
        None
    }

    fn setting(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

const WHOLE: &str = include_str!("../../../examples/clubs/clubs.sync");

fn source(text: &str) -> Source {
    Source { folder: "f".into(), path: "f/a.sync".into(), text: text.into() }
}

/// Reads it in every way there is; how long that took.
fn read(text: &str) -> Duration {
    let started = Instant::now();
    let sources = Sources::new(vec![source(text)]);
    let diagnostics = syntax(&sources);
    drop(check(&sources, &Nothing));
    drop(diagnostics.to_json(&sources));
    if text.len() < 10_000 {
        drop(diagnostics.render(&sources, false));
    }
    if let Ok(laid) = layout(&source(text)) {
        assert_eq!(layout(&source(&laid)).as_deref(), Ok(&*laid), "laid out twice: {text}");
    }
    started.elapsed()
}

const PIECES: [&str; 56] = [
    "sync ",
    "public ",
    "view ",
    "contract ",
    "when",
    "where",
    "then",
    "let ",
    "else ",
    "give ",
    "if ",
    "and ",
    "or ",
    "not ",
    "in ",
    "first ",
    "optional ",
    "no ",
    "admit",
    "errors ",
    "error ",
    "own ",
    "settings",
    "headers ",
    "socket ",
    "Room",
    "Room.open",
    "Room._get ",
    "a",
    "room",
    "CODE",
    "\"text\"",
    "\"",
    "12",
    "15m",
    "9z",
    "1.5",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ".",
    "...",
    "=>",
    "==",
    "??",
    "-",
    "+",
    "\n",
    "\n  ",
    "# said\n",
    "é",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(0..PIECES.len(), 0..200)
        .prop_map(|pieces| pieces.into_iter().map(|piece| PIECES[piece]).collect())
}

/// A file with pieces cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    prop::collection::vec((0..WHOLE.len(), 0..40_usize, 0..PIECES.len()), 1..6).prop_map(|changes| {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, length, piece) in changes {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn soup_is_read_to_its_end(text in soup()) {
        read(&text);
    }

    #[test]
    fn a_file_with_faults_is_read_to_its_end(text in mutated()) {
        read(&text);
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,300}") {
        read(&text);
    }
}

#[test]
fn depth_and_size_have_bounds_and_no_quadratic_surprises() {
    let deep = |open: &str, close: &str| {
        let depth = 20_000;
        format!(
            "sync A\nwhen\n  Room.open ()\nwhere\n  let x = {}1{}\nthen\n  Room.close ()\n",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    let texts = [
        deep("(", ")"),
        deep("[", "]"),
        deep("{a: ", "}"),
        deep("not ", ""),
        deep("- ", ""),
        deep("if a then ", " else b"),
        deep("a + ", ""),
        deep("", ".a"),
        deep("", "[0]"),
        format!("sync A\nwhen\n  Room.open ({}", "a: {".repeat(20_000)),
        "sync A\nwhen\n".repeat(5_000),
        format!("# {}\n", "x".repeat(1_000_000)),
        format!("sync {}\n", "x".repeat(1_000_000)),
        "(".repeat(200_000),
        "\"".repeat(200_000),
    ];
    for text in texts {
        let took = read(&text);
        assert!(took < Duration::from_secs(20), "{took:?}: {}…", text.chars().take(60).collect::<String>());
    }
}

#[test]
fn a_layout_keeps_every_comment_and_is_the_one_of_the_examples() {
    assert_eq!(layout(&source(WHOLE)).as_deref(), Ok(WHOLE));
    let text = "# one\n\n# two\nsync A # three\n# four\nwhen # five\n  # six\n  Room.open () # seven\nthen\n  # eight\n  Room.close () # nine\n# ten\n";
    let laid = layout(&source(text)).unwrap();
    for comment in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"] {
        assert!(laid.contains(&format!("# {comment}\n")), "{comment} in {laid}");
    }
    assert_eq!(layout(&source(&laid)).as_deref(), Ok(&*laid));
}

#[test]
fn a_layout_keeps_numbers_as_they_were_written() {
    let numbers = [
        "0.000001",
        "-0.000001",
        "0.1",
        "1.50",
        "-7",
        "9007199254740993",
        "9223372036854775807",
        "1234567.891",
        "1.5h",
    ];
    for number in numbers {
        let text = format!("contract C\n  settings\n    n = {number}\n");
        assert_eq!(layout(&source(&text)).as_deref(), Ok(&*text));
        let text = format!("view v () =\n  give [{number}, 2 * {number}]\n");
        assert_eq!(layout(&source(&text)).as_deref(), Ok(&*text));
    }
}

#[test]
fn a_number_that_cannot_be_held_is_a_fault_of_the_file() {
    for number in [
        "12345678901234567890",
        "-12345678901234567890",
        &"9".repeat(400),
        "99999999999999999999.5",
        "99999999999999999w",
    ] {
        let text = format!("view v () =\n  give {number}\n");
        let said = layout(&source(&text)).unwrap_err();
        assert_eq!(said.iter().map(|fault| fault.id).collect::<Vec<&str>>(), ["syntax"], "{number}");
    }
}

#[test]
fn a_layout_leaves_the_mark_of_byte_order_out() {
    let text = "# one\nview v () =\n  give 1\n";
    assert_eq!(layout(&source(&format!("\u{feff}{text}"))).as_deref(), Ok(text));
}

#[test]
fn a_layout_does_not_drop_what_was_said_twice() {
    for part in ["errors { a }\n  errors { b }", "headers { a }\n  headers { b }"] {
        assert!(layout(&source(&format!("contract C\n  {part}\n"))).is_err(), "{part}");
    }
}

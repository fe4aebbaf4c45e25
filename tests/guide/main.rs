//! The guide to the language, run: what it shows is what happens.
//!
//! Under each heading the `sync` blocks are rules of one app; `sync name` puts a block into a folder of that name. A line
//! that ends in `# error: id` or `# warning: id` raises just that, and no other line raises anything. A `try` block is a
//! conversation with the app: a line that asks, then a line with the answer, in which `…` stands for anything; `form` before the
//! fields makes them a form, and one of the shape `{"name", "type", "bytes"}` a file. A `talk` block
//! is one over sockets: `name = /path` connects, `name ✗ /path CODE` does not, `name → {…}` sends a frame, `name ← {…}` is the
//! next that has come, `name .` ends; nothing else comes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use concept_authenticating::Authenticating;
use concept_call_session::CallSession;
use concept_clock::Clock;
use concept_expiring::Expiring;
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concept_socket::Socket;
use concord_testing::{Harness, Part, TestApp, TestSocket};
use concord_tests::{Album, checkout};
use serde_json::{Value, json};

/// A fenced block.
struct Block {
    kind: String,
    folder: String,
    text: String,
}

/// What stands under one heading.
struct Section {
    title: String,
    blocks: Vec<Block>,
}

fn sections(name: &str, text: &str) -> Vec<Section> {
    let mut sections = vec![Section { title: name.to_owned(), blocks: Vec::new() }];
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => sections.last_mut().unwrap().blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, Some(fence)) => {
                let (kind, folder) = fence.split_once(' ').unwrap_or((fence, "rules"));
                open = Some(Block { kind: kind.into(), folder: folder.into(), text: String::new() });
            }
            (None, None) if line.starts_with('#') => {
                sections.push(Section { title: format!("{name}: {line}"), blocks: Vec::new() });
            }
            (None, None) => {}
        }
    }
    sections
}

fn harness(section: &Section) -> Harness {
    let concepts = Harness::default()
        .concept(Album::new(&std::env::temp_dir()))
        .concept(Authenticating::new(b"secret"))
        .concept(CallSession::default())
        .concept(Clock::default())
        .concept(Expiring::default())
        .concept(Participant::default())
        .concept(Requesting)
        .concept(Room::default())
        .concept(Socket::default());
    let rules = section.blocks.iter().filter(|block| block.kind == "sync");
    rules.fold(concepts, |harness, block| harness.rules(&block.folder, &block.text))
}

/// What the comments say is raised, and where: as [`Harness::faults`] has it.
fn announced(section: &Section) -> BTreeSet<(String, String)> {
    let rules = section.blocks.iter().filter(|block| block.kind == "sync").enumerate();
    let lines = rules.flat_map(|(file, block)| {
        block.text.lines().enumerate().map(move |(line, text)| (file, block, line, text))
    });
    lines
        .filter_map(|(file, block, line, text)| {
            let (_, comment) = text.rsplit_once("# ")?;
            let id = comment.strip_prefix("error: ").or(comment.strip_prefix("warning: "))?;
            Some((format!("{}/{}.sync:{}", block.folder, file + 1, line + 1), id.trim().to_owned()))
        })
        .collect()
}

/// Whether an answer is as the guide has it.
fn is_like(found: &Value, shown: &Value) -> bool {
    match (found, shown) {
        (_, Value::String(text)) if text == "…" => true,
        (Value::Array(found), Value::Array(shown)) => {
            found.len() == shown.len() && found.iter().zip(shown).all(|(found, shown)| is_like(found, shown))
        }
        (Value::Object(found), Value::Object(shown)) => {
            found.len() == shown.len()
                && shown.iter().all(|(key, shown)| found.get(key).is_some_and(|found| is_like(found, shown)))
        }
        _ => found == shown,
    }
}

/// Asks what a line says: `Concept/action {…}`, or `METHOD /path [header: value] {…}`; the answer in one text and value.
async fn ask(app: &TestApp, line: &str) -> (String, Value) {
    let (head, body) = line.split_at(line.find('{').unwrap_or(line.len()));
    let body: Value = if body.is_empty() { json!(null) } else { serde_json::from_str(body).unwrap() };
    let answer = if let Some((method, rest)) = head.split_once(' ').filter(|(_, rest)| rest.starts_with('/'))
    {
        let (rest, is_form) = match rest.trim().strip_suffix(" form") {
            Some(rest) => (rest, true),
            None => (rest.trim(), false),
        };
        let (path, header) = rest.split_once(" [").unwrap_or((rest, ""));
        let header = header.trim_end_matches(']').split_once(": ");
        let line = format!("{method} {path}");
        let response = if is_form {
            app.form(&line, header.as_slice(), &parts(&body)).await
        } else {
            app.request_with(&line, header.as_slice(), body).await
        };
        (response.status().to_string(), response.json())
    } else {
        let body = if body.is_null() { json!({}) } else { body };
        match app.call(head.trim(), body).await {
            Ok(output) => (String::new(), output),
            Err(refused) => (refused.code().to_owned(), json!(null)),
        }
    };
    app.quiet().await;
    answer
}

/// The parts of a form, as the guide writes them.
fn parts(body: &Value) -> Vec<Part> {
    let part = |(name, value): (&String, &Value)| match value["bytes"].as_str() {
        Some(bytes) => {
            let said = |field: &str| value[field].as_str().unwrap().to_owned();
            Part::file(name, &said("name"), &said("type"), bytes.as_bytes())
        }
        None => Part::text(name, value.as_str().unwrap()),
    };
    body.as_object().unwrap().iter().map(part).collect()
}

async fn talk(section: &Section, block: &Block) {
    let app = harness(section).open().await;
    let mut lines = block.text.lines().filter(|line| !line.trim().is_empty());
    while let Some(line) = lines.next() {
        let shown = lines.next().unwrap().trim().strip_prefix("→").unwrap().trim();
        let json_at = shown.find(['{', '[']).unwrap_or(shown.len());
        let (status, body) = shown.split_at(json_at);
        let body: Value = if body.is_empty() { json!(null) } else { serde_json::from_str(body).unwrap() };
        let (found_status, found) = ask(&app, line).await;
        assert_eq!(found_status, status.trim(), "{}: {line} gave {found}", section.title);
        assert!(is_like(&found, &body), "{}: {line} gave {found}, not {body}", section.title);
    }
}

/// Somebody who is connected, with what has come and was not told yet.
struct Connected {
    socket: TestSocket,
    inbox: VecDeque<Value>,
}

impl Connected {
    fn next(&mut self) -> Option<Value> {
        self.inbox.extend(self.socket.received().into_iter().map(|(_, frame)| frame));
        self.inbox.pop_front()
    }
}

async fn talk_over_sockets(section: &Section, block: &Block) {
    let app = harness(section).open().await;
    let mut people: BTreeMap<String, Connected> = BTreeMap::new();
    for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, rest) = line.split_once(' ').unwrap();
        let (sign, what) = rest.split_once(' ').unwrap_or((rest, ""));
        match sign {
            "=" => {
                let socket = app.connect(what, Value::Null).await.unwrap();
                people.insert(name.to_owned(), Connected { socket, inbox: VecDeque::new() });
            }
            "✗" => {
                let (path, code) = what.split_once(' ').unwrap();
                assert_eq!(app.connect(path, Value::Null).await.err().as_deref(), Some(code));
            }
            "→" => people[name].socket.send_frame(what).await,
            "←" => {
                let shown = serde_json::from_str(what).unwrap();
                let found = people.get_mut(name).unwrap().next();
                assert!(found.as_ref().is_some_and(|found| is_like(found, &shown)), "{line}: {found:?}");
            }
            "." => people.remove(name).unwrap().socket.close("left").await,
            other => panic!("{other} says nothing"),
        }
    }
    for (name, mut connected) in people {
        assert_eq!(connected.next(), None, "{}: {name} heard more", section.title);
    }
}

#[tokio::test]
async fn what_the_guide_shows_is_what_happens() {
    let folder = checkout().join("engine/lang/guide");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut talks = 0;
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        for section in sections(&name, &std::fs::read_to_string(&file).unwrap()) {
            let raised = harness(&section).faults().into_iter().map(|(place, id)| (place, id.to_owned()));
            assert_eq!(raised.collect::<BTreeSet<_>>(), announced(&section), "{}", section.title);
            for block in section.blocks.iter().filter(|block| block.kind == "try") {
                talk(&section, block).await;
                talks += 1;
            }
            for block in section.blocks.iter().filter(|block| block.kind == "talk") {
                talk_over_sockets(&section, block).await;
                talks += 1;
            }
        }
    }
    assert!(talks >= 10, "the guide is run, not only read");
}

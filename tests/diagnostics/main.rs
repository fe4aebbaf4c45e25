//! Every diagnostic: the file in `cases` that is named after it raises it, and nothing else, and this is what people
//! read. To look at changed words: `INSTA_UPDATE=always cargo test -p concord-tests --test diagnostics`, then the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod circles;
mod contracts;
mod hopeless;

use std::collections::BTreeSet;
use std::path::PathBuf;

use concept_authenticating::Authenticating;
use concept_call_session::CallSession;
use concept_clock::Clock;
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concept_socket::Socket;
use concord_lang::{Diagnostics, Source, Sources};
use concord_runtime::{ContractSettings, OpenError, Registry, check};
use concord_tests::checkout;

fn cases() -> PathBuf {
    checkout().join("tests/diagnostics/cases")
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add(Authenticating::new(b"secret")).unwrap();
    registry.add(CallSession::default()).unwrap();
    registry.add(Participant::default()).unwrap();
    registry.add(Requesting).unwrap();
    registry.add(Room::default()).unwrap();
    registry.add(Socket::default()).unwrap();
    registry
}

/// What is said of a file.
fn said(id: &str) -> (Diagnostics, Sources) {
    let text = std::fs::read_to_string(cases().join(format!("{id}.sync"))).unwrap();
    let sources = Sources::new(vec![Source { folder: "rules".into(), path: format!("{id}.sync"), text }]);
    // Only one case has something set from outside.
    let mut settings = ContractSettings::new();
    if id == "bad-setting" {
        settings.insert(("C".into(), "perMinute".into()), "many".into());
    }
    match check(sources.clone(), registry(), &settings) {
        Ok((_, warnings)) => (warnings, sources),
        Err(OpenError::Rules(fault)) => (fault.diagnostics, sources),
        Err(error) => panic!("{id}: {error}"),
    }
}

/// What is said of files in folders, by id.
fn ids_of(files: &[(&str, &str)]) -> Vec<&'static str> {
    let mut registry = registry();
    registry.add(Clock::default()).unwrap();
    let source = |(at, (folder, text)): (usize, &(&str, &str))| Source {
        folder: (*folder).into(),
        path: format!("{folder}/{at}.sync"),
        text: (*text).into(),
    };
    let sources = Sources::new(files.iter().enumerate().map(source).collect());
    let said = match check(sources, registry, &ContractSettings::new()) {
        Ok((_, warnings)) => warnings,
        Err(OpenError::Rules(fault)) => fault.diagnostics,
        Err(error) => panic!("{error}"),
    };
    said.iter().map(|found| found.id).collect()
}

fn ids_of_cases() -> BTreeSet<String> {
    let files = std::fs::read_dir(cases()).unwrap();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn each_is_raised_by_its_case_alone_and_reads_well() {
    for id in ids_of_cases() {
        let (diagnostics, sources) = said(&id);
        let text = diagnostics.render(&sources, false);
        let raised: BTreeSet<&str> = diagnostics.iter().map(|found| found.id).collect();
        assert_eq!(raised, BTreeSet::from([&*id]), "{text}");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(id.clone(), text);
        });
    }
}

/// Ids as the source names them: the text in quotes after the call that makes a diagnostic.
fn ids_of_source() -> BTreeSet<String> {
    let mut ids = BTreeSet::from(["unknown-action".to_owned(), "unknown-query".to_owned()]);
    let mut open = vec![checkout().join("engine/lang/src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for call in ["Diagnostic::error(", "Diagnostic::warning("] {
            let after = text.match_indices(call).map(|(at, _)| text[at + call.len()..].trim_start());
            ids.extend(after.filter_map(|rest| Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned())));
        }
    }
    ids
}

#[test]
fn each_that_the_source_can_raise_has_a_case() {
    assert_eq!(ids_of_source(), ids_of_cases());
}

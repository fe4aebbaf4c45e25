//! The generated documents against the seed whose format they have.
//!
//! Sentences are our own, so they are taken out of both; headings, labels, bodies, rules and blank lines have to agree.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use concord_runtime::Registry;

const SEED: &str = "shared/seeds/000_80a2f1a56e9070af.txt";

/// The seed lies beside the checkout.
fn seed() -> String {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let file = folders.map(|folder| folder.join(SEED)).find(|file| file.is_file());
    fs::read_to_string(file.expect("the seed documents lie beside the checkout, in ../shared/seeds")).unwrap()
}

/// A document without its sentences: headings, labels and bodies stay.
fn skeleton(text: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for line in text.trim_end().lines() {
        let label =
            ["**Purpose:** ", "**Description:** ", "- "].iter().find(|label| line.starts_with(**label));
        kept.push(label.map_or(line.to_owned(), |label| format!("{label}…")));
    }
    kept.dedup_by(|a, b| a == "- …" && b == "- …"); // how many items is for the sentences to say
    kept
}

/// What stands before the first endpoint, and the endpoints, each from its heading to the line before the next.
fn parts(text: &str) -> Vec<Vec<String>> {
    let mut parts = vec![Vec::new()];
    for line in skeleton(text) {
        if line.starts_with("### ") {
            parts.push(Vec::new());
        }
        parts.last_mut().unwrap().push(line);
    }
    parts
}

fn labels(part: &[String]) -> Vec<&String> {
    part.iter().filter(|line| line.starts_with("**")).collect()
}

#[test]
fn every_endpoint_of_the_seed_is_documented_in_the_seeds_own_format() {
    let mut registry = Registry::default();
    registry.add(concept_call_session::CallSession::default()).unwrap();
    registry.add(concept_call_window::CallWindow::default()).unwrap();
    let pages = concord_specs::generate(&registry);
    let seed = seed();
    let documents: Vec<&str> = seed.split("# API Specification: ").skip(1).collect();
    assert_eq!(documents.len(), 2);

    for (document, (concept, count)) in documents.iter().zip([("CallSession", 5), ("CallWindow", 4)]) {
        let expected = parts(&format!("# API Specification: {document}"));
        assert_eq!(expected.len(), 1 + count);
        let page = pages.iter().find(|page| page.path == format!("specs/api/{concept}.md")).unwrap();
        // The concepts have further queries; those of the seed are there, alike and in the seed's order.
        let is_in_seed = |part: &Vec<String>| expected.iter().any(|other| other[0] == part[0]);
        let (found, further): (Vec<_>, Vec<_>) = parts(&page.text).into_iter().partition(is_in_seed);
        assert_eq!(found, expected);
        for part in further {
            assert_eq!(labels(&part), labels(expected.last().unwrap()), "{}", part[0]);
        }
    }
}

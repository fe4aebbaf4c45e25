//! The generated documents against the seed whose format they have.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use concord_runtime::Registry;

/// A document without its sentences: headings, labels and bodies stay.
fn skeleton(text: &str) -> Vec<String> {
    let mut kept = Vec::new();
    for line in text.lines() {
        match line {
            _ if line.starts_with("- ") => kept.push("- …".to_owned()),
            _ if line.starts_with("**Description:**") => kept.push("**Description:** …".to_owned()),
            _ if line.starts_with("**Purpose:**") => kept.push("**Purpose:** …".to_owned()),
            _ => kept.push(line.to_owned()),
        }
    }
    kept.dedup_by(|a, b| a == "- …" && b == "- …"); // how many items is for the sentences to say
    kept
}

/// The endpoints of a document, each from its heading to the line before the next.
fn endpoints(text: &str) -> Vec<Vec<String>> {
    let lines = skeleton(text);
    let starts: Vec<usize> = (0..lines.len()).filter(|&n| lines[n].starts_with("### POST ")).collect();
    let end = |n: usize| {
        lines[n..].iter().position(|line| line == "---").map_or(lines.len(), |after| n + after + 1)
    };
    starts.into_iter().map(|start| lines[start..end(start)].to_vec()).collect()
}

#[test]
fn every_endpoint_of_the_seed_is_documented_in_the_seeds_own_format() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let seed = checkout.parent().unwrap().join("shared/seeds/000_80a2f1a56e9070af.txt");
    let seed = fs::read_to_string(seed).expect("the seed documents lie beside the checkout");
    let mut parts = seed.split("# API Specification: ").skip(1);

    let mut registry = Registry::default();
    registry.add(concept_call_session::CallSession::default()).unwrap();
    registry.add(concept_call_window::CallWindow::default()).unwrap();
    let pages = concord_specs::generate(&registry);

    for (concept, count) in [("CallSession", 5), ("CallWindow", 4)] {
        let expected = format!("# API Specification: {}", parts.next().unwrap());
        let page = pages.iter().find(|page| page.name == format!("{concept}.md")).unwrap();
        let head = |text: &str| skeleton(text).into_iter().take(8).collect::<Vec<_>>();
        assert_eq!(head(&page.text), head(&expected));

        let (found, expected) = (endpoints(&page.text), endpoints(&expected));
        assert_eq!(expected.len(), count);
        for endpoint in expected {
            let same =
                found.iter().find(|found| found[0] == endpoint[0]).unwrap_or_else(|| panic!("{endpoint:?}"));
            assert_eq!(same, &endpoint);
        }
    }
}

#[test]
fn a_document_that_was_changed_or_is_missing_is_found() {
    let mut registry = Registry::default();
    registry.add(concept_call_session::CallSession::default()).unwrap();
    let root = tempfile::tempdir().unwrap();
    assert!(concord_specs::check(root.path(), &registry).is_err());
    assert_eq!(concord_specs::write(root.path(), &registry).unwrap().len(), 3);
    concord_specs::check(root.path(), &registry).unwrap();
    assert!(concord_specs::write(root.path(), &registry).unwrap().is_empty());

    let page = root.path().join("specs/api/CallSession.md");
    fs::write(&page, fs::read_to_string(&page).unwrap().replace("host", "hsot")).unwrap();
    let fault = concord_specs::check(root.path(), &registry).unwrap_err().to_string();
    assert!(fault.contains("specs/api/CallSession.md from line"), "{fault}");

    fs::write(root.path().join("specs/api/Gone.md"), "").unwrap();
    let changed = concord_specs::write(root.path(), &registry).unwrap();
    assert_eq!(changed.len(), 2);
    assert!(!root.path().join("specs/api/Gone.md").exists());
}

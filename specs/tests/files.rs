//! Documents on disk: written, found to be stale, removed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use concord_runtime::Registry;
use concord_specs::{Difference, Error, Page, Stale, check, generate, write};

fn pages() -> Vec<Page> {
    let mut registry = Registry::default();
    registry.add(concept_call_session::CallSession::default()).unwrap();
    generate(&registry)
}

fn stale(root: &Path) -> Vec<Stale> {
    match check(root, &pages()) {
        Ok(()) => Vec::new(),
        Err(Error::Stale(stale)) => stale,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_was_written_is_not_stale_and_not_written_again() {
    let root = tempfile::tempdir().unwrap();
    let missing = stale(root.path());
    assert_eq!(missing.len(), 3);
    assert!(missing.iter().all(|stale| stale.difference == Difference::Missing));
    assert!(!root.path().join("specs").exists(), "a check writes nothing");

    assert_eq!(write(root.path(), &pages()).unwrap().len(), 3);
    assert_eq!(stale(root.path()), []);
    assert!(write(root.path(), &pages()).unwrap().is_empty());
}

#[test]
fn a_changed_document_is_named_with_its_first_line_that_differs() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &pages()).unwrap();
    let page = root.path().join("specs/api/CallSession.md");
    let text = fs::read_to_string(&page).unwrap();
    let differs = |changed: &str| {
        fs::write(&page, changed).unwrap();
        let mut found = stale(root.path());
        assert_eq!((found.len(), &*found[0].path), (1, "specs/api/CallSession.md"));
        let fault = check(root.path(), &pages()).unwrap_err().to_string();
        assert!(fault.contains("specs/api/CallSession.md differs from line"), "{fault}");
        match found.remove(0).difference {
            Difference::Line { number, found, expected } => (number, found, expected),
            other => panic!("{other:?}"),
        }
    };
    let end = text.split('\n').count();
    let line = |text: &str| Some(text.to_owned());

    let changed = text.replacen("## API Endpoints", "## Endpoints", 1);
    assert_eq!(differs(&changed), (7, line("## Endpoints"), line("## API Endpoints")));
    let windows = text.replace('\n', "\r\n");
    assert_eq!(differs(&windows).0, 1);
    assert_eq!(differs(text.trim_end()), (end, None, line("")));
    assert_eq!(differs(&format!("{text}more\n")), (end, line("more"), line("")));
    assert_eq!(differs(""), (1, line(""), line("# API Specification: CallSession Concept")));
}

#[test]
fn a_document_of_a_concept_that_is_gone_is_stale_and_removed_and_nothing_else_is() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &pages()).unwrap();
    let folder = root.path().join("specs/api");
    fs::write(folder.join("Gone.md"), "").unwrap();
    fs::write(folder.join("Gone.openapi.json"), "{}").unwrap();
    fs::write(folder.join("openapi.json"), "{}").unwrap();
    fs::create_dir(folder.join("notes.md")).unwrap();

    let gone = ["Gone.md", "Gone.openapi.json"];
    let stale_of =
        |name: &str| Stale { path: format!("specs/api/{name}"), difference: Difference::Unexpected };
    assert_eq!(stale(root.path()), gone.map(stale_of));
    assert_eq!(write(root.path(), &pages()).unwrap(), gone.map(|name| folder.join(name)));
    assert!(gone.iter().all(|name| !folder.join(name).exists()));
    assert!(folder.join("openapi.json").exists() && folder.join("notes.md").exists());
}

#[test]
fn a_document_that_cannot_be_read_is_an_error_and_not_stale() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("specs/api/CallSession.md")).unwrap();
    let error = check(root.path(), &pages()).unwrap_err();
    assert!(
        matches!(&error, Error::File { path, .. } if path.ends_with("specs/api/CallSession.md")),
        "{error}"
    );
}

//! `concord new concept Upvote` in a copy of this checkout: it compiles, is tested, is registered and is served.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use concord_tests::{Setup, binary, checkout};
use serde_json::json;

/// Copies a checkout without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, path) = (entry.file_name(), entry.path());
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn new_concept(folder: &Path, name: &str) -> Output {
    Command::new(binary()).args(["new", "concept", name]).current_dir(folder).output().unwrap()
}

/// A target folder that stays, so that only the first run builds what the copy depends on.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("new-concept")
}

fn cargo(folder: &Path, arguments: &[&str]) {
    let done = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_new_concept_compiles_is_tested_is_registered_and_is_served() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("checkout");
    copy(&checkout(), &folder);

    let made = new_concept(&folder.join("engine"), "Upvote");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.contains("cargo test -p concept-upvote"), "{said}");

    cargo(&folder, &["test", "--quiet", "-p", "concept-upvote"]);
    cargo(&folder, &["build", "--quiet", "-p", "concord-server"]);
    let built = target().join("debug/concord");
    let server = Setup::default().binary(&built).start();
    let mut client = server.client();
    assert_eq!(client.post("Upvote/add", &json!({ "owner": "ada" })).unwrap().status, 401);

    let token = Command::new(&built)
        .args(["token", "--user", "ada", "--role", "admin", "--data"])
        .arg(&server.data)
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let admin = format!("Bearer {}", token.trim());
    let body = json!({ "owner": "ada" }).to_string();
    let reply =
        client.request("POST", "/api/Upvote/add", &[("authorization", &admin)], body.as_bytes()).unwrap();
    assert!(reply.ok()["entry"].is_string());
}

#[test]
fn a_name_that_is_none_or_taken_is_refused() {
    let checkout = checkout();
    for (name, expected) in [("upvote", "no name for a concept"), ("Room", "already"), ("Socket", "taken")] {
        let refused = new_concept(&checkout, name);
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let said = String::from_utf8(new_concept(elsewhere.path(), "Upvote").stderr).unwrap();
    assert!(said.contains("no checkout of Concord"), "{said}");
}

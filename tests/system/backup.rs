//! A copy taken while the server runs is consistent, and a server starts on it.

use std::process::Command;
use std::thread;

use concord_tests::{Setup, binary};
use serde_json::json;

#[test]
fn a_backup_taken_under_load_is_restored_by_starting_on_it() {
    let server = Setup::default().start();
    let mut client = server.client();
    let created = client.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap().ok();
    let copy = server.data.join("copy.db");
    thread::scope(|scope| {
        let backup = scope.spawn(|| {
            Command::new(binary()).arg("backup").arg(&copy).arg("--data").arg(&server.data).output().unwrap()
        });
        while !backup.is_finished() {
            client.post("CallSession/createSession", &json!({ "host": "ben" })).unwrap().ok();
        }
        let backup = backup.join().unwrap();
        assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    });

    let restored =
        Setup::default().argument("--store").argument(format!("sqlite:{}", copy.display())).start();
    let listed = restored.client().post("CallSession/_getParticipants", &created).unwrap().ok();
    assert_eq!(listed, json!([{ "user": "ada" }]));
}

#[test]
fn a_backup_overwrites_nothing() {
    let server = Setup::default().start();
    let copy = server.data.join("copy.db");
    std::fs::write(&copy, "precious").unwrap();
    let backup =
        Command::new(binary()).arg("backup").arg(&copy).arg("--data").arg(&server.data).output().unwrap();
    assert_eq!(backup.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "precious");
}

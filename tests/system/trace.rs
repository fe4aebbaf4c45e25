//! `concord trace`: from the running server, and from the journal of a stopped one.

use std::path::Path;
use std::process::{Command, Output};

use concord_tests::{Setup, binary};
use serde_json::json;

fn trace(flow: &str, data: &Path) -> Output {
    Command::new(binary()).args(["trace", flow, "--data"]).arg(data).output().unwrap()
}

#[test]
fn a_flow_is_shown_while_the_server_runs_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Setup::default().data(folder.path()).start();
    let mut client = server.client();
    let created = client.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap();
    let refused =
        client.post("CallSession/joinSession", &json!({ "user": "ben", "session": "nowhere" })).unwrap();
    let (created, refused) =
        (created.header("x-request-id").unwrap(), refused.header("x-request-id").unwrap());

    let shown = String::from_utf8(trace(created, folder.path()).stdout).unwrap();
    assert!(shown.contains("CallSession.createSession") && shown.contains(r#"{"host":"ada"}"#), "{shown}");
    let shown = String::from_utf8(trace(refused, folder.path()).stdout).unwrap();
    assert!(shown.contains("SESSION_NOT_FOUND"), "{shown}");

    assert!(server.stop().success());
    let shown = String::from_utf8(trace(created, folder.path()).stdout).unwrap();
    assert!(shown.contains("CallSession.createSession"), "{shown}");
    let unknown = trace(refused, folder.path());
    assert_eq!(unknown.status.code(), Some(1), "what wrote nothing is in no journal");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nothing is known of flow"));
    assert_eq!(trace("x", folder.path()).status.code(), Some(2));
}

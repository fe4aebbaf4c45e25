//! `kill -9` at any moment under load: every acknowledged action is there after restart.

use std::collections::HashSet;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use concord_tests::{Server, Setup};
use serde_json::json;

const ROUNDS: u64 = 24;
const WRITERS: usize = 8;

/// Creates sessions from several connections until the server is gone; the ids of those that were acknowledged.
fn load_until_killed(server: &mut Server, after: Duration) -> Vec<String> {
    let acknowledged = Mutex::new(Vec::new());
    let clients: Vec<_> = (0..WRITERS).map(|_| server.client()).collect();
    thread::scope(|scope| {
        for mut client in clients {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                while let Ok(reply) = client.post("CallSession/createSession", &json!({ "host": "ada" })) {
                    let session = reply.ok()["session"].as_str().unwrap().to_owned();
                    acknowledged.lock().unwrap().push(session);
                }
            });
        }
        let started = Instant::now();
        while started.elapsed() < after || acknowledged.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        server.kill();
    });
    acknowledged.into_inner().unwrap()
}

#[test]
fn every_acknowledged_action_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut known: HashSet<String> = HashSet::new();
    for round in 0..ROUNDS {
        let mut server = Setup::default().data(folder.path()).start();
        // A different moment each time, spread over the first tenth of a second.
        let after = Duration::from_micros(round * 7_919 % 100_000);
        let acknowledged = load_until_killed(&mut server, after);
        assert!(!acknowledged.is_empty());

        let restarted = Setup::default().data(folder.path()).start();
        let mut client = restarted.client();
        for session in &acknowledged {
            let listed = client.post("CallSession/_getParticipants", &json!({ "session": session })).unwrap();
            assert_eq!(listed.ok(), json!([{ "user": "ada" }]), "round {round}: {session} is gone");
        }
        known.extend(acknowledged);
    }
    let server = Setup::default().data(folder.path()).start();
    let mut client = server.client();
    let mut lost = known.clone();
    lost.retain(|session| {
        client.post("CallSession/_getSession", &json!({ "session": session })).unwrap().status != 200
    });
    assert!(lost.is_empty(), "{} of {} acknowledged sessions are lost", lost.len(), known.len());
}

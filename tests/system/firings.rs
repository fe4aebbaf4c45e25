//! `kill -9` at any moment while one action causes fifty: afterwards every firing that was due has happened, once.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use concord_tests::{Client, Server, Setup};
use serde_json::{Value, json};

const KILLS: u64 = 50;
const WRITERS: usize = 3;
const GUESTS: usize = 50;

/// A party invites everyone who is in the hall, all of them or none; each guest is greeted in a firing of its own.
const RULES: &str = r#"
sync Invite
when
  Room.open (owner, subject: "party") : (room)
where
  Participant._in (room: "hall") : (user)
then
  Participant.join (room, user)

sync Greet
when
  Room.open (subject: "party") : (room)
  Participant.join (room, user)
then
  Room.open (owner: room + "/" + user)
"#;

fn ask(client: &mut Client, path: &str, input: &Value) -> Vec<Value> {
    let rows = client.post(path, input).unwrap().ok();
    rows.as_array().unwrap().clone()
}

/// Opens parties from several connections until the server is gone; how many were acknowledged.
fn party_until_killed(server: &mut Server, after: Duration) -> usize {
    let acknowledged = Mutex::new(0);
    let clients: Vec<_> = (0..WRITERS).map(|_| server.client()).collect();
    thread::scope(|scope| {
        for mut client in clients {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let party = json!({ "owner": "ada", "subject": "party" });
                while client.post("Room/open", &party).is_ok_and(|reply| reply.status == 200) {
                    *acknowledged.lock().unwrap() += 1;
                }
            });
        }
        let started = Instant::now();
        while started.elapsed() < after || *acknowledged.lock().unwrap() == 0 {
            thread::yield_now();
        }
        server.kill();
    });
    acknowledged.into_inner().unwrap()
}

/// Every party that is there, acknowledged or not, is whole; then it is cleared away.
fn check_parties(client: &mut Client) -> usize {
    let parties = ask(client, "Room/_about", &json!({ "subject": "party" }));
    for party in &parties {
        let room = party["room"].as_str().unwrap();
        assert_eq!(ask(client, "Participant/_in", &json!({ "room": room })).len(), GUESTS, "{room}");
        for guest in 0..GUESTS {
            let greeted = ask(client, "Room/_ofOwner", &json!({ "owner": format!("{room}/{guest}") }));
            assert_eq!(greeted.len(), 1, "guest {guest} of {room}");
        }
        client.post("Room/remove", &json!({ "room": room })).unwrap().ok();
    }
    parties.len()
}

#[test]
fn every_firing_that_was_due_has_happened_once_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let rules = tempfile::tempdir().unwrap();
    std::fs::write(rules.path().join("party.sync"), RULES).unwrap();
    let start = || {
        let syncs = rules.path().to_str().unwrap();
        Setup::default().data(folder.path()).argument("--syncs").argument(syncs).start()
    };
    let mut server = start();
    for guest in 0..GUESTS {
        let join = json!({ "room": "hall", "user": guest.to_string() });
        server.client().post("Participant/join", &join).unwrap().ok();
    }
    for kill in 0..KILLS {
        // A different moment each time.
        let acknowledged = party_until_killed(&mut server, Duration::from_micros(kill * 7_919 % 60_000));
        server = start();
        let found = check_parties(&mut server.client());
        assert!(found >= acknowledged, "{found} parties of {acknowledged} acknowledged ones");
    }
}

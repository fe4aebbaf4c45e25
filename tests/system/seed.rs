//! Every endpoint of the concept API, over HTTP, on both stores, and by many at once.

use std::thread;

use concord_tests::{Client, Server, Setup};
use serde_json::{Value, json};

fn on_both_stores(test: impl Fn(&Server)) {
    for setup in [Setup::default(), Setup::default().argument("--store").argument("memory:")] {
        test(&setup.start());
    }
}

fn session_of(client: &mut Client, host: &str) -> Value {
    client.post("CallSession/createSession", &json!({ "host": host })).unwrap().ok()["session"].clone()
}

#[test]
fn a_session_is_created_joined_left_and_ended() {
    on_both_stores(|server| {
        let client = &mut server.client();
        let mut post =
            |action: &str, body: &Value| client.post(&format!("CallSession/{action}"), body).unwrap();
        let created = post("createSession", &json!({ "host": "ada", "name": "standup" }));
        assert!(created.header("x-request-id").is_some_and(|id| id.len() == 32));
        let session = created.ok()["session"].clone();
        let ben = json!({ "user": "ben", "session": session });

        assert_eq!(post("joinSession", &ben).ok(), json!({}));
        let listed = post("_getParticipants", &json!({ "session": session })).ok();
        assert_eq!(listed, json!([{ "user": "ada" }, { "user": "ben" }]));
        let again = post("joinSession", &ben);
        assert_eq!((again.status, &*again.code()), (409, "ALREADY_A_PARTICIPANT"));

        assert_eq!(post("leaveSession", &ben).ok(), json!({}));
        let again = post("leaveSession", &ben);
        assert_eq!((again.status, &*again.code()), (404, "NOT_A_PARTICIPANT"));

        let denied = post("endSession", &ben);
        assert_eq!((denied.status, &*denied.code()), (403, "NOT_THE_HOST"));
        assert_eq!(post("endSession", &json!({ "user": "ada", "session": session })).ok(), json!({}));
        let gone = post("_getParticipants", &json!({ "session": session }));
        assert_eq!((gone.status, &*gone.code()), (404, "SESSION_NOT_FOUND"));
    });
}

#[test]
fn a_window_is_created_changed_and_deleted() {
    on_both_stores(|server| {
        let client = &mut server.client();
        let mut post =
            |action: &str, body: &Value| client.post(&format!("CallWindow/{action}"), body).unwrap();
        let created =
            post("createWindow", &json!({ "owner": "ada", "startTime": 1_000, "endTime": 2_000 })).ok();
        let window = created["window"].clone();
        let change = |owner: &str, start: i64, end: i64| json!({ "owner": owner, "window": window, "startTime": start, "endTime": end });

        assert_eq!(post("updateWindow", &change("ada", 3_000, 4_000)).ok(), json!({}));
        let listed = post("_getWindowsForUser", &json!({ "user": "ada" })).ok();
        assert_eq!(listed, json!([{ "window": window, "startTime": 3_000, "endTime": 4_000 }]));
        assert_eq!(post("updateWindow", &change("ben", 1, 2)).status, 403);
        let wrong = post("updateWindow", &change("ada", 2, 1));
        assert_eq!((wrong.status, &*wrong.code()), (400, "ENDS_BEFORE_START"));

        assert_eq!(post("deleteWindow", &json!({ "owner": "ben", "window": window })).status, 403);
        assert_eq!(post("deleteWindow", &json!({ "owner": "ada", "window": window })).ok(), json!({}));
        assert_eq!(post("deleteWindow", &json!({ "owner": "ada", "window": window })).status, 404);
        assert_eq!(post("_getWindowsForUser", &json!({ "user": "ada" })).ok(), json!([]));
    });
}

/// Each user joins from a connection of their own; what each was answered.
fn join_at_once(server: &Server, session: &Value, users: &[String]) -> Vec<u16> {
    let join = |user: &String| {
        let mut client = server.client();
        client.post("CallSession/joinSession", &json!({ "user": user, "session": session })).unwrap().status
    };
    thread::scope(|scope| {
        let joins: Vec<_> = users.iter().map(|user| scope.spawn(move || join(user))).collect();
        joins.into_iter().map(|join| join.join().unwrap()).collect()
    })
}

#[test]
fn of_fifty_joins_by_one_user_at_once_exactly_one_succeeds() {
    on_both_stores(|server| {
        let session = session_of(&mut server.client(), "ada");
        let mut statuses = join_at_once(server, &session, &vec!["ben".to_owned(); 50]);
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![409; 49]].concat());
    });
}

#[test]
fn two_hundred_joins_by_distinct_users_at_once_all_succeed_and_are_listed() {
    on_both_stores(|server| {
        let client = &mut server.client();
        let session = session_of(client, "ada");
        let users: Vec<String> = (0..200).map(|n| format!("user-{n:03}")).collect();
        assert_eq!(join_at_once(server, &session, &users), vec![200; 200]);

        let listed =
            client.post("CallSession/_getParticipants", &json!({ "session": session })).unwrap().ok();
        let mut listed: Vec<_> =
            listed.as_array().unwrap().iter().map(|row| row["user"].as_str().unwrap().to_owned()).collect();
        assert_eq!(listed.remove(0), "ada");
        listed.sort_unstable();
        assert_eq!(listed, users);
    });
}

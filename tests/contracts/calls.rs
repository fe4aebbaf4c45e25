//! Seed *video-calls*, its REST side.

use std::time::Duration;

use serde_json::{Value, json};

use crate::site::{CLIENT, MINUTE, PSYCHOLOGIST, appointment, ask, refusal, site};

/// What has to have happened before a call.
const READY: [&str; 2] = ["confirm", "recordPayment"];

async fn with_profiles() -> concord_testing::TestApp {
    let app = site().await;
    for (user, name, email) in
        [(CLIENT, "John Doe", "john@example.com"), (PSYCHOLOGIST, "Dr. Jane Smith", "dr.smith@example.com")]
    {
        app.ok("Profile/set", json!({ "user": user, "name": name, "email": email })).await;
    }
    app
}

/// A reply has its fields in `data` and at the top.
fn both(body: &Value) -> Value {
    assert_eq!(body["success"], true, "{body}");
    for (name, value) in body["data"].as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    body["data"].clone()
}

fn iso(millis: i64) -> Value {
    json!(concord::Millis(millis).to_iso())
}

#[tokio::test]
async fn the_config_lists_servers_that_both_base_paths_tell() {
    let app = site().await;
    let token = crate::site::token(&app, CLIENT, None);
    for base in ["/api/video-calls", "/api/v1/video-calls"] {
        let told =
            app.request_with(&format!("GET {base}/config"), &[("x-auth-token", &token)], Value::Null).await;
        let servers = json!([
            { "urls": "stun:stun.example.com:19302" },
            { "urls": "turn:turn.example.com:3478", "username": "turnuser", "credential": "turnpass" },
        ]);
        assert_eq!((told.status(), both(&told.json())), (200, json!({ "iceServers": servers })));
    }
}

#[tokio::test]
async fn a_room_is_generated_once_for_a_session() {
    let app = with_profiles().await;
    let id = appointment(&app, 600 * MINUTE, &READY).await;
    let line = format!("POST /generate-room/{id}");
    let made = ask(&app, CLIENT, "client", &line, Value::Null).await;
    let data = both(&made.json());
    let room = data["roomId"].as_str().unwrap();
    assert!(room.starts_with("room-") && room.len() == 41, "{room}");
    let expected = json!({
        "roomId": room,
        "sessionId": id,
        "sessionDate": iso(app.now().0 + 600 * MINUTE),
        "sessionType": "Individual",
        "participants": {
            "client": { "id": CLIENT, "name": "John Doe", "email": "john@example.com" },
            "psychologist": { "id": PSYCHOLOGIST, "name": "Dr. Jane Smith", "email": "dr.smith@example.com" },
        },
    });
    assert_eq!((made.status(), &data), (200, &expected));
    let again = ask(&app, PSYCHOLOGIST, "psychologist", &line, Value::Null).await;
    assert_eq!(again.json()["roomId"], room);
}

#[tokio::test]
async fn a_room_needs_a_confirmed_session_that_was_paid_for() {
    let app = site().await;
    for (actions, code) in [
        (&[][..], "SESSION_NOT_CONFIRMED"),
        (&["recordPayment"], "SESSION_NOT_CONFIRMED"),
        (&["confirm"], "PAYMENT_PENDING"),
        (&["confirm", "recordPayment", "cancel"], "SESSION_NOT_CONFIRMED"),
    ] {
        let id = appointment(&app, MINUTE, actions).await;
        let refused = ask(&app, CLIENT, "client", &format!("POST /generate-room/{id}"), Value::Null).await;
        assert_eq!(refusal(&refused), (422, code.into()), "{actions:?}");
    }
}

#[tokio::test]
async fn access_is_told_with_its_reason() {
    let app = site().await;
    for (minutes, actions, reason, status, payment) in [
        (10, &READY[..], json!(null), "confirmed", "completed"),
        (10, &["confirm", "recordPayment", "begin"], json!(null), "In Progress", "completed"),
        (10, &["confirm"], json!("PAYMENT_PENDING"), "confirmed", "pending"),
        (10, &["recordPayment"], json!("SESSION_NOT_CONFIRMED"), "pending", "completed"),
        (10, &["cancel"], json!("SESSION_CANCELLED"), "cancelled", "pending"),
        (
            10,
            &["confirm", "recordPayment", "begin", "complete"],
            json!("SESSION_COMPLETED"),
            "Completed",
            "completed",
        ),
        (16, &READY, json!("TOO_EARLY"), "confirmed", "completed"),
        (-121, &READY, json!("TOO_LATE"), "confirmed", "completed"),
    ] {
        let id = appointment(&app, minutes * MINUTE, actions).await;
        let told = ask(&app, CLIENT, "client", &format!("GET /can-join/{id}"), Value::Null).await;
        let starts = app.now().0 + minutes * MINUTE;
        let window =
            json!({ "allowedFrom": iso(starts - 15 * MINUTE), "allowedUntil": iso(starts + 120 * MINUTE) });
        let expected = json!({
            "canJoin": reason.is_null(),
            "reason": reason,
            "minutesUntilSession": minutes,
            "sessionStatus": status,
            "paymentStatus": payment,
            "timeWindow": window,
        });
        assert_eq!((told.status(), both(&told.json())), (200, expected));
    }
}

#[tokio::test]
async fn the_window_is_open_from_15_minutes_before_to_2_hours_after() {
    let app = site().await;
    let id = appointment(&app, 16 * MINUTE, &READY).await;
    let can_join = async || {
        ask(&app, CLIENT, "client", &format!("GET /can-join/{id}"), Value::Null).await.json()["canJoin"]
            .clone()
    };
    assert_eq!(can_join().await, false);
    app.advance(Duration::from_mins(1));
    assert_eq!(can_join().await, true);
    app.advance(Duration::from_mins(135));
    assert_eq!(can_join().await, true);
    app.advance(Duration::from_millis(1));
    assert_eq!(can_join().await, false);
}

#[tokio::test]
async fn a_call_starts_and_ends_with_its_duration() {
    let app = with_profiles().await;
    let id = appointment(&app, 0, &READY).await;
    let (start, end) = (app.now().0, app.now().0 + 45 * MINUTE);
    let started =
        ask(&app, CLIENT, "client", &format!("POST /start/{id}"), json!({ "startTime": iso(start) })).await;
    let expected = json!({
        "message": "Video call started successfully",
        "session": {
            "id": id,
            "status": "In Progress",
            "videoCallStarted": iso(start),
            "participants": { "client": "John Doe", "psychologist": "Dr. Jane Smith" },
        },
    });
    assert_eq!((started.status(), both(&started.json())), (200, expected));
    let room =
        ask(&app, PSYCHOLOGIST, "psychologist", &format!("POST /generate-room/{id}"), Value::Null).await;
    assert_eq!(room.status(), 200, "who comes second gets in");

    let ended = ask(&app, CLIENT, "client", &format!("POST /end/{id}"), json!({ "endTime": iso(end) })).await;
    let expected = json!({
        "message": "Video call ended successfully",
        "duration": 45,
        "session": {
            "id": id,
            "status": "Completed",
            "videoCallStarted": iso(start),
            "videoCallEnded": iso(end),
            "callDuration": 45,
        },
    });
    assert_eq!((ended.status(), both(&ended.json())), (200, expected));
}

#[tokio::test]
async fn a_call_starts_once_in_its_window_when_it_is_confirmed_and_paid_for() {
    let app = site().await;
    let now = app.now().0;
    let start = async |id: &str, at: Value| {
        let line = format!("POST /start/{id}");
        refusal(&ask(&app, CLIENT, "client", &line, json!({ "startTime": at })).await)
    };
    let id = appointment(&app, 0, &READY).await;
    assert_eq!(start(&id, json!("soon")).await, (400, "INVALID_REQUEST".into()));
    assert_eq!(start(&id, json!(7)).await, (400, "INVALID_REQUEST".into()));
    assert_eq!(start(&id, Value::Null).await, (400, "INVALID_REQUEST".into()));
    assert_eq!(start(&id, iso(now - 16 * MINUTE)).await, (422, "OUTSIDE_TIME_WINDOW".into()));
    let early = appointment(&app, 16 * MINUTE, &READY).await;
    assert_eq!(start(&early, iso(now + 16 * MINUTE)).await, (422, "OUTSIDE_TIME_WINDOW".into()));
    let unpaid = appointment(&app, 0, &["confirm"]).await;
    assert_eq!(start(&unpaid, iso(now)).await, (422, "PAYMENT_PENDING".into()));
    let unconfirmed = appointment(&app, 0, &["recordPayment"]).await;
    assert_eq!(start(&unconfirmed, iso(now)).await, (422, "SESSION_NOT_CONFIRMED".into()));

    ask(&app, CLIENT, "client", &format!("POST /start/{id}"), json!({ "startTime": iso(now) })).await;
    assert_eq!(start(&id, iso(now)).await, (400, "SESSION_ALREADY_STARTED".into()));
}

#[tokio::test]
async fn a_call_ends_once_after_its_start() {
    let app = site().await;
    let now = app.now().0;
    let id = appointment(&app, 0, &READY).await;
    let end = async |at: Value| {
        let line = format!("POST /end/{id}");
        ask(&app, CLIENT, "client", &line, json!({ "endTime": at })).await
    };
    assert_eq!(refusal(&end(iso(now)).await), (400, "SESSION_NOT_STARTED".into()));
    ask(&app, CLIENT, "client", &format!("POST /start/{id}"), json!({ "startTime": iso(now) })).await;
    assert_eq!(refusal(&end(json!("later")).await), (400, "INVALID_REQUEST".into()));
    assert_eq!(refusal(&end(Value::Null).await), (400, "INVALID_REQUEST".into()));
    assert_eq!(refusal(&end(iso(now - 1)).await), (422, "ENDS_BEFORE_START".into()));
    assert_eq!(end(iso(now + 29_999)).await.json()["duration"], 0);
    assert_eq!(refusal(&end(iso(now)).await), (400, "SESSION_ALREADY_ENDED".into()));
}

#[tokio::test]
async fn two_who_start_at_once_start_one_call() {
    let app = site().await;
    let id = appointment(&app, 0, &READY).await;
    let (line, body) = (format!("POST /start/{id}"), json!({ "startTime": iso(app.now().0) }));
    let (a, b) = tokio::join!(
        ask(&app, CLIENT, "client", &line, body.clone()),
        ask(&app, PSYCHOLOGIST, "psychologist", &line, body.clone())
    );
    let mut statuses = [a.status(), b.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

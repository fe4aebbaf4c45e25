//! Contracts keep to themselves: what one of them made, no other reads, closes or hears of.

use serde_json::{Value, json};

use crate::site::{ADMIN, CLIENT, appointment, ask, site, token};

#[tokio::test]
async fn the_ids_of_one_contract_mean_nothing_to_another() {
    let app = site().await;
    let ann = json!({ "id": CLIENT, "name": "Ann", "color": "red" });
    let session = app.request("POST /api/v1/sessions", json!({ "creator": ann })).await.json();
    let session = session["data"]["id"].as_str().unwrap().to_owned();
    let id = appointment(&app, 0, &["confirm", "recordPayment"]).await;
    let made = ask(&app, CLIENT, "client", &format!("POST /generate-room/{id}"), Value::Null).await.json();
    let room = made["roomId"].as_str().unwrap().to_owned();
    let open = app.ok("Room/open", json!({ "owner": CLIENT })).await["room"].as_str().unwrap().to_owned();

    // What belongs to others is not there on any of the interview's routes.
    for other in [&room, &open, &id] {
        let route = |method: &str, rest: &str| format!("{method} /api/v1/sessions/{other}{rest}");
        for (method, rest, body) in [
            ("GET", "", Value::Null),
            ("PATCH", "", json!({ "code": "x" })),
            ("PUT", "/code", json!({ "code": "x" })),
            ("POST", "/join", json!({ "user": ann })),
            ("GET", "/participants", Value::Null),
            ("PATCH", "/participants/x", json!({})),
            ("DELETE", "/participants/x", Value::Null),
            ("DELETE", "", Value::Null),
        ] {
            assert_eq!(app.request(&route(method, rest), body).await.status(), 404, "{method} {other}{rest}");
        }
        assert!(app.connect(&format!("/ws/sessions/{other}"), Value::Null).await.is_err());
    }
    // Nor on the routes and rooms of the video calls, not even for an admin.
    for other in [&session, &open, &room] {
        for line in ["GET /can-join/", "POST /generate-room/", "POST /start/", "POST /end/"] {
            let body = json!({ "startTime": "2025-01-01T00:00:00Z", "endTime": "2025-01-01T00:00:00Z" });
            let body = if line.starts_with("GET") { Value::Null } else { body };
            assert_eq!(ask(&app, ADMIN, "admin", &format!("{line}{other}"), body).await.status(), 400);
        }
    }
    let admin =
        app.connect("/socket.io", json!({ "token": token(&app, ADMIN, Some("admin")) })).await.unwrap();
    for other in [&session, &open] {
        let me = json!({ "roomId": other, "userId": ADMIN, "userName": "A", "userRole": "admin" });
        admin.send("join-room", me).await;
        assert_eq!(admin.received()[0].1["code"], "ROOM_NOT_FOUND");
    }
    // And the open rooms know none of them.
    for other in [&session, &room] {
        assert_eq!(app.refused("Room/_get", json!({ "room": other })).await.code(), "ROOM_NOT_FOUND");
        assert_eq!(app.refused("Room/close", json!({ "room": other })).await.code(), "ROOM_NOT_FOUND");
        assert_eq!(app.ok("Participant/_in", json!({ "room": other })).await, json!([]));
    }
}

#[tokio::test]
async fn what_happens_to_open_rooms_wakes_no_contract() {
    let app = site().await;
    let ann = json!({ "id": "ann", "name": "Ann", "color": "red" });
    let session = app.request("POST /api/v1/sessions", json!({ "creator": ann })).await.json();
    let session = session["data"]["id"].as_str().unwrap().to_owned();
    let live = app.connect(&format!("/ws/sessions/{session}?userId=ann"), Value::Null).await.unwrap();
    live.received();
    // The same ids, in the shared instances.
    app.ok("Participant/join", json!({ "room": session, "user": "ann" })).await;
    app.ok("Participant/leave", json!({ "room": session, "user": "ann" })).await;
    app.quiet().await;
    assert_eq!(live.received(), []);
    let people =
        app.request(&format!("GET /api/v1/sessions/{session}/participants"), Value::Null).await.json();
    assert_eq!(people["participants"][0]["id"], "ann");
}

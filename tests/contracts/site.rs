//! An app with everything that the server ships, and people who use it.

use std::time::Duration;

use concept_appointment::Appointment;
use concept_authenticating::{Authenticating, Bearer, Tokens};
use concept_call_session::CallSession;
use concept_call_window::CallWindow;
use concept_clock::Clock;
use concept_code_pad::CodePad;
use concept_expiring::Expiring;
use concept_ice_servers::{Credentials, IceServers, Settings};
use concept_metering::Metering;
use concept_participant::Participant;
use concept_presence::Presence;
use concept_profile::Profile;
use concept_rate_limiting::RateLimiting;
use concept_requesting::Requesting;
use concept_room::Room;
use concept_socket::Socket;
use concord_testing::{Harness, Response, TestApp};
use concord_tests::checkout;
use serde_json::{Value, json};

const SECRET: &[u8] = b"a secret of the test";

pub(crate) const CLIENT: &str = "507f1f77bcf86cd799439012";
pub(crate) const PSYCHOLOGIST: &str = "507f1f77bcf86cd799439013";
pub(crate) const STRANGER: &str = "507f1f77bcf86cd799439014";
pub(crate) const ADMIN: &str = "507f1f77bcf86cd799439015";

pub(crate) const MINUTE: i64 = 60_000;

pub(crate) fn harness() -> Harness {
    let turn = Credentials::Fixed { username: "turnuser".into(), credential: "turnpass".into() };
    let servers = Settings {
        stun: vec!["stun:stun.example.com:19302".into()],
        turn: vec!["turn:turn.example.com:3478".into()],
        credentials: turn,
    };
    Harness::default()
        .concept(Appointment::default())
        .concept(Authenticating::new(SECRET))
        .concept(CallSession::default())
        .concept(CallWindow::default())
        .concept(Clock::default())
        .concept(CodePad::default())
        .concept(Expiring::default())
        .concept(IceServers::new(servers))
        .concept(Metering::default())
        .concept(Participant::default())
        .concept(Presence::default())
        .concept(Profile::default())
        .concept(RateLimiting::default())
        .concept(Requesting)
        .concept(Room::default())
        .concept(Socket::default())
        .rules_in(&checkout().join("syncs"))
}

/// The server's app, without a limit that a test would run into.
pub(crate) async fn site() -> TestApp {
    harness()
        .setting("VideoCalls", "requestsPerMinute", "1000")
        .setting("VideoCalls", "connectionsPerMinute", "1000")
        .open()
        .await
}

pub(crate) fn token(app: &TestApp, user: &str, role: Option<&str>) -> String {
    let bearer = Bearer { user: user.into(), role: role.map(str::to_owned), name: None };
    Tokens::new(SECRET).issue(bearer, app.now(), Duration::from_hours(1)).unwrap()
}

/// What somebody asks of the video calls.
pub(crate) async fn ask(app: &TestApp, user: &str, role: &str, line: &str, body: Value) -> Response {
    let token = token(app, user, Some(role));
    let (method, path) = line.split_once(' ').unwrap();
    let line = format!("{method} /api/video-calls{path}");
    app.request_with(&line, &[("x-auth-token", &token)], body).await
}

/// An appointment in a while, after these actions.
pub(crate) async fn appointment(app: &TestApp, in_millis: i64, actions: &[&str]) -> String {
    let wish = json!({
        "client": CLIENT,
        "psychologist": PSYCHOLOGIST,
        "startsAt": app.now().0 + in_millis,
        "sessionType": "Individual",
    });
    let scheduled = app.ok("Appointment/schedule", wish).await;
    for action in actions {
        app.ok(&format!("Appointment/{action}"), scheduled.clone()).await;
    }
    scheduled["appointment"].as_str().unwrap().to_owned()
}

/// Status and code of a refusal, which has the shape of video calls.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let body = response.json();
    assert_eq!((&body["success"], body["message"].is_string()), (&json!(false), true), "{body}");
    (response.status(), body["code"].as_str().unwrap().to_owned())
}

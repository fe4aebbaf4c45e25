//! CallSession as its document describes it.

use concept_call_session::CallSession;
use concord::Kind;
use concord_testing::TestApp;
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(CallSession::default()).await
}

async fn session_of(app: &TestApp, host: &str) -> Value {
    app.ok("CallSession/createSession", json!({ "host": host })).await["session"].clone()
}

async fn participants(app: &TestApp, session: &Value) -> Value {
    app.ok("CallSession/_getParticipants", json!({ "session": session })).await
}

#[tokio::test]
async fn principle_participants_are_listed_until_they_leave_or_the_host_ends_the_session() {
    let app = app().await;
    let session = session_of(&app, "ada").await;
    app.ok("CallSession/joinSession", json!({ "user": "ben", "session": session })).await;
    app.ok("CallSession/joinSession", json!({ "user": "eve", "session": session })).await;
    assert_eq!(
        participants(&app, &session).await,
        json!([{"user": "ada"}, {"user": "ben"}, {"user": "eve"}])
    );

    app.ok("CallSession/leaveSession", json!({ "user": "ben", "session": session })).await;
    assert_eq!(participants(&app, &session).await, json!([{"user": "ada"}, {"user": "eve"}]));

    let done = app.ok("CallSession/endSession", json!({ "user": "ada", "session": session })).await;
    assert_eq!(done, json!({}));
    let refused = app.refused("CallSession/_getParticipants", json!({ "session": session })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::NotFound, "SESSION_NOT_FOUND"));
}

#[tokio::test]
async fn create_session_requires_a_valid_host() {
    for host in [json!(""), json!("a\u{0}b"), json!("x".repeat(257)), json!(7), json!(null)] {
        let refused = app().await.refused("CallSession/createSession", json!({ "host": host })).await;
        assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("host"))));
    }
}

#[tokio::test]
async fn join_session_requires_an_existing_session() {
    let input = json!({ "user": "ben", "session": "nowhere" });
    let refused = app().await.refused("CallSession/joinSession", input).await;
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
    assert_eq!(refused.detail("session"), Some(&json!("nowhere")));
}

#[tokio::test]
async fn join_session_requires_that_the_user_is_not_in_it_already() {
    let app = app().await;
    let session = session_of(&app, "ada").await;
    let refused = app.refused("CallSession/joinSession", json!({ "user": "ada", "session": session })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "ALREADY_A_PARTICIPANT"));
}

#[tokio::test]
async fn leave_session_requires_a_current_participant() {
    let app = app().await;
    let session = session_of(&app, "ada").await;
    let refused = app.refused("CallSession/leaveSession", json!({ "user": "ben", "session": session })).await;
    assert_eq!(refused.code(), "NOT_A_PARTICIPANT");
    let refused =
        app.refused("CallSession/leaveSession", json!({ "user": "ada", "session": "nowhere" })).await;
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn a_host_may_leave_and_still_end_the_session() {
    let app = app().await;
    let session = session_of(&app, "ada").await;
    app.ok("CallSession/leaveSession", json!({ "user": "ada", "session": session })).await;
    assert_eq!(participants(&app, &session).await, json!([]));
    app.ok("CallSession/endSession", json!({ "user": "ada", "session": session })).await;
}

#[tokio::test]
async fn end_session_requires_an_existing_session() {
    let input = json!({ "user": "ada", "session": "nowhere" });
    let refused = app().await.refused("CallSession/endSession", input).await;
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn end_session_requires_the_host() {
    let app = app().await;
    let session = session_of(&app, "ada").await;
    app.ok("CallSession/joinSession", json!({ "user": "ben", "session": session })).await;
    let refused = app.refused("CallSession/endSession", json!({ "user": "ben", "session": session })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, "NOT_THE_HOST"));
    assert_eq!(participants(&app, &session).await, json!([{"user": "ada"}, {"user": "ben"}]));
}

#[tokio::test]
async fn get_participants_requires_an_existing_session() {
    let refused = app().await.refused("CallSession/_getParticipants", json!({ "session": "nowhere" })).await;
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn get_session_tells_host_and_name() {
    let app = app().await;
    let created = app.ok("CallSession/createSession", json!({ "host": "ada", "name": "standup" })).await;
    let rows = app.ok("CallSession/_getSession", json!({ "session": created["session"] })).await;
    assert_eq!(rows, json!([{ "host": "ada", "name": "standup" }]));
}

#[tokio::test]
async fn get_session_requires_an_existing_session() {
    let refused = app().await.refused("CallSession/_getSession", json!({ "session": "nowhere" })).await;
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
}

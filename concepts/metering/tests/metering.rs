//! Metering: its principle, and each of its requirements.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concept_metering::Metering;
use concord_testing::TestApp;
use serde_json::json;

async fn started(at: i64) -> TestApp {
    let app = TestApp::of(Metering::default()).await;
    app.ok("Metering/start", json!({ "subject": "s", "at": at })).await;
    app
}

#[tokio::test]
async fn principle_a_call_takes_the_minutes_between_start_and_end() {
    let app = started(60_000).await;
    let running = app.ok("Metering/_get", json!({ "subject": "s" })).await;
    assert_eq!(running, json!([{ "startedAt": 60_000, "endedAt": null, "minutes": null }]));
    let ended = app.ok("Metering/end", json!({ "subject": "s", "at": 2_760_000 })).await;
    assert_eq!(ended, json!({ "startedAt": 60_000, "endedAt": 2_760_000, "minutes": 45 }));
    assert_eq!(app.ok("Metering/_get", json!({ "subject": "s" })).await, json!([ended]));
    assert_eq!(app.ok("Metering/_get", json!({ "subject": "t" })).await, json!([]));
}

#[tokio::test]
async fn minutes_are_rounded() {
    for (millis, minutes) in [(0, 0), (29_999, 0), (30_000, 1), (89_999, 1), (90_000, 2)] {
        let app = started(5).await;
        let ended = app.ok("Metering/end", json!({ "subject": "s", "at": 5 + millis })).await;
        assert_eq!(ended["minutes"], minutes, "{millis}");
    }
}

#[tokio::test]
async fn requires_that_a_call_starts_once() {
    let app = started(5).await;
    let again = json!({ "subject": "s", "at": 9 });
    assert_eq!(app.refused("Metering/start", again).await.code(), "ALREADY_STARTED");
}

#[tokio::test]
async fn requires_that_a_call_that_ends_has_started() {
    let app = started(5).await;
    let other = json!({ "subject": "t", "at": 9 });
    assert_eq!(app.refused("Metering/end", other).await.code(), "NOT_STARTED");
}

#[tokio::test]
async fn requires_that_a_call_ends_once() {
    let app = started(5).await;
    app.ok("Metering/end", json!({ "subject": "s", "at": 9 })).await;
    assert_eq!(app.refused("Metering/end", json!({ "subject": "s", "at": 9 })).await.code(), "ALREADY_ENDED");
}

#[tokio::test]
async fn requires_that_a_call_does_not_end_before_it_started() {
    let app = started(5).await;
    let early = json!({ "subject": "s", "at": 4 });
    assert_eq!(app.refused("Metering/end", early).await.code(), "ENDS_BEFORE_START");
}

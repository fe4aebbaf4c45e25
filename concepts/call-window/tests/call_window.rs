//! CallWindow as its document describes it.

use concept_call_window::CallWindow;
use concord::Kind;
use concord_testing::TestApp;
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(CallWindow::default()).await
}

async fn window_of(app: &TestApp, owner: &str, start: i64, end: i64) -> Value {
    let input = json!({ "owner": owner, "startTime": start, "endTime": end });
    app.ok("CallWindow/createWindow", input).await["window"].clone()
}

async fn windows(app: &TestApp, user: &str) -> Value {
    app.ok("CallWindow/_getWindowsForUser", json!({ "user": user })).await
}

#[tokio::test]
async fn principle_a_window_has_the_times_its_owner_gave_until_it_is_deleted() {
    let app = app().await;
    let window = window_of(&app, "ada", 1_000, 2_000).await;
    assert_eq!(
        windows(&app, "ada").await,
        json!([{ "window": window, "startTime": 1_000, "endTime": 2_000 }])
    );

    let change = json!({ "owner": "ada", "window": window, "startTime": 3_000, "endTime": 4_000 });
    assert_eq!(app.ok("CallWindow/updateWindow", change).await, json!({}));
    assert_eq!(
        windows(&app, "ada").await,
        json!([{ "window": window, "startTime": 3_000, "endTime": 4_000 }])
    );

    app.ok("CallWindow/deleteWindow", json!({ "owner": "ada", "window": window })).await;
    assert_eq!(windows(&app, "ada").await, json!([]));
}

#[tokio::test]
async fn create_window_requires_a_valid_owner() {
    let input = json!({ "owner": "", "startTime": 1, "endTime": 2 });
    let refused = app().await.refused("CallWindow/createWindow", input).await;
    assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("owner"))));
}

#[tokio::test]
async fn create_window_requires_an_end_after_the_start() {
    for (start, end) in [(2, 1), (1, 1)] {
        let input = json!({ "owner": "ada", "startTime": start, "endTime": end });
        let refused = app().await.refused("CallWindow/createWindow", input).await;
        assert_eq!((refused.kind(), refused.code()), (Kind::Invalid, "ENDS_BEFORE_START"));
    }
}

#[tokio::test]
async fn update_window_requires_an_existing_window() {
    let input = json!({ "owner": "ada", "window": "nowhere", "startTime": 1, "endTime": 2 });
    let refused = app().await.refused("CallWindow/updateWindow", input).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::NotFound, "WINDOW_NOT_FOUND"));
}

#[tokio::test]
async fn update_window_requires_the_owner() {
    let app = app().await;
    let window = window_of(&app, "ada", 1, 2).await;
    let input = json!({ "owner": "ben", "window": window, "startTime": 5, "endTime": 6 });
    let refused = app.refused("CallWindow/updateWindow", input).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, "NOT_THE_OWNER"));
    assert_eq!(windows(&app, "ada").await[0]["startTime"], 1);
}

#[tokio::test]
async fn update_window_requires_an_end_after_the_start() {
    let app = app().await;
    let window = window_of(&app, "ada", 1, 2).await;
    let input = json!({ "owner": "ada", "window": window, "startTime": 6, "endTime": 5 });
    assert_eq!(app.refused("CallWindow/updateWindow", input).await.code(), "ENDS_BEFORE_START");
}

#[tokio::test]
async fn delete_window_requires_an_existing_window() {
    let input = json!({ "owner": "ada", "window": "nowhere" });
    assert_eq!(app().await.refused("CallWindow/deleteWindow", input).await.code(), "WINDOW_NOT_FOUND");
}

#[tokio::test]
async fn delete_window_requires_the_owner() {
    let app = app().await;
    let window = window_of(&app, "ada", 1, 2).await;
    let refused = app.refused("CallWindow/deleteWindow", json!({ "owner": "ben", "window": window })).await;
    assert_eq!(refused.code(), "NOT_THE_OWNER");
}

#[tokio::test]
async fn get_windows_for_user_lists_the_earliest_first_and_nobody_elses() {
    let app = app().await;
    let late = window_of(&app, "ada", 500, 600).await;
    let early = window_of(&app, "ada", -100, 100).await;
    window_of(&app, "ben", 0, 1).await;
    let rows = windows(&app, "ada").await;
    assert_eq!((&rows[0]["window"], &rows[1]["window"], &rows[2]), (&early, &late, &Value::Null));
}

#[tokio::test]
async fn get_windows_for_user_requires_a_valid_user() {
    let refused = app().await.refused("CallWindow/_getWindowsForUser", json!({ "user": "" })).await;
    assert_eq!(refused.detail("field"), Some(&json!("user")));
}

#[tokio::test]
async fn get_window_requires_an_existing_window() {
    let app = app().await;
    let window = window_of(&app, "ada", 1, 2).await;
    let rows = app.ok("CallWindow/_getWindow", json!({ "window": window })).await;
    assert_eq!(rows, json!([{ "owner": "ada", "startTime": 1, "endTime": 2 }]));
    let refused = app.refused("CallWindow/_getWindow", json!({ "window": "nowhere" })).await;
    assert_eq!(refused.code(), "WINDOW_NOT_FOUND");
}

//! Expiring as its document describes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_expiring::Expiring;
use concord::Kind;
use concord_testing::{START, TestApp};
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(Expiring::default()).await
}

async fn due(app: &TestApp, before: i64) -> Vec<Value> {
    let rows = app.ok("Expiring/_due", json!({ "before": START.0 + before })).await;
    rows.as_array().unwrap().iter().map(|row| row["resource"].clone()).collect()
}

async fn set(app: &TestApp, resource: &str, after: i64) {
    app.ok("Expiring/set", json!({ "resource": resource, "at": START.0 + after })).await;
}

#[tokio::test]
async fn principle_a_resource_is_due_from_its_time_on_until_it_lapses_or_is_cleared() {
    let app = app().await;
    set(&app, "later", 2_000).await;
    set(&app, "sooner", 1_000).await;
    assert!(due(&app, 1_000).await.is_empty());
    assert_eq!(due(&app, 1_001).await, ["sooner"]);
    assert_eq!(due(&app, 9_000).await, ["sooner", "later"]);
    app.advance(Duration::from_secs(1));
    app.ok("Expiring/lapse", json!({ "resource": "sooner" })).await;
    app.ok("Expiring/clear", json!({ "resource": "later" })).await;
    assert!(due(&app, 9_000).await.is_empty());
    assert_eq!(app.ok("Expiring/_get", json!({ "resource": "sooner" })).await, json!([]));
}

#[tokio::test]
async fn what_was_said_last_counts() {
    let app = app().await;
    set(&app, "r", 1_000).await;
    set(&app, "r", 5_000).await;
    assert!(due(&app, 2_000).await.is_empty());
    let row = json!([{ "resource": "r", "at": START.0 + 5_000 }]);
    assert_eq!(app.ok("Expiring/_get", json!({ "resource": "r" })).await, row);
}

#[tokio::test]
async fn set_requires_a_valid_id_and_a_time() {
    let app = app().await;
    let refused = app.refused("Expiring/set", json!({ "resource": "", "at": 1 })).await;
    assert_eq!(refused.detail("field"), Some(&json!("resource")));
    let refused = app.refused("Expiring/set", json!({ "resource": "r", "at": "soon" })).await;
    assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("at"))));
}

#[tokio::test]
async fn clear_requires_a_valid_id_and_no_end() {
    let app = app().await;
    let refused = app.refused("Expiring/clear", json!({ "resource": "" })).await;
    assert_eq!(refused.detail("field"), Some(&json!("resource")));
    assert_eq!(app.ok("Expiring/clear", json!({ "resource": "r" })).await, json!({}));
}

#[tokio::test]
async fn due_requires_a_time() {
    for before in [json!("soon"), json!(0.5), json!(null)] {
        let refused = app().await.refused("Expiring/_due", json!({ "before": before })).await;
        assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("before"))));
    }
}

#[tokio::test]
async fn get_requires_a_valid_id() {
    let refused = app().await.refused("Expiring/_get", json!({ "resource": "" })).await;
    assert_eq!((refused.kind(), refused.detail("field")), (Kind::Invalid, Some(&json!("resource"))));
}

#[tokio::test]
async fn due_lists_a_thousand_at_most_and_the_rest_when_those_have_lapsed() {
    let app = app().await;
    for n in 0..=1_000 {
        set(&app, &format!("r{n}"), -n).await;
    }
    let rows = due(&app, 1).await;
    assert_eq!((rows.len(), &rows[0]), (1_000, &json!("r1000")));
    for resource in rows {
        app.ok("Expiring/lapse", json!({ "resource": resource })).await;
    }
    assert_eq!(due(&app, 1).await, ["r0"]);
}

#[tokio::test]
async fn lapse_requires_an_end() {
    let refused = app().await.refused("Expiring/lapse", json!({ "resource": "r" })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::NotFound, "NO_END"));
}

#[tokio::test]
async fn lapse_requires_that_the_time_has_come() {
    let app = app().await;
    set(&app, "r", 1).await;
    let refused = app.refused("Expiring/lapse", json!({ "resource": "r" })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "NOT_YET"));
    app.advance(Duration::from_millis(1));
    app.ok("Expiring/lapse", json!({ "resource": "r" })).await;
}

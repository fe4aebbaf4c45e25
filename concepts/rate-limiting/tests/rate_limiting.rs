//! RateLimiting as its document describes it, and against a naive model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_rate_limiting::RateLimiting;
use concord_testing::{START, TestApp};
use proptest::prelude::*;
use serde_json::{Value, json};

async fn app() -> TestApp {
    TestApp::of(RateLimiting::default()).await
}

async fn take(app: &TestApp, key: &str, limit: u32, window: u32) -> Value {
    app.ok("RateLimiting/take", json!({ "key": key, "limit": limit, "window": window })).await
}

#[tokio::test]
async fn principle_ten_a_minute_means_ten_in_any_minute() {
    let app = app().await;
    for n in 0..10 {
        let taken = take(&app, "ada", 10, 60_000).await;
        assert_eq!((&taken["allowed"], &taken["remaining"]), (&json!(true), &json!(9 - n)));
        app.advance(Duration::from_secs(5));
    }
    let refused = take(&app, "ada", 10, 60_000).await;
    let said = json!({ "allowed": false, "limit": 10, "remaining": 0, "reset": START.0 + 60_000 });
    assert_eq!(refused, said);
    assert_eq!(take(&app, "ben", 10, 60_000).await["allowed"], true, "each key has its own");
    app.advance(Duration::from_secs(10));
    assert_eq!(take(&app, "ada", 10, 60_000).await["allowed"], true);
    assert_eq!(take(&app, "ada", 10, 60_000).await["allowed"], false, "one went, one came");
}

#[tokio::test]
async fn take_requires_a_limit() {
    let app = app().await;
    let none = json!({ "key": "ada", "limit": 0, "window": 1 });
    assert_eq!(app.refused("RateLimiting/take", none).await.code(), "NO_LIMIT");
}

#[tokio::test]
async fn take_requires_a_window() {
    let app = app().await;
    let none = json!({ "key": "ada", "limit": 1, "window": 0 });
    assert_eq!(app.refused("RateLimiting/take", none).await.code(), "NO_WINDOW");
}

/// What a model that remembers everything says to takings at these times.
fn naive(times: &[i64], limit: usize, window: i64) -> Vec<bool> {
    let mut allowed: Vec<i64> = Vec::new();
    times
        .iter()
        .map(|now| {
            let counts = allowed.iter().filter(|time| **time + window > *now).count();
            if counts < limit {
                allowed.push(*now);
            }
            counts < limit
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_allows_what_a_model_that_remembers_everything_allows(
        steps in prop::collection::vec(0..40_u64, 1..60),
        limit in 1..6_u32,
        window in 1..100_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (times, allowed) = runtime.block_on(async {
            let app = app().await;
            let (mut times, mut allowed) = (Vec::new(), Vec::new());
            for step in steps {
                app.advance(Duration::from_millis(step));
                times.push(app.now().0);
                allowed.push(take(&app, "ada", limit, window).await["allowed"] == true);
            }
            (times, allowed)
        });
        prop_assert_eq!(allowed, naive(&times, limit as usize, i64::from(window)));
    }
}

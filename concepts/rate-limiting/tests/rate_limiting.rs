//! RateLimiting as its document describes it, and against a naive model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_rate_limiting::RateLimiting;
use concord::storage::{CollectionId, Scan};
use concord_testing::{START, TestApp};
use futures_util::future::join_all;
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
    let much = json!({ "key": "ada", "limit": 10_001, "window": 1 });
    assert_eq!(app.refused("RateLimiting/take", much).await.code(), "LIMIT_TOO_HIGH");
    assert_eq!(take(&app, "ada", 10_000, u32::MAX).await["allowed"], true);
}

#[tokio::test]
async fn take_requires_a_window() {
    let app = app().await;
    let none = json!({ "key": "ada", "limit": 1, "window": 0 });
    assert_eq!(app.refused("RateLimiting/take", none).await.code(), "NO_WINDOW");
}

#[tokio::test]
async fn under_a_lower_limit_it_tells_when_there_is_one_again() {
    let app = app().await;
    take(&app, "ada", 2, 60_000).await;
    app.advance(Duration::from_secs(1));
    assert_eq!(take(&app, "ada", 2, 60_000).await["reset"], json!(START.0 + 60_000));
    assert_eq!(take(&app, "ada", 1, 60_000).await["reset"], json!(START.0 + 61_000));
}

#[tokio::test]
async fn a_clock_that_is_set_back_lets_nobody_wait_for_longer_than_a_window() {
    let app = app().await;
    app.advance(Duration::from_hours(1));
    assert_eq!(take(&app, "ada", 1, 60_000).await["allowed"], true);
    app.set_clock(START);
    assert_eq!(take(&app, "ada", 1, 60_000).await["reset"], json!(START.0 + 60_000));
}

#[tokio::test]
async fn of_many_at_once_as_many_are_allowed_as_the_limit() {
    let app = app().await;
    let takings = join_all((0..20).map(|_| take(&app, "ada", 7, 60_000))).await;
    assert_eq!(takings.iter().filter(|taken| taken["allowed"] == true).count(), 7);
}

/// How many keys are kept.
async fn kept(app: &TestApp) -> usize {
    let snapshot = app.app().store().snapshot().wait().await.unwrap();
    let all = Scan { collection: CollectionId(0), after: None, limit: usize::MAX };
    snapshot.scan(&all).wait().await.unwrap().len()
}

#[tokio::test]
async fn old_keys_go_as_new_ones_come() {
    let app = app().await;
    for n in 0..100 {
        take(&app, &format!("old-{n}"), 1, 60_000).await;
    }
    assert_eq!(kept(&app).await, 100);
    app.advance(Duration::from_mins(1));
    for n in 0..100 {
        take(&app, &format!("new-{n}"), 1, 60_000).await;
    }
    assert_eq!(kept(&app).await, 100);
    assert_eq!(take(&app, "new-0", 1, 60_000).await["allowed"], false);
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

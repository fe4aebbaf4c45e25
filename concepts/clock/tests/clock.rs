//! Clock as its document describes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_clock::Clock;
use concord_testing::{START, TestApp};
use serde_json::json;

#[tokio::test]
async fn principle_a_tick_says_what_time_it_is() {
    let app = TestApp::of(Clock::default()).await;
    assert_eq!(app.ok("Clock/tick", json!({ "every": 60_000 })).await, json!({ "at": START.0 }));
    app.advance(Duration::from_mins(1));
    assert_eq!(app.ok("Clock/tick", json!({ "every": 60_000 })).await, json!({ "at": START.0 + 60_000 }));
}

#[tokio::test]
async fn tick_requires_an_interval() {
    let app = TestApp::of(Clock::default()).await;
    assert_eq!(app.refused("Clock/tick", json!({ "every": 0 })).await.code(), "NO_INTERVAL");
}

//! Calls and what comes of them.

use std::time::Duration;

use concord::Kind;
use serde_json::json;
use tokio::time::timeout;

use crate::counter::{Probe, app, app_with};

#[tokio::test]
async fn what_an_action_wrote_is_there_and_what_a_refused_one_wrote_is_not() {
    let app = app().await;
    assert_eq!(app.ok("Counter/add", json!({ "count": "a" })).await, json!({ "value": 1 }));
    let refused = app.refused("Counter/addAndRefuse", json!({ "count": "a" })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "AT_END"));
    assert_eq!(app.ok("Counter/_get", json!({ "count": "a" })).await, json!([{ "value": 1 }]));
    assert_eq!(app.ok("Counter/_get", json!({ "count": "b" })).await, json!([]));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_for_that_call_alone() {
    let app = app().await;
    let refused = app.refused("Counter/addAndPanic", json!({ "count": "a" })).await;
    assert_eq!((refused.kind(), refused.message()), (Kind::Internal, "an internal error"));
    assert_eq!(app.ok("Counter/_get", json!({ "count": "a" })).await, json!([]));
    app.ok("Counter/add", json!({ "count": "a" })).await;
}

#[tokio::test]
async fn clients_are_not_told_of_bugs_and_the_log_is() {
    let app = app().await;
    let action = app.app().registry().resolve("Counter", "stumble").unwrap();
    let refusal = app.app().call(action, "{}".into()).await.result.unwrap_err();
    assert_eq!((&*refusal.message, &*refusal.code), ("an internal error", "ROPE_BROKE"));
    assert_eq!(refusal.chain().as_deref(), Some("the rope of the bell broke"));
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_the_nearest() {
    let app = app().await;
    let registry = app.app().registry();
    let message = |concept, action| registry.resolve(concept, action).unwrap_err().message;
    assert_eq!(message("Conuter", "add"), "there is no concept `Conuter`; did you mean `Counter`?");
    assert_eq!(
        message("Counter", "addboth"),
        "there is no action of Counter `addboth`; did you mean `addBoth`?"
    );
    assert_eq!(message("Zebra", "add"), "there is no concept `Zebra`");
}

#[tokio::test(start_paused = true)]
async fn an_external_action_that_takes_too_long_is_an_upstream_error() {
    let app = app().await;
    let refused = app.refused("Counter/ask", json!({ "password": "swordfish" })).await;
    assert_eq!((refused.kind(), refused.code()), (Kind::Upstream, "UPSTREAM_TIMEOUT"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_cancels_nothing() {
    let (probe, gate) = Probe::gated();
    let app = app_with(probe).await;
    let call = app.call("Counter/add", json!({ "count": "a" }));
    assert!(timeout(Duration::from_secs(1), call).await.is_err(), "it waits at the gate");

    gate.add_permits(1);
    app.app().quiet().await;
    assert_eq!(app.ok("Counter/_get", json!({ "count": "a" })).await, json!([{ "value": 1 }]));
}

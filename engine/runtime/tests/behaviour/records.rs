//! What is kept of a call.

use bytes::Bytes;
use concord_runtime::Flow;
use concord_testing::{START, TestApp};
use serde_json::{Value, json};

use crate::counter::app;

async fn call(app: &TestApp, action: &str, input: Value) -> concord_runtime::Reply {
    let action = app.app().registry().resolve("Counter", action).unwrap();
    app.app().call(action, input.to_string().into()).await
}

fn as_json(app: &TestApp, flow: &Flow) -> Vec<Value> {
    let line = |record: &concord_runtime::Record| record.to_json(app.app().registry());
    flow.records.iter().map(|record| serde_json::from_slice(&line(record)).unwrap()).collect()
}

async fn journal(app: &TestApp, flow: u128) -> Vec<Value> {
    let lines: Vec<Bytes> = app.app().store().journal(flow).wait().await.unwrap();
    lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[tokio::test]
async fn a_call_is_recorded_in_the_ring_and_in_the_journal() {
    let app = app().await;
    let reply = call(&app, "add", json!({ "count": "a" })).await;
    let expected = json!({
        "n": 0, "at": START.0, "concept": "Counter", "action": "add", "input": { "count": "a" }, "output": { "value": 1 },
    });
    let flow = app.app().recent(reply.flow).unwrap();
    assert_eq!(as_json(&app, &flow), std::slice::from_ref(&expected));
    assert_eq!(journal(&app, reply.flow.0).await, [expected]);
}

#[tokio::test]
async fn a_refusal_and_a_query_are_in_the_ring_and_not_in_the_journal() {
    let app = app().await;
    let refused = call(&app, "addAndRefuse", json!({ "count": "a" })).await;
    let asked = call(&app, "_get", json!({ "count": "a" })).await;
    let flow = app.app().recent(refused.flow).unwrap();
    assert_eq!(as_json(&app, &flow)[0]["error"]["code"], "AT_END");
    assert!(app.app().recent(asked.flow).is_some());
    assert!(journal(&app, refused.flow.0).await.is_empty() && journal(&app, asked.flow.0).await.is_empty());
}

#[tokio::test]
async fn a_transient_action_is_not_in_the_journal() {
    let app = app().await;
    let reply = call(&app, "nod", json!({ "count": "a" })).await;
    assert!(app.app().recent(reply.flow).is_some());
    assert!(journal(&app, reply.flow.0).await.is_empty());
}

#[tokio::test]
async fn a_secret_is_nowhere_to_be_found() {
    let app = app().await;
    let reply = call(&app, "hide", json!({ "count": "a", "password": "swordfish" })).await;
    let flow = app.app().recent(reply.flow).unwrap();
    let kept = format!("{:?} {:?}", as_json(&app, &flow), journal(&app, reply.flow.0).await);
    assert!(kept.contains("(secret)") && !kept.contains("swordfish"), "{kept}");
}

#[tokio::test]
async fn input_that_cannot_be_read_is_not_kept() {
    let app = app().await;
    let reply = call(&app, "hide", json!({ "passwort": "swordfish" })).await;
    let flow = app.app().recent(reply.flow).unwrap();
    let kept = as_json(&app, &flow);
    assert_eq!((&kept[0]["input"], &kept[0]["error"]["code"]), (&Value::Null, &json!("INVALID_REQUEST")));
}

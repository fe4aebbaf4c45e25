//! Many who want the same.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use concord_testing::TestApp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::counter::{Probe, app, app_with};

async fn all_at_once(app: &Arc<TestApp>, path: &'static str, times: usize) -> Vec<Value> {
    let mut calls = JoinSet::new();
    for _ in 0..times {
        let app = Arc::clone(app);
        calls.spawn(async move { app.ok(path, json!({ "count": "a" })).await });
    }
    calls.join_all().await
}

#[tokio::test]
async fn of_many_contenders_each_runs_about_twice_and_none_is_lost() {
    const CONTENDERS: usize = 100;
    let (probe, gate) = Probe::gated();
    let app = Arc::new(app_with(probe.clone()).await);
    let all = tokio::spawn({
        let app = Arc::clone(&app);
        async move { all_at_once(&app, "Counter/add", CONTENDERS).await }
    });
    while probe.runs.load(Ordering::SeqCst) < CONTENDERS {
        tokio::task::yield_now().await; // all have read the same count now
    }
    gate.add_permits(3 * CONTENDERS);
    let mut values: Vec<_> =
        all.await.unwrap().iter().map(|output| output["value"].as_u64().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, (1..=CONTENDERS as u64).collect::<Vec<_>>());
    let runs = probe.runs.load(Ordering::SeqCst);
    assert!(runs <= 2 * CONTENDERS, "{runs} runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_lose_nothing_either() {
    let app = Arc::new(app().await);
    all_at_once(&app, "Counter/add", 500).await;
    assert_eq!(app.ok("Counter/_get", json!({ "count": "a" })).await, json!([{ "value": 500 }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_in_memory_and_what_is_in_the_store_move_together() {
    let app = Arc::new(app().await);
    let reader = tokio::spawn({
        let app = Arc::clone(&app);
        async move {
            loop {
                let both = app.ok("Counter/_getBoth", json!({ "count": "a" })).await;
                assert_eq!(both[0], both[1]);
                if both[0]["value"] == 200 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    all_at_once(&app, "Counter/addBoth", 200).await;
    reader.await.unwrap();
}

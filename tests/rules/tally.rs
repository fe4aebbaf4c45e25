//! Counting under contention: firings that race for one document all count, and nobody sees half a firing.

use concept_requesting::Requesting;
use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};
use concord_testing::{Harness, TestApp};
use serde_json::json;

/// How often something happened.
#[derive(State)]
pub(crate) struct Count {
    #[id]
    id: Id<Count>,
    times: u32,
}

#[derive(Data)]
pub(crate) struct Times {
    times: u32,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error, ConceptError)]
pub(crate) enum Error {
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[concept]
#[derive(Default)]
pub(crate) struct Tally {
    counts: Collection<Count>,
}

/// Count what happens.
///
/// # Principle
/// If something happens twice, it is counted twice.
#[concept]
impl Tally {
    /// Counts one more.
    #[action]
    pub(crate) async fn add(&self, tx: &mut Tx, thing: Id<Count>) -> Result<Times, Error> {
        let times = self.counts.get(tx, &thing).await?.map_or(0, |count| count.times) + 1;
        self.counts.put(tx, &Count { id: thing, times }).await?;
        Ok(Times { times })
    }

    /// Tells how often.
    #[query]
    pub(crate) async fn _of(&self, tx: &Tx, thing: Id<Count>) -> Result<Option<Times>, Error> {
        Ok(self.counts.get(tx, &thing).await?.map(|count| Times { times: count.times }))
    }
}

const RULES: &str = r#"
contract Tallies at "/tally"

sync Both
when
  Requesting.request (route: "POST /") : (request)
then
  Tally.add (thing: "left")
  Tally.add (thing: "right")
  Requesting.respond (request)

sync Reaction
when
  Tally.add (thing: "left")
then
  Tally.add (thing: "reactions")

sync Look
when
  Requesting.request (route: "GET /") : (request)
where
  optional Tally._of (thing: "left") : (times: left)
  optional Tally._of (thing: "right") : (times: right)
then
  Requesting.respond (request, body: {left, right})
"#;

async fn look(app: &TestApp) -> u64 {
    let seen = app.request("GET /tally", json!(null)).await.json();
    assert_eq!(seen["left"], seen["right"], "half a firing was seen");
    seen["left"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn firings_that_race_for_a_document_all_count_and_nobody_sees_half_of_one() {
    const RACERS: u64 = 300;
    let app =
        Harness::default().concept(Tally::default()).concept(Requesting).rules("tally", RULES).open().await;
    let app = std::sync::Arc::new(app);
    let racers = (0..RACERS).map(|_| {
        let app = std::sync::Arc::clone(&app);
        tokio::spawn(async move { app.request("POST /tally", json!(null)).await.status() })
    });
    let racers: Vec<_> = racers.collect();
    let mut last = 0;
    while last < RACERS {
        let now = look(&app).await;
        assert!(now >= last, "time runs backwards");
        last = now;
        tokio::task::yield_now().await;
    }
    for racer in racers {
        assert_eq!(racer.await.unwrap(), 204, "none is refused for losing");
    }
    app.quiet().await;
    assert_eq!(look(&app).await, RACERS);
    assert_eq!(app.ok("Tally/_of", json!({ "thing": "reactions" })).await, json!([{ "times": RACERS }]));
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_cancels_nothing() {
    let app =
        Harness::default().concept(Tally::default()).concept(Requesting).rules("tally", RULES).open().await;
    for _ in 0..10 {
        let mut request = Box::pin(app.request("POST /tally", json!(null)));
        // Looked at once, then dropped: whatever had begun goes on.
        let _ = futures_util::poll!(request.as_mut());
        drop(request);
    }
    app.quiet().await;
    let left = look(&app).await;
    let reactions = app.ok("Tally/_of", json!({ "thing": "reactions" })).await;
    assert_eq!(reactions[0]["times"].as_u64().unwrap_or_default(), left, "what had begun is whole");
}

//! The app and how tests talk to it.

use std::sync::Arc;
use std::time::Duration;

use concord::{Concept, Kind, Millis, Refusal};
use concord_runtime::{App, Clock, Registry};
use concord_store::{MemoryStore, Store};
use serde_json::Value;

use crate::sources::{CountedIds, SetClock};

/// An app for tests, not open yet.
pub struct Harness {
    registry: Registry,
    store: Arc<dyn Store>,
}

impl Default for Harness {
    fn default() -> Self {
        Self { registry: Registry::default(), store: Arc::new(MemoryStore::default()) }
    }
}

impl Harness {
    /// Adds a concept.
    #[must_use]
    pub fn concept<C: Concept>(mut self, concept: C) -> Self {
        self.registry.add(concept).expect("concepts of a test have names of their own");
        self
    }

    /// Another store than the one in memory.
    #[must_use]
    pub fn store(self, store: Arc<dyn Store>) -> Self {
        Self { store, ..self }
    }

    /// Opens the app.
    pub async fn open(self) -> TestApp {
        let clock = Arc::new(SetClock::default());
        let set = Arc::<SetClock>::clone(&clock);
        let options = App::options().clock(set).ids(Arc::new(CountedIds::default()));
        let app = options.open(self.registry, self.store).await.expect("the app opens");
        TestApp { app, clock }
    }
}

/// An open app for tests.
pub struct TestApp {
    app: App,
    clock: Arc<SetClock>,
}

/// A refusal, as a test asks about it.
#[derive(Debug)]
pub struct Refused(Refusal);

impl Refused {
    /// Its code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Its named parts.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.0.details.as_ref()?.get(name)
    }
}

impl TestApp {
    /// An app with one concept.
    pub async fn of<C: Concept>(concept: C) -> Self {
        Harness::default().concept(concept).open().await
    }

    /// Calls `Concept/action`.
    pub async fn call(&self, path: &str, input: Value) -> Result<Value, Refused> {
        let (concept, action) = path.split_once('/').expect("a path is Concept/action");
        let action = match self.app.registry().resolve(concept, action) {
            Ok(action) => action,
            Err(refusal) => panic!("{path}: {}", refusal.message),
        };
        let reply = self.app.call(action, input.to_string().into()).await;
        let output = reply.result.map_err(Refused)?;
        Ok(serde_json::from_slice(&output).expect("results are JSON"))
    }

    /// Calls `Concept/action`, which must succeed.
    pub async fn ok(&self, path: &str, input: Value) -> Value {
        match self.call(path, input).await {
            Ok(output) => output,
            Err(Refused(refusal)) => panic!("{path} was refused: {} {}", refusal.code, refusal.message),
        }
    }

    /// Calls `Concept/action`, which must be refused.
    pub async fn refused(&self, path: &str, input: Value) -> Refused {
        match self.call(path, input).await {
            Ok(output) => panic!("{path} succeeded: {output}"),
            Err(refused) => refused,
        }
    }

    /// The time in the app.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The app itself.
    pub fn app(&self) -> &App {
        &self.app
    }
}

//! The app and how tests talk to it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use concord::{Concept, Kind, Millis, Refusal};
use concord_lang::{Source, Sources};
use concord_runtime::{
    ActionRef, Admission, Answered, App, Clock, ContractSettings, FlowId, Head, OpenError, Registry, Trace,
};
use concord_store::{MemoryStore, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::coverage::Coverage;
use crate::form::{self, Part};
use crate::sources::{CountedIds, SetClock};

/// An app for tests, not open yet.
pub struct Harness {
    registry: Registry,
    store: Arc<dyn Store>,
    sources: Vec<Source>,
    settings: ContractSettings,
    ids: Arc<CountedIds>,
}

impl Default for Harness {
    fn default() -> Self {
        Self {
            registry: Registry::default(),
            store: Arc::new(MemoryStore::default()),
            sources: Vec::new(),
            settings: ContractSettings::default(),
            ids: Arc::default(),
        }
    }
}

impl Harness {
    /// Adds a concept.
    #[must_use]
    pub fn concept<C: Concept>(mut self, concept: C) -> Self {
        self.registry.add(concept).expect("concepts of a test have names of their own");
        self
    }

    /// Adds a file with rules, in a folder of this name.
    #[must_use]
    pub fn rules(mut self, folder: &str, text: &str) -> Self {
        let path = format!("{folder}/{}.sync", self.sources.len() + 1);
        self.sources.push(Source { folder: folder.into(), path, text: text.into() });
        self
    }

    /// Adds all rules of a folder on disk, subfolders included.
    #[must_use]
    pub fn rules_in(mut self, folder: &Path) -> Self {
        self.sources.extend(concord_lang::read_folder(folder).expect("the folder can be read"));
        self
    }

    /// Sets a contract's setting.
    #[must_use]
    pub fn setting(mut self, contract: &str, name: &str, value: &str) -> Self {
        self.settings.insert((contract.into(), name.into()), value.into());
        self
    }

    /// Goes on counting ids where another app left off: for one store under several apps.
    #[must_use]
    pub fn ids(self, ids: Arc<CountedIds>) -> Self {
        Self { ids, ..self }
    }

    /// Another store than the one in memory.
    #[must_use]
    pub fn store(self, store: Arc<dyn Store>) -> Self {
        Self { store, ..self }
    }

    /// Checks the rules and says which diagnostics they raise: their ids, in the order of the files.
    pub fn diagnose(self) -> Vec<&'static str> {
        self.faults().into_iter().map(|(_, id)| id).collect()
    }

    /// The same, each with where it was raised: `folder/1.sync:5`.
    pub fn faults(self) -> Vec<(String, &'static str)> {
        let sources = Sources::new(self.sources);
        let diagnostics = match concord_runtime::check(sources.clone(), self.registry, &self.settings) {
            Ok((_, warnings)) => warnings,
            Err(OpenError::Rules(fault)) => fault.diagnostics,
            Err(error) => panic!("{error}"),
        };
        diagnostics.iter().map(|found| (sources.line_of(found.span), found.id)).collect()
    }

    /// Opens the app.
    pub async fn open(self) -> TestApp {
        let clock = Arc::new(SetClock::default());
        let set = Arc::<SetClock>::clone(&clock);
        let options = App::options().clock(set).ids(self.ids);
        let spool = tempfile::tempdir().expect("a folder for files");
        let options = options.spool(spool.path().to_path_buf());
        let options = options.rules(Sources::new(self.sources)).settings(self.settings);
        match options.open(self.registry, self.store).await {
            Ok(app) => TestApp { app, clock, spool },
            Err(error) => panic!("{error}"),
        }
    }
}

/// An open app for tests.
pub struct TestApp {
    app: App,
    clock: Arc<SetClock>,
    spool: TempDir,
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

/// What a contract answered.
#[derive(Debug)]
pub struct Response(Answered);

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The body as JSON; null if there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap_or_default()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.0.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    /// The flow.
    pub fn flow(&self) -> FlowId {
        self.0.flow
    }
}

impl TestApp {
    /// An app with one concept.
    pub async fn of<C: Concept>(concept: C) -> Self {
        Harness::default().concept(concept).open().await
    }

    /// Calls `Concept/action`.
    pub async fn call(&self, path: &str, input: Value) -> Result<Value, Refused> {
        let reply = self.app.call(self.action(path), input.to_string().into()).await;
        let output = reply.result.map_err(Refused)?;
        Ok(serde_json::from_slice(&output).expect("results are JSON"))
    }

    fn action(&self, path: &str) -> ActionRef {
        let (concept, action) = path.split_once('/').expect("a path is Concept/action");
        match self.app.registry().resolve(concept, action) {
            Ok(action) => action,
            Err(refusal) => panic!("{path}: {}", refusal.message),
        }
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

    /// Sends a request to a contract, `POST /api/interview/sessions`, with a JSON body unless it is null.
    pub async fn request(&self, line: &str, body: Value) -> Response {
        self.request_with(line, &[], body).await
    }

    /// Sends a request with headers.
    pub async fn request_with(&self, line: &str, headers: &[(&str, &str)], body: Value) -> Response {
        let kind = (!body.is_null()).then_some("application/json");
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        Response(match self.admit(line, headers, kind).await {
            Ok(admission) => self.app.request(admission, body).await,
            Err(answered) => answered,
        })
    }

    /// Sends a form.
    pub async fn form(&self, line: &str, headers: &[(&str, &str)], parts: &[Part]) -> Response {
        Response(match self.admit(line, headers, Some("multipart/form-data")).await {
            Ok(admission) => {
                let form = form::filled(self.app.upload(&admission), parts);
                self.app.request(admission, form).await
            }
            Err(answered) => answered,
        })
    }

    async fn admit(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        kind: Option<&str>,
    ) -> Result<Admission, Answered> {
        let (method, target) = line.split_once(' ').expect("a request is METHOD /path");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let own = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        let head = Head {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: own.chain(kind.map(|kind| ("content-type".to_owned(), kind.to_owned()))).collect(),
            ip: "127.0.0.1".into(),
        };
        let contract = self.app.contract_at(path).unwrap_or_else(|| panic!("no contract is at {path}"));
        self.app.admit(contract, head).await
    }

    /// Calls `Concept/action` with a file, whose id goes into the input.
    pub async fn call_with_file(
        &self,
        path: &str,
        bytes: &[u8],
        input: impl FnOnce(&str) -> Value,
    ) -> Result<Value, Refused> {
        let called = self.app.call_with_files(self.action(path), |upload| {
            let (blob, mut file) = upload.file()?;
            file.write_all(bytes)?;
            Ok(input(blob.as_str()).to_string().into())
        });
        let reply = called.expect("there is room for the file").await;
        let output = reply.result.map_err(Refused)?;
        Ok(serde_json::from_slice(&output).expect("results are JSON"))
    }

    /// The files of requests whose flows are not done.
    pub fn files(&self) -> usize {
        std::fs::read_dir(self.spool.path()).map_or(0, Iterator::count)
    }

    /// What happened in a flow, and what nearly did.
    pub fn trace(&self, flow: FlowId) -> Trace {
        self.app.trace(&self.app.recent(flow).expect("the flow is recent"))
    }

    /// Waits until nothing is going on behind answers that have been given.
    pub async fn quiet(&self) {
        self.app.quiet().await;
    }

    /// Which rules, and which of their refusals, no flow of this app has met.
    pub fn coverage(&self) -> Coverage {
        Coverage::of(&self.app)
    }

    /// The time in the app.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Sets the clock, back too, as an operator might.
    pub fn set_clock(&self, to: Millis) {
        self.clock.set(to);
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

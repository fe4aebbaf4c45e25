//! A site to test: the concepts of the server, one of them not open, on the store in memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use concept_authenticating::{Bearer, Tokens};
use concord::Millis;
use concord_lang::{Source, Sources};
use concord_runtime::App;
use concord_server::token::{Admins, Secret};
use concord_server::{ConnectionLimits, RequestLimits, Routes, Site, concepts, serve};
use concord_store::MemoryStore;
use concord_tests::Client;
use hyper::{Request, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::ServiceExt;

/// What is open to everyone here.
const OPEN: &str = "contract Api at \"/api\"\n  expose CallSession\n";

pub(crate) fn secret() -> Secret {
    Secret::of(std::path::Path::new("nowhere"), Some("a secret of the test".into())).unwrap()
}

/// A token that is valid for so long from this moment of the machine's clock.
pub(crate) fn token(role: &str, now: Millis, ttl: Duration) -> String {
    let bearer = Bearer { user: "ada".into(), role: Some(role.into()), name: None };
    Tokens::new(secret().bytes()).issue(bearer, now, ttl).unwrap()
}

pub(crate) async fn site(limits: RequestLimits) -> Arc<Site> {
    let store = Arc::new(MemoryStore::default());
    let api = Source { folder: "api".into(), path: "api/contract.sync".into(), text: OPEN.into() };
    let options = App::options().rules(Sources::new(vec![api]));
    let app = options
        .open(concepts::registry(secret().bytes(), concept_ice_servers::Settings::default()).unwrap(), store)
        .await
        .unwrap();
    Arc::new(Site::new(app, Admins::new(&secret()), limits))
}

/// One request to a site of its own.
pub(crate) async fn ask(request: Request<Body>) -> Response<Body> {
    let site = site(RequestLimits { body_bytes: 1_000, ..RequestLimits::default() }).await;
    Router::from(Routes::new(&site, &["https://pad.example".into()])).oneshot(request).await.unwrap()
}

pub(crate) async fn json(response: Response<Body>) -> Value {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// One request to a site of its own, which refuses it: the status, the code and the body.
pub(crate) async fn refused(request: Request<Body>) -> (u16, String, Value) {
    let response = ask(request).await;
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("x-request-id"));
    let body = json(response).await;
    (status, body["code"].as_str().unwrap().to_owned(), body)
}

/// A site on a socket, served from a thread of its own until this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    pub(crate) fn with(connections: ConnectionLimits, requests: RequestLimits) -> Self {
        Self::merged(Router::new(), connections, requests)
    }

    /// Beside routes that are not the server's.
    pub(crate) fn of(routes: Router) -> Self {
        Self::merged(routes, ConnectionLimits::default(), RequestLimits::default())
    }

    pub(crate) fn merged(others: Router, connections: ConnectionLimits, requests: RequestLimits) -> Self {
        Self::serving(async move || site(requests).await, others, connections)
    }

    /// A site of one's own, beside other routes.
    pub(crate) fn serving<F: Future<Output = Arc<Site>>>(
        make: impl FnOnce() -> F + Send + 'static,
        others: Router,
        connections: ConnectionLimits,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let site = make().await;
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let routes = Routes::new(&site, &["*".into()]).beside(others);
                serve(listener, routes, connections, site.metrics(), async { drop(stopped.await) }).await;
            });
        });
        Self { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn start() -> Self {
        Self::with(ConnectionLimits::default(), RequestLimits::default())
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// Asks it to stop and goes on.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has stopped.
    pub(crate) fn wait(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

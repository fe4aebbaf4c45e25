//! The edge: connections, their limits, and how they end.

mod accepting;
mod connection;
mod phase;
mod plain;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use self::accepting::{Accepting, Next};
use crate::http::{Metrics, Routes};

/// File descriptors that are not for connections: the store's, the log's, the listener's.
const OTHER_FILES: u64 = 64 + TURNED_AWAY as u64;

/// Connections that are being told that there are too many, at most; any more are closed without a word.
const TURNED_AWAY: usize = 512;

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Connections at one time at most.
    pub connections: usize,
    /// Bytes of a request's head at most.
    pub head_bytes: usize,
    /// How long a head may take to arrive.
    pub head_patience: Duration,
    /// How long a connection may be silent between requests.
    pub idle_patience: Duration,
    /// How long a client may take to read a reply.
    pub reply_patience: Duration,
    /// How long requests may take to end once the server is asked to stop.
    pub drain_patience: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_bytes: 16 << 10,
            head_patience: Duration::from_secs(10),
            idle_patience: Duration::from_secs(75),
            reply_patience: Duration::from_mins(1),
            drain_patience: Duration::from_secs(10),
        }
    }
}

/// Serves until `stop` is done, then lets requests that have begun end, and returns.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()>,
) {
    let server = Server::new(routes, limits, metrics);
    let mut accepting = Accepting::default();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    accepting.succeeded();
                    server.take(stream);
                }
                Err(error) if accepting.failed(&error) == Next::Wait => pause().await,
                Err(_) => {}
            },
        }
    }
    drop(listener);
    server.routes.close_sockets();
    server.drain().await;
}

struct Server {
    routes: Routes,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    places: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    /// As many as there are places.
    capacity: u32,
}

impl Server {
    fn new(routes: Routes, limits: ConnectionLimits, metrics: Arc<Metrics>) -> Self {
        let files = raise_file_limit();
        let room = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
        let capacity = limits.connections.min(room.max(1));
        if capacity < limits.connections {
            tracing::warn!(
                capacity,
                files,
                "the limit on open files allows fewer connections than configured"
            );
        }
        Self {
            routes,
            limits,
            metrics,
            places: Arc::new(Semaphore::new(capacity)),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
            stop: watch::Sender::new(false),
            capacity: u32::try_from(capacity).unwrap_or(u32::MAX),
        }
    }

    fn take(&self, stream: TcpStream) {
        // Replies are written whole; waiting for more to send would only delay them.
        drop(stream.set_nodelay(true));
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => self.serve(stream, place),
            Err(_) => self.turn_away(stream),
        }
    }

    fn serve(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let (routes, limits, stop) = (self.routes.clone(), self.limits, self.stop.subscribe());
        let metrics = Arc::clone(&self.metrics);
        metrics.connected();
        let gone = move || {
            metrics.disconnected();
            drop(place);
        };
        tokio::spawn(async move {
            match connection::serve(stream, routes, limits, stop).await {
                // In a task of its own: this one is as large as it had to be for requests.
                Some(going) => drop(tokio::spawn(async move {
                    going.await;
                    gone();
                })),
                None => gone(),
            }
        });
    }

    fn turn_away(&self, stream: TcpStream) {
        self.metrics.shed();
        if let Ok(place) = Arc::clone(&self.turned_away).try_acquire_owned() {
            tokio::spawn(async move {
                connection::farewell(stream, &plain::crowded(), Duration::from_secs(2)).await;
                drop(place);
            });
        }
    }

    async fn drain(self) {
        self.stop.send_replace(true);
        let all = self.places.acquire_many(self.capacity);
        if timeout(self.limits.drain_patience, all).await.is_err() {
            tracing::warn!("stopped with requests still running");
        }
    }
}

async fn pause() {
    drop(timeout(Duration::from_millis(50), std::future::pending::<()>()).await);
}

/// Takes as many open files as the system allows; how many that is.
fn raise_file_limit() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    limit.unwrap_or(u64::MAX)
}

//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::{Builder, Connection};
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::ConnectionLimits;
use super::phase::{Moment, Phase, Progress};
use super::plain;
use super::wire::Wire;
use crate::http::{Answer, Peer, Routes};

/// Serves requests until the client leaves, goes silent, or `stop` says that the server is stopping.
pub(super) async fn serve(
    stream: TcpStream,
    routes: Routes,
    limits: ConnectionLimits,
    stop: watch::Receiver<bool>,
) {
    let progress = Arc::new(Progress::default());
    let peer = stream.peer_addr().ok().map(|address| Peer(address.ip()));
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&progress)));
    let service = service_fn(async |request: Request<Incoming>| {
        progress.enter(Phase::Busy);
        let response = routes.answer(peer, request).await;
        progress.enter(Phase::Reply);
        Ok(response)
    });
    let mut connection = Builder::new()
        .half_close(true) // a client may close its side and still wait for the answer
        .max_buf_size(limits.head_bytes)
        .serve_connection(wire, service);
    if run(&mut connection, &progress, limits, stop).await == End::Late {
        let stream = connection.into_parts().io.into_inner().into_stream();
        farewell(stream, plain::late()).await;
    }
}

#[derive(PartialEq)]
enum End {
    Done,
    /// In the middle of a head.
    Late,
}

async fn run<S: Service<Request<Incoming>, Response = Answer, Error = Infallible>>(
    connection: &mut Connection<TokioIo<Wire>, S>,
    progress: &Progress,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) -> End {
    let mut watchdog = Watchdog::new(progress, limits);
    let mut stopping = false; // also of a connection that came just before: the news is waiting for it
    loop {
        let served = poll_fn(|context| Pin::new(&mut *connection).poll(context));
        tokio::select! {
            biased;
            ended = timeout_at(watchdog.next_look, served) => match ended {
                Ok(Ok(())) => return End::Done,
                // hyper has answered what it could not parse; all else is the client's having left.
                Ok(Err(error)) => {
                    tracing::debug!(%error, "connection ended");
                    return End::Done;
                }
                Err(_) => {
                    if let Some(end) = watchdog.look() {
                        return end;
                    }
                }
            },
            _ = stop.changed(), if !stopping => {
                stopping = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
        }
    }
}

/// Looks at a connection now and then, and ends one that has been silent for too long. One timer a connection, set anew
/// only when it runs out, so a request costs none; a silence is noticed at the second look, so up to twice as late.
struct Watchdog<'a> {
    progress: &'a Progress,
    limits: ConnectionLimits,
    next_look: Instant,
    seen: Moment,
    /// When `seen` was seen first.
    since: Instant,
}

impl<'a> Watchdog<'a> {
    fn new(progress: &'a Progress, limits: ConnectionLimits) -> Self {
        let now = Instant::now();
        Self { progress, limits, next_look: now + limits.head_patience, seen: progress.now(), since: now }
    }

    fn look(&mut self) -> Option<End> {
        let (now, moment) = (Instant::now(), self.progress.now());
        self.next_look = now + self.limits.head_patience;
        if moment != self.seen {
            (self.seen, self.since) = (moment, now);
            return None;
        }
        match moment.phase() {
            Phase::Head => Some(End::Late),
            Phase::Idle if now - self.since >= self.limits.idle_patience => Some(End::Done),
            Phase::Idle | Phase::Busy | Phase::Reply => None,
        }
    }
}

/// Sends a last reply and closes so that it arrives: a socket closed with input unread would take it back.
pub(super) async fn farewell(mut stream: TcpStream, reply: Vec<u8>) {
    let patience = Instant::now() + Duration::from_secs(2);
    let send = async {
        stream.write_all(&reply).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        Ok::<(), io::Error>(())
    };
    drop(timeout_at(patience, send).await);
}

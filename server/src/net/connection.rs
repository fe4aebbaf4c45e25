//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::{Builder, Connection};
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::ConnectionLimits;
use super::phase::{Moment, Phase, Progress};
use super::plain;
use super::wire::Wire;
use crate::http::{Answer, Peer, Routes};
use crate::socket::takeover::{Going, Stream, Takeover};

/// How long a client may go on sending after it was refused, and how many bytes.
const LISTENING: Duration = Duration::from_secs(5);
const MOST_UNREAD: u64 = 16 << 20;

/// Serves requests until the client leaves, goes silent, or `stop` says that the server is stopping; or somebody else goes
/// on with the connection.
pub(super) async fn serve(
    stream: TcpStream,
    routes: Routes,
    limits: ConnectionLimits,
    stop: watch::Receiver<bool>,
) -> Option<Going> {
    let progress = Arc::new(Progress::default());
    let peer = stream.peer_addr().ok().map(|address| Peer(address.ip()));
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&progress)));
    let taken: Mutex<Option<Takeover>> = Mutex::new(None);
    let service = service_fn(async |request: Request<Incoming>| {
        progress.enter(Phase::Busy);
        let has_body = !request.body().is_end_stream();
        let mut response = routes.answer(peer, request).await;
        if let Some(takeover) = response.extensions_mut().remove() {
            *taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(takeover);
        }
        progress.enter(Phase::Reply);
        let status = response.status();
        progress.interrupt(has_body && (status.is_client_error() || status.is_server_error()));
        Ok(response)
    });
    let mut connection = Builder::new()
        .half_close(true) // a client may close its side and still wait for the answer
        .max_buf_size(limits.head_bytes)
        .serve_connection(wire, service);
    let end = run(&mut connection, &progress, limits, stop.clone()).await;
    let parts = connection.into_parts();
    let stream = parts.io.into_inner().into_stream();
    let takeover = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let (End::Closed, Some(takeover)) = (&end, takeover) {
        return takeover.go_on(Stream::new(stream, parts.read_buf), stop);
    }
    match end {
        End::Late => farewell(stream, &plain::late(), LISTENING).await,
        End::Closed if progress.interrupts() => farewell(stream, &[], LISTENING).await,
        End::Closed | End::Silent => {}
    }
    None
}

/// How a connection ended.
enum End {
    /// hyper is done with it: its client has left, or nothing more can be asked on it.
    Closed,
    /// The watchdog has given up on a client.
    Silent,
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
                Ok(Ok(())) => return End::Closed,
                // hyper has answered what it could not parse; all else is the client's having left.
                Ok(Err(error)) => {
                    tracing::debug!(%error, "connection ended");
                    return End::Closed;
                }
                Err(_) => {
                    if let Some(end) = watchdog.look() {
                        return end;
                    }
                }
            },
            _ = stop.changed(), if !stopping => {
                stopping = true;
                if progress.now().phase() == Phase::Idle {
                    progress.interrupt(false); // whoever was refused last has heard it
                }
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
            Phase::Idle if now - self.since >= self.limits.idle_patience => Some(End::Silent),
            Phase::Reply if now - self.since >= self.limits.reply_patience => Some(End::Silent),
            Phase::Idle | Phase::Busy | Phase::Reply => None,
        }
    }
}

/// Sends a last reply and closes so that it arrives: a socket closed with input unread would take it back. So what the
/// client is still sending is read and thrown away, for a while and up to a bound.
pub(super) async fn farewell(mut stream: TcpStream, reply: &[u8], patience: Duration) {
    let send = async {
        stream.write_all(reply).await?;
        stream.shutdown().await?;
        copy(&mut stream.take(MOST_UNREAD), &mut sink()).await
    };
    drop(timeout(patience, send).await);
}

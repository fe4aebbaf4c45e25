//! One connection, from its first byte to its last.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1::{Builder, Connection};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::ConnectionLimits;
use super::phase::{Phase, Progress};
use super::plain;
use super::wire::Wire;

/// Serves requests until the client leaves, goes silent, or `stop` says that the server is stopping.
pub(super) async fn serve(
    stream: TcpStream,
    router: Router,
    limits: ConnectionLimits,
    stop: watch::Receiver<bool>,
) {
    let progress = Arc::new(Progress::new());
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&progress)));
    let service = Watched { inner: TowerToHyperService::new(router), progress: Arc::clone(&progress) };
    let mut connection = Builder::new()
        .half_close(true) // a client may close its side and still wait for the answer
        .max_buf_size(limits.head_bytes)
        .serve_connection(wire, service);
    if run(&mut connection, &progress, limits, stop).await == End::Silent && progress.phase() == Phase::Head {
        let stream = connection.into_parts().io.into_inner().into_stream();
        farewell(stream, plain::late()).await;
    }
}

#[derive(PartialEq)]
enum End {
    Done,
    Silent,
}

type Conn = Connection<TokioIo<Wire>, Watched>;

async fn run(
    connection: &mut Conn,
    progress: &Progress,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) -> End {
    let mut deadline = Instant::now() + limits.head_patience;
    let mut stopping = *stop.borrow();
    loop {
        let served = poll_fn(|context| Pin::new(&mut *connection).poll(context));
        tokio::select! {
            biased;
            ended = timeout_at(deadline, served) => match ended {
                Ok(Ok(())) => return End::Done,
                // hyper has answered what it could not parse; all else is the client's having left.
                Ok(Err(error)) => {
                    tracing::debug!(%error, "connection ended");
                    return End::Done;
                }
                Err(_) => match next_deadline(progress, limits) {
                    Some(next) => deadline = next,
                    None => return End::Silent,
                },
            },
            _ = stop.changed(), if !stopping => {
                stopping = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
        }
    }
}

/// When to look again; None, if the client has been silent for too long. One timer a connection, set anew only when it
/// runs out, so a request costs none.
fn next_deadline(progress: &Progress, limits: ConnectionLimits) -> Option<Instant> {
    let now = Instant::now();
    let until = match progress.phase() {
        Phase::Idle => progress.began() + limits.idle_patience,
        Phase::Head => progress.began() + limits.head_patience,
        Phase::Busy => now + limits.head_patience,
    };
    // A phase may begin at any moment, so never look away for longer than a head may take.
    (until > now).then(|| until.min(now + limits.head_patience))
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

/// Tells the watchdog when a request is being answered.
struct Watched {
    inner: TowerToHyperService<Router>,
    progress: Arc<Progress>,
}

impl Service<Request<Incoming>> for Watched {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        self.progress.enter(Phase::Busy);
        Answer { inner: self.inner.call(request), progress: Arc::clone(&self.progress) }
    }
}

pin_project! {
    /// A reply under way.
    struct Answer {
        #[pin]
        inner: <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future,
        progress: Arc<Progress>,
    }
}

impl Future for Answer {
    type Output = Result<Response<Body>, std::convert::Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = ready!(this.inner.poll(context));
        this.progress.enter(Phase::Idle);
        Poll::Ready(answered)
    }
}

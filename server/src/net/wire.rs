//! The socket as hyper sees it.
//!
//! Two things that hyper leaves open are closed here. It answers a head that it cannot parse by itself, with a status and
//! no body: that reply is replaced by one in the shape of all others. It is hyper's own if nobody else has answered, so the
//! empty reply of a program that mounts our routes stays what it is. And hyper does not say whether a connection that goes
//! silent has begun to ask something, or is slow to take its reply: this keeps track, for the watchdog.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::phase::{Phase, Progress};
use super::plain;

/// How hyper's own replies begin and what they all hold.
const OWN_REPLY: &[u8] = b"HTTP/1.1 4";
const NO_BODY: &[u8] = b"content-length: 0";

pub(super) struct Wire {
    stream: TcpStream,
    progress: Arc<Progress>,
    /// What goes out in place of hyper's reply, and how much of it has.
    instead: Option<(Vec<u8>, usize)>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, progress: Arc<Progress>) -> Self {
        Self { stream, progress, instead: None }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Whether these bytes are a reply that hyper made up.
    fn is_own(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(OWN_REPLY)
            && matches!(self.progress.now().phase(), Phase::Idle | Phase::Head)
            && bytes.windows(NO_BODY.len()).any(|window| window == NO_BODY)
    }

    /// Writes the reply that stands in for `bytes`, if they are hyper's own.
    fn poll_instead(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<Option<usize>>> {
        if self.instead.is_none() {
            let Some(reply) = self.is_own(bytes).then(|| plain::malformed(bytes)).flatten() else {
                return Poll::Ready(Ok(None));
            };
            self.progress.interrupt(true);
            self.instead = Some((reply, 0));
        }
        while let Some((reply, sent)) = &mut self.instead
            && *sent < reply.len()
        {
            *sent += ready!(Pin::new(&mut self.stream).poll_write(context, &reply[*sent..]))?;
        }
        self.instead = None;
        Poll::Ready(Ok(Some(bytes.len())))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before && self.progress.now().phase() == Phase::Idle {
            self.progress.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.len() < 256
            && let Some(written) = ready!(self.poll_instead(context, bytes))?
        {
            return Poll::Ready(Ok(written));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when nothing of a reply is left to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.progress.now().phase() == Phase::Reply {
            self.progress.enter(Phase::Idle);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

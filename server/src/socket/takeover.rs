//! A connection that HTTP gives up: the handshake of a WebSocket, and who goes on with the bytes.
//!
//! The server's own connections hand over their stream as it is, without a task or a box of hyper's in between. Mounted in
//! another program's router, the same goes through hyper's upgrade.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body_util::Full;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Says when the server is stopping.
pub(crate) type Stop = watch::Receiver<bool>;

/// What goes on with a connection, to its end.
pub(crate) type Going = Pin<Box<dyn Future<Output = ()> + Send>>;

type GoOn = Box<dyn FnOnce(Stream, Stop) -> Going + Send>;

/// Who goes on with a connection once its reply, 101, is out. Travels in that reply's extensions.
#[derive(Clone)]
pub(crate) struct Takeover(Arc<Mutex<Option<GoOn>>>);

impl Takeover {
    fn new<F: Future<Output = ()> + Send + 'static>(
        go_on: impl FnOnce(Stream, Stop) -> F + Send + 'static,
    ) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(move |stream, stop| Box::pin(go_on(stream, stop)))))))
    }

    /// Who goes on with the stream until the connection ends.
    pub(crate) fn go_on(self, stream: Stream, stop: Stop) -> Option<Going> {
        let go_on = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        go_on.map(|go_on| go_on(stream, stop))
    }
}

/// Bytes both ways.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection that was taken over, with what its client sent too early.
pub(crate) struct Stream {
    early: Bytes,
    wire: Box<dyn Wire>,
}

impl Stream {
    pub(crate) fn new(wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, early: Bytes) -> Self {
        // An empty rest would hold on to all of the buffer that it is the rest of.
        let early = if early.is_empty() { Bytes::new() } else { early };
        Self { early, wire: Box::new(wire) }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let length = self.early.len().min(into.remaining());
            into.put_slice(&self.early[..length]);
            self.early.advance(length);
            if self.early.is_empty() {
                self.early = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.wire).poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

/// The key of a request that asks for a WebSocket; None if it does not.
pub(crate) fn key(asked: &Parts) -> Option<&HeaderValue> {
    let headers = &asked.headers;
    let is_asked = asked.method == Method::GET
        && lists(headers, CONNECTION, "upgrade")
        && lists(headers, UPGRADE, "websocket")
        && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_asked)
}

fn lists(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// The reply to such a request, after which somebody else goes on.
pub(crate) fn switch<F: Future<Output = ()> + Send + 'static>(
    key: &HeaderValue,
    go_on: impl FnOnce(Stream, Stop) -> F + Send + 'static,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response.extensions_mut().insert(Takeover::new(go_on));
    response
}

/// What the reply to a request for something else says, that is only to be had over a WebSocket.
pub(crate) fn upgrade_required(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    response
}

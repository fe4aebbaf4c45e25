//! JSON frames over a WebSocket.
//!
//! One task a connection does everything: it reads a message, waits for what it brings about, and meanwhile writes what
//! others send. While a message is being worked on no other is read, so a client that sends faster than it is served is
//! slowed down by its own socket, and nothing piles up here.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{Connection, Outlet, Params, SocketId};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::outgoing::{Out, Outgoing};
use super::takeover::{Stop, Stream, key, switch, upgrade_required};
use super::{PATIENCE, PING, deny, head};
use crate::http::{Site, respond};

/// Bytes that are read at once; a connection that is silent holds no more.
const READ: usize = 4 << 10;

/// Opens a connection, or says why not.
pub(super) async fn open(
    site: &Site,
    (id, params): (SocketId, Params),
    asked: &Parts,
) -> Response<Full<bytes::Bytes>> {
    let Some(key) = key(asked) else {
        let refusal =
            Refusal::new(Kind::Invalid, INVALID_REQUEST, "this is a WebSocket: connect to it with one");
        let status = Some(StatusCode::UPGRADE_REQUIRED.as_u16());
        return upgrade_required(respond(site.app().refuse_at(id.into(), refusal, status), asked));
    };
    let (outgoing, queue) = Outgoing::new();
    let outgoing = Arc::new(outgoing);
    let outlet: Arc<dyn Outlet> = Arc::<Outgoing>::clone(&outgoing);
    match site.app().connect(id, (head(asked), params), None, None, outlet).await {
        Ok(connection) => {
            let most = site.limits.body_bytes;
            switch(key, move |stream, stop| go_on(stream, stop, connection, (outgoing, queue), most))
        }
        Err(denied) => deny(denied, asked),
    }
}

async fn go_on(
    stream: Stream,
    stop: Stop,
    connection: Connection,
    (outgoing, queue): (Arc<Outgoing>, mpsc::Receiver<Out>),
    most: usize,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut talk =
        Talk { socket, outgoing: Arc::clone(&outgoing), queue, heard: Instant::now(), asked: false };
    let reason = tokio::select! {
        biased;
        // Also in the middle of writing to a client that does not read.
        () = outgoing.given_up() => "slow",
        reason = talk.run(&connection, stop) => reason,
    };
    drop(talk);
    Box::pin(connection.close(reason)).await;
}

/// A message that is being worked on.
type Working<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

struct Talk {
    socket: WebSocketStream<Stream>,
    outgoing: Arc<Outgoing>,
    queue: mpsc::Receiver<Out>,
    /// When something was last heard.
    heard: Instant,
    /// Whether the other side has been asked since whether it is there.
    asked: bool,
}

impl Talk {
    /// Talks until one side ends it; why.
    async fn run(&mut self, connection: &Connection, mut stop: Stop) -> &'static str {
        let mut working: Option<Working<'_>> = None;
        loop {
            let look = self.heard + if self.asked { PING + PATIENCE } else { PING };
            let is_working = working.is_some();
            let work = async {
                match &mut working {
                    Some(working) => working.await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = work => working = None,
                out = self.queue.recv() => match out {
                    Some(Out::Frame(frame)) => {
                        if self.write(frame).await.is_err() {
                            return "lost";
                        }
                    }
                    Some(Out::End) | None => return self.say_goodbye(CloseCode::Normal, "ended").await,
                },
                message = self.socket.next(), if !is_working => match self.heard(message) {
                    Heard::Text(text) => {
                        working = Some(Box::pin(async move { connection.receive_frame(text.as_bytes()).await }));
                    }
                    Heard::Other => {}
                    Heard::NoText => connection.refuse(&no_text()),
                    Heard::TooLarge => return self.say_goodbye(CloseCode::Size, "too large").await,
                    Heard::End(reason) => return reason,
                },
                () = sleep_until(look) => {
                    if self.asked {
                        return "silent";
                    }
                    self.asked = true;
                    if self.socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                        return "lost";
                    }
                }
                _ = stop.changed() => return self.say_goodbye(CloseCode::Away, "stopping").await,
            }
        }
    }

    async fn write(&mut self, frame: bytes::Bytes) -> Result<(), Error> {
        let length = frame.len();
        let text = Utf8Bytes::try_from(frame).map_err(|error| Error::Utf8(error.to_string()))?;
        // What else waits goes out with it.
        self.socket.feed(Message::Text(text)).await?;
        self.outgoing.went_out(length);
        if self.queue.is_empty() { self.socket.flush().await } else { Ok(()) }
    }

    fn heard(&mut self, message: Option<Result<Message, Error>>) -> Heard {
        (self.heard, self.asked) = (Instant::now(), false);
        match message {
            Some(Ok(Message::Text(text))) => Heard::Text(text),
            Some(Ok(Message::Binary(_))) => Heard::NoText,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Other,
            Some(Err(Error::Capacity(_))) => Heard::TooLarge,
            Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => Heard::End("left"),
            Some(Err(_)) | None => Heard::End("lost"),
        }
    }

    /// Tells the other side that this is the end, and waits a moment for it to have heard.
    async fn say_goodbye(&mut self, code: CloseCode, reason: &'static str) -> &'static str {
        let ended = async {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            if self.socket.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        drop(timeout(std::time::Duration::from_secs(1), ended).await);
        reason
    }
}

/// What came in.
enum Heard {
    Text(Utf8Bytes),
    NoText,
    TooLarge,
    /// A sign of life.
    Other,
    End(&'static str),
}

fn no_text() -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, "a message is text, not bytes")
}

//! One connection over a WebSocket, whatever is spoken on it.
//!
//! One task does everything: it reads a message, works on what it brings about, and meanwhile writes what others send.
//! While a message is being worked on no other is read, so a client that sends faster than it is served is slowed down by
//! its own socket, and nothing piles up here. The loop is written as a poll, so that a message costs no timer and no
//! registration: what was waited for before still is.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use concord_runtime::Connection;
use futures_util::{Sink, SinkExt, Stream as _, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::outgoing::{Next, Outgoing, Over};
use super::pulse::{Beat, Pulse};
use super::takeover::{Stop, Stream};

/// Bytes that are read at once; a connection that is silent holds no more.
const READ: usize = 4 << 10;

/// Bytes that are gathered before they are written, if there are more to come.
const WRITE: usize = 8 << 10;

/// How long the other side has to say goodbye, too.
const GOODBYE: Duration = Duration::from_secs(1);

/// A message that is being worked on; a connection, if it asked for one and was let in.
pub(super) type Working = Pin<Box<dyn Future<Output = Option<Connection>> + Send>>;

/// What a message comes to.
pub(super) enum Heard {
    Nothing,
    Work(Working),
    /// The conversation is over, and why.
    End(&'static str),
}

/// What is spoken on a connection.
pub(super) trait Speaker: Send + Unpin {
    /// Takes in a text.
    fn hear(&mut self, text: Utf8Bytes) -> Heard;

    /// Takes in bytes.
    fn hear_bytes(&mut self) -> Heard;

    /// It was let in.
    fn admitted(&mut self, connection: Connection);

    /// Whether it is.
    fn is_in(&self) -> bool;

    /// What asks the other side whether it is there.
    fn ping(&self) -> Message;

    /// What it is told before the server ends the conversation for this reason.
    fn goodbye(&self, reason: &str) -> Option<Message>;

    /// The connection, if there is one, to be closed.
    fn leave(self) -> Option<Connection>;
}

pub(super) type Socket = WebSocketStream<Stream>;

/// A WebSocket on a stream whose handshake is done; no message is larger than `most`.
pub(super) async fn websocket(stream: Stream, most: usize) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(WRITE)
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

pub(super) struct Talk<S> {
    pub(super) socket: Socket,
    pub(super) outgoing: Arc<Outgoing>,
    pub(super) speaker: S,
    working: Option<Working>,
    /// Whether something is written that has not left.
    is_flushed: bool,
    pulse: Pulse,
}

impl<S: Speaker> Talk<S> {
    pub(super) fn new(socket: Socket, outgoing: Arc<Outgoing>, speaker: S) -> Self {
        Self { socket, outgoing, speaker, working: None, is_flushed: true, pulse: Pulse::new() }
    }

    /// Talks until one side ends it, and closes the connection.
    pub(super) async fn run(mut self, mut stop: Stop) {
        let reason = tokio::select! {
            biased;
            reason = poll_fn(|context| self.poll(context)) => reason,
            _ = stop.changed() => "stopping",
        };
        self.say_goodbye(reason).await;
        let Self { socket, mut speaker, working, .. } = self;
        drop(socket);
        Box::pin(async move {
            if let Some(working) = working
                && let Some(connection) = working.await
            {
                speaker.admitted(connection);
            }
            if let Some(connection) = speaker.leave() {
                connection.close(reason).await;
            }
        })
        .await;
    }

    /// Why it ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<&'static str> {
        if let Poll::Ready(reason) = self.poll_pulse(context) {
            return Poll::Ready(reason);
        }
        loop {
            if let Some(working) = &mut self.working
                && let Poll::Ready(connection) = working.as_mut().poll(context)
            {
                self.working = None;
                if let Some(connection) = connection {
                    self.speaker.admitted(connection);
                }
            }
            if let Poll::Ready(reason) = self.poll_write(context) {
                return Poll::Ready(reason);
            }
            if self.working.is_some() {
                return Poll::Pending;
            }
            let message = ready!(Pin::new(&mut self.socket).poll_next(context));
            self.pulse.heard();
            match self.heard(message) {
                Heard::Nothing => {}
                Heard::Work(working) => self.working = Some(working),
                Heard::End(reason) => return Poll::Ready(reason),
            }
        }
    }

    fn heard(&mut self, message: Option<Result<Message, Error>>) -> Heard {
        match message {
            Some(Ok(Message::Text(text))) => self.speaker.hear(text),
            Some(Ok(Message::Binary(_))) => self.speaker.hear_bytes(),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Nothing,
            Some(Err(Error::Capacity(_))) => Heard::End("too large"),
            Some(Err(Error::Utf8(_))) => Heard::End("no text"),
            Some(Err(Error::Protocol(fault))) if fault != ProtocolError::ResetWithoutClosingHandshake => {
                Heard::End("malformed")
            }
            Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => Heard::End("left"),
            Some(Err(_)) | None => Heard::End("lost"),
        }
    }

    fn poll_pulse(&mut self, context: &mut Context<'_>) -> Poll<&'static str> {
        while let Poll::Ready(beat) = self.pulse.poll(context) {
            match beat {
                Beat::Ask => {
                    let ping = self.speaker.ping();
                    if self.is_stuck(context) {
                        continue; // it is asked by what it has not read yet
                    }
                    if Pin::new(&mut self.socket).start_send(ping).is_err() {
                        return Poll::Ready("lost");
                    }
                    self.is_flushed = false;
                }
                Beat::Look if self.speaker.is_in() => {}
                Beat::Silent if self.speaker.is_in() => return Poll::Ready("silent"),
                Beat::Look | Beat::Silent => return Poll::Ready("late"),
            }
        }
        Poll::Pending
    }

    /// Whether nothing can be written now.
    fn is_stuck(&mut self, context: &mut Context<'_>) -> bool {
        Pin::new(&mut self.socket).poll_ready(context).is_pending()
    }

    /// Writes what waits; done only when there is no more to write for ever.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<&'static str> {
        loop {
            // Who is given up is left in the middle of a message, too.
            let is_ready = match Pin::new(&mut self.socket).poll_ready(context) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(_)) => return Poll::Ready("lost"),
                Poll::Pending => false,
            };
            if !is_ready {
                return self.outgoing.poll_given_up(context).map(|()| "slow");
            }
            let text = match self.outgoing.poll_next(context) {
                Poll::Ready(Next::Frame(frame)) => Utf8Bytes::try_from(frame),
                Poll::Ready(Next::Over(Over::Ended)) => return Poll::Ready("ended"),
                Poll::Ready(Next::Over(Over::GivenUp)) => return Poll::Ready("slow"),
                Poll::Ready(Next::Nothing) | Poll::Pending => break,
            };
            let Ok(text) = text else { continue }; // all frames are made of texts
            if Pin::new(&mut self.socket).start_send(Message::Text(text)).is_err() {
                return Poll::Ready("lost");
            }
            self.is_flushed = false;
        }
        if !self.is_flushed {
            match Pin::new(&mut self.socket).poll_flush(context) {
                Poll::Ready(Ok(())) => self.is_flushed = true,
                Poll::Ready(Err(_)) => return Poll::Ready("lost"),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Tells the other side that this is the end, if it can hear that, and waits a moment for it to have heard. If it said
    /// goodbye first, that is answered.
    async fn say_goodbye(&mut self, reason: &'static str) {
        let code = match reason {
            "left" => None,
            "ended" => Some(CloseCode::Normal),
            "stopping" => Some(CloseCode::Away),
            "late" => Some(CloseCode::Policy),
            "too large" => Some(CloseCode::Size),
            "no text" => Some(CloseCode::Invalid),
            "malformed" => Some(CloseCode::Protocol),
            _ => return,
        };
        let frame = code.map(|code| CloseFrame { code, reason: Utf8Bytes::from_static(reason) });
        let goodbye = self.speaker.goodbye(reason);
        let socket = &mut self.socket;
        let ended = Box::pin(async move {
            if let Some(goodbye) = goodbye
                && socket.send(goodbye).await.is_err()
            {
                return;
            }
            let told = match frame {
                Some(frame) => socket.close(Some(frame)).await,
                None => SinkExt::close(socket).await, // the answer is made already
            };
            if told.is_ok() {
                while let Some(Ok(_)) = socket.next().await {}
            }
            // What has come and nobody reads would make the system reset the connection, with the goodbye on its way.
            let wire = socket.get_mut();
            if wire.shutdown().await.is_ok() {
                drop(tokio::io::copy(wire, &mut tokio::io::sink()).await);
            }
        });
        drop(timeout(GOODBYE, ended).await);
    }
}

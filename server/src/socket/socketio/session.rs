//! A connection that is polling: its client takes what waits by one request, and gives what it has to say by others.
//!
//! The requests only carry packets in and out; a task of the connection's own works on them, one after the other, and
//! notices when no request comes any more. When the client has opened a WebSocket, that task goes on with it, and whoever
//! holds the socket waits until it is done.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use concord_runtime::Outlet;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::Fault;
use super::speaker::{SocketIo, TOO_LATE};
use crate::http::{BodyFault, Site, read_body};
use crate::socket::Carries;
use crate::socket::outgoing::{Next, Outgoing, Over};
use crate::socket::pulse::{Beat, Pulse};
use crate::socket::takeover::Stop;
use crate::socket::talk::{Heard, Socket, Speaker, Talk, Working};

/// Between the packets of one body.
const BETWEEN: char = '\u{1e}';

/// Packets that wait to be worked on; the request that brings more of them waits.
const WAITING: usize = 16;

/// How long a client may take to move to its WebSocket, and to fetch the last words.
const MOVING: Duration = Duration::from_secs(10);
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the requests of a connection share with its task.
pub(super) struct Session {
    outgoing: Arc<Outgoing>,
    packets: mpsc::Sender<String>,
    moves: mpsc::Sender<Box<Moved>>,
    /// Whether a request is taking, one is giving, and a WebSocket is on its way.
    is_taking: AtomicBool,
    is_giving: AtomicBool,
    is_moving: AtomicBool,
    /// A client did what none does.
    broken: Notify,
    /// The last words were fetched.
    fetched: Notify,
}

/// A WebSocket to go on with, and whom to tell when it is over.
struct Moved {
    socket: Socket,
    stop: Stop,
    _done: oneshot::Sender<()>,
}

/// Works on the packets of a connection.
pub(super) struct Task {
    session: Arc<Session>,
    speaker: SocketIo,
    packets: mpsc::Receiver<String>,
    moves: mpsc::Receiver<Box<Moved>>,
    working: Option<Working>,
    stop: watch::Receiver<bool>,
}

/// How polling ended.
enum End {
    Moved(Box<Moved>),
    Over(&'static str),
}

impl Session {
    pub(super) fn new(
        outgoing: Arc<Outgoing>,
        speaker: SocketIo,
        stop: watch::Receiver<bool>,
    ) -> (Arc<Self>, Task) {
        let (to_packets, packets) = mpsc::channel(WAITING);
        let (to_moves, moves) = mpsc::channel(1);
        let session = Arc::new(Self {
            outgoing,
            packets: to_packets,
            moves: to_moves,
            is_taking: AtomicBool::new(false),
            is_giving: AtomicBool::new(false),
            is_moving: AtomicBool::new(false),
            broken: Notify::new(),
            fetched: Notify::new(),
        });
        let task = Task { session: Arc::clone(&session), speaker, packets, moves, working: None, stop };
        (session, task)
    }

    /// Waits for packets, and takes as many as fit into one reply.
    pub(super) async fn take(&self, most: usize) -> Result<String, Fault> {
        let _turn = self.turn(&self.is_taking)?;
        let mut body = match poll_fn(|context| self.outgoing.poll_next(context)).await {
            Next::Frame(frame) => text(&frame),
            Next::Nothing => return Ok("6".to_owned()),
            Next::Over(over) => return Ok(self.last_words(over).to_owned()),
        };
        // What is there already goes along, and nothing is waited for.
        while body.len() < most {
            match poll_fn(|context| Poll::Ready(self.outgoing.poll_next(context))).await {
                Poll::Ready(Next::Frame(frame)) => {
                    body.push(BETWEEN);
                    body.push_str(&text(&frame));
                }
                Poll::Ready(Next::Over(over)) => {
                    body.push(BETWEEN);
                    body.push_str(self.last_words(over));
                    break;
                }
                Poll::Ready(Next::Nothing) | Poll::Pending => break,
            }
        }
        Ok(body)
    }

    fn last_words(&self, over: Over) -> &'static str {
        self.fetched.notify_one();
        match over {
            Over::Ended => "41\u{1e}1",
            Over::GivenUp => "1",
        }
    }

    /// Takes in the packets of a request.
    pub(super) async fn give<B: Carries>(&self, site: &Site, body: B) -> Result<(), Fault> {
        let _turn = self.turn(&self.is_giving)?;
        let body = read_body(body, site.limits.body_bytes, site.limits.body_patience).await;
        let body = body.map_err(|fault| match fault {
            BodyFault::TooLarge(_) => Fault::TooLarge,
            BodyFault::Late | BodyFault::Broken(_) => Fault::BadRequest,
        });
        let given = match body {
            Ok(body) => self.give_all(&body).await,
            Err(fault) => Err(fault),
        };
        if given.is_err() {
            self.broken.notify_one();
        }
        given
    }

    async fn give_all(&self, body: &[u8]) -> Result<(), Fault> {
        let packets = std::str::from_utf8(body).map_err(|_| Fault::BadRequest)?;
        for packet in packets.split(BETWEEN) {
            self.packets.send(packet.to_owned()).await.map_err(|_| Fault::UnknownSession)?;
        }
        Ok(())
    }

    /// One request of a kind at a time; a client that sends two has lost its way, or is not the only one.
    fn turn<'a>(&self, flag: &'a AtomicBool) -> Result<Turn<'a>, Fault> {
        if flag.swap(true, Ordering::AcqRel) {
            self.broken.notify_one();
            return Err(Fault::BadRequest);
        }
        Ok(Turn(flag))
    }

    /// Whether a WebSocket may take over; one at a time.
    pub(super) fn may_upgrade(&self) -> bool {
        !self.is_moving.swap(true, Ordering::AcqRel)
    }

    /// Moves to a WebSocket, if its client wants to, and ends when that does.
    pub(super) async fn upgrade(&self, mut socket: Socket, stop: Stop) {
        let moved = Box::pin(timeout(MOVING, self.probe(&mut socket))).await;
        if moved == Ok(true) {
            let (done, over) = oneshot::channel();
            if self.moves.send(Box::new(Moved { socket, stop, _done: done })).await.is_ok() {
                drop(over.await);
            }
        } else {
            self.outgoing.nudge(false);
            self.is_moving.store(false, Ordering::Release);
        }
    }

    /// Shows that the WebSocket carries, and lets the request go that waits; the client says when it has moved.
    async fn probe(&self, socket: &mut Socket) -> bool {
        let is = |said, text: &str| matches!(said, Some(Ok(Message::Text(said))) if *said == *text);
        if !is(socket.next().await, "2probe")
            || socket.send(Message::Text(Utf8Bytes::from_static("3probe"))).await.is_err()
        {
            return false;
        }
        self.outgoing.nudge(true);
        is(socket.next().await, "5")
    }
}

struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Task {
    /// Works until the connection ends, and closes it; `forget` is called once no request may find it.
    pub(super) async fn run(mut self, forget: impl FnOnce() + Send) {
        let end = self.poll().await;
        let Self { session, mut speaker, working, .. } = self;
        match end {
            End::Moved(moved) => {
                let Moved { socket, stop, _done } = *moved;
                forget();
                session.outgoing.nudge(false);
                let outgoing = Arc::clone(&session.outgoing);
                drop(session);
                Talk::new(socket, outgoing, speaker).run(stop).await;
            }
            End::Over(reason) => {
                if let Some(working) = working
                    && let Some(connection) = working.await
                {
                    speaker.admitted(connection);
                }
                if let Some(connection) = speaker.leave() {
                    Box::pin(connection.close(reason)).await;
                }
                if matches!(reason, "ended" | "late") {
                    drop(timeout(LAST_WORDS, session.fetched.notified()).await);
                } else {
                    session.outgoing.give_up();
                }
                forget();
            }
        }
    }

    async fn poll(&mut self) -> End {
        let Self { session, speaker, packets, moves, working, stop } = self;
        let mut pulse = Pulse::new();
        loop {
            let is_working = working.is_some();
            let work = async {
                match &mut *working {
                    Some(working) => working.await,
                    None => pending().await,
                }
            };
            let heard = tokio::select! {
                biased;
                over = session.outgoing.over() => match over {
                    Over::Ended => return End::Over("ended"),
                    Over::GivenUp => return End::Over("slow"),
                },
                connection = work => {
                    *working = None;
                    if let Some(connection) = connection {
                        speaker.admitted(connection);
                    }
                    continue;
                }
                Some(packet) = packets.recv(), if !is_working => {
                    pulse.heard();
                    if packet.starts_with('b') { speaker.hear_bytes() } else { speaker.hear(packet.into()) }
                }
                // All that was given before is done.
                Some(moved) = moves.recv(), if !is_working => return End::Moved(moved),
                beat = poll_fn(|context| pulse.poll(context)) => match beat {
                    Beat::Ask => {
                        session.outgoing.put(Bytes::from_static(b"2"));
                        Heard::Nothing
                    }
                    Beat::Look if speaker.is_in() => Heard::Nothing,
                    Beat::Silent if speaker.is_in() => Heard::End("silent"),
                    Beat::Look | Beat::Silent => {
                        session.outgoing.put(Bytes::from_static(TOO_LATE.as_bytes()));
                        session.outgoing.end();
                        Heard::End("late")
                    }
                },
                () = session.broken.notified() => Heard::End("lost"),
                _ = stop.wait_for(|stop| *stop) => Heard::End("stopping"),
            };
            match heard {
                Heard::Nothing => {}
                Heard::Work(work) => *working = Some(work),
                Heard::End(reason) => return End::Over(reason),
            }
        }
    }
}

/// All frames are made of texts.
fn text(frame: &[u8]) -> String {
    String::from_utf8_lossy(frame).into_owned()
}

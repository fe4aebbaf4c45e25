//! Socket.IO, as `socketioxide` speaks it.
//!
//! The crate keeps the protocol: polling, upgrades, heartbeats, packets. Ours is who gets in and what messages mean. Events
//! are taken as the text they came in, and messages of one connection are worked on one after the other by a task of its
//! own, as the crate would start one for each.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_lang::plan::Wire;
use concord_runtime::{App, Connection, Message, Outlet, SocketId};
use http_body_util::{Either, Empty};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::{ConnectHandler, FromConnectParts, FromMessageParts};
use socketioxide::service::SocketIoService;
use socketioxide::socket::{DisconnectReason, Socket};
use socketioxide::{SendError, SocketError, SocketIo};
use socketioxide_core::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::interval;

use super::takeover::{key, switch};
use super::{Carries, PATIENCE, PING, QUEUE, head, whole};
use crate::http::{Answer, Site};

/// Messages of one connection that wait to be worked on, at most.
const WAITING: usize = 64;

/// All sockets that speak Socket.IO.
#[derive(Clone)]
pub(super) struct SocketIos(Arc<[One]>);

struct One {
    path: Arc<str>,
    service: SocketIoService<Nothing>,
    io: SocketIo,
}

impl SocketIos {
    pub(super) fn new(site: &Site) -> Self {
        let app = site.app();
        let ours = app.sockets().filter(|(_, wire, _)| matches!(wire, Wire::SocketIo));
        Self(ours.map(|(id, _, path)| One::new(site, id, path)).collect())
    }

    /// The one at a path.
    pub(super) fn at(&self, path: &str) -> Option<usize> {
        let path = path.strip_suffix('/').unwrap_or(path);
        self.0.iter().position(|one| *one.path == *path)
    }

    pub(super) async fn answer<B: Carries>(&self, at: usize, request: Request<B>) -> Answer {
        let One { service, .. } = &self.0[at];
        let (asked, body) = request.into_parts();
        if let Some(key) = key(&asked) {
            let service = service.clone();
            let taken = asked.clone();
            return switch(key, async move |stream, _| {
                // The crate goes on with the stream in tasks of its own.
                drop(Service::call(&service, (stream, Request::from_parts(taken, ()))).await);
            })
            .map(Either::Left);
        }
        let answered = Service::call(service, Request::from_parts(asked, body)).await;
        whole(answered.unwrap_or_else(|never| match never {}))
    }

    pub(super) async fn close(&self) {
        for one in &*self.0 {
            one.io.close().await;
        }
    }
}

/// What answers at the paths that are not Socket.IO's; none come this way.
#[derive(Clone)]
struct Nothing;

impl<B> Service<Request<B>> for Nothing {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn call(&self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        std::future::ready(Ok(response))
    }
}

impl One {
    fn new(site: &Site, id: SocketId, path: &Arc<str>) -> Self {
        let most = site.limits.body_bytes;
        let (service, io) = SocketIo::builder()
            .req_path(path.to_string())
            .ping_interval(PING)
            .ping_timeout(PATIENCE)
            .max_buffer_size(QUEUE)
            .max_payload(most as u64)
            .ws_max_message_size(most)
            .ws_max_frame_size(most)
            .build_with_inner_svc(Nothing);
        let app = site.app().clone();
        let admit = move |socket: SocketRef, asking: Asking| {
            let app = app.clone();
            async move { admit(&app, id, &socket, asking).await }
        };
        io.ns("/", begin.with(admit));
        Self { path: Arc::clone(path), service, io }
    }
}

/// A client that asks to be let in, and what it says of itself as the text it came in.
struct Asking {
    socket: Weak<Socket>,
    auth: Option<String>,
}

impl FromConnectParts<LocalAdapter> for Asking {
    type Error = Infallible;

    fn from_connect_parts(socket: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Self::Error> {
        let auth = match auth {
            Some(Value::Str(text, _)) => Some(text.to_string()),
            Some(Value::Bytes(_)) | None => None,
        };
        Ok(Self { socket: Arc::downgrade(socket), auth })
    }
}

/// An event as it came in.
enum Event {
    Text(String),
    /// With bytes beside the text.
    Binary,
    /// One that came when too many were waiting.
    TooMany,
}

/// What takes events up. The crate runs each handler in a task of its own, which would mix up their order; what a handler
/// wants to know it looks up first, in the order in which events came. So they are taken then, and no handler is run.
struct Taken;

/// There is nothing left for a handler to do.
#[derive(Debug, thiserror::Error)]
#[error("the event has been taken up")]
struct Done;

impl FromMessageParts<LocalAdapter> for Taken {
    type Error = Done;

    fn from_message_parts(socket: &Arc<Socket>, data: &mut Value, _: &Option<i64>) -> Result<Self, Done> {
        let Some(talk) = socket.extensions.get::<Arc<Talk>>() else { return Err(Done) };
        let event = match data {
            Value::Str(text, None) => Event::Text(text.to_string()),
            Value::Str(_, Some(_)) | Value::Bytes(_) => Event::Binary,
        };
        if talk.messages.try_send(event).is_err() {
            // Who sends faster than it is served is told so once there is room for that.
            let messages = talk.messages.clone();
            drop(talk.outlet.runtime.spawn(async move { messages.send(Event::TooMany).await }));
        }
        Err(Done)
    }
}

/// Why a client is not let in; what it is told.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotAdmitted(String);

async fn admit(app: &App, id: SocketId, socket: &SocketRef, asking: Asking) -> Result<(), NotAdmitted> {
    let outlet = Arc::new(ToSocket {
        socket: asking.socket,
        early: Mutex::new(Some(Vec::new())),
        runtime: Handle::current(),
    });
    let near: Arc<dyn Outlet> = Arc::<ToSocket>::clone(&outlet);
    let asked = (head(socket.req_parts()), Vec::new());
    let auth = asking.auth.unwrap_or_default();
    let connected = app.connect(id, asked, Some(auth.as_bytes()), Some(&socket.id.to_string()), near).await;
    let connection = connected.map_err(|denied| NotAdmitted(denied.message))?;
    let (messages, waiting) = mpsc::channel(WAITING);
    let reason = Arc::new(Mutex::new("lost"));
    tokio::spawn(work(connection, waiting, Arc::clone(&reason)));
    socket.extensions.insert(Arc::new(Talk { messages, reason, outlet }));
    listen(socket);
    Ok(())
}

/// What is kept beside a socket. With it the messages end, and so does the connection.
struct Talk {
    messages: mpsc::Sender<Event>,
    /// Why it ended.
    reason: Arc<Mutex<&'static str>>,
    outlet: Arc<ToSocket>,
}

/// Works on the messages of a connection, one after the other, and closes it when there are no more.
async fn work(connection: Connection, mut waiting: mpsc::Receiver<Event>, reason: Arc<Mutex<&'static str>>) {
    while let Some(event) = waiting.recv().await {
        match event {
            Event::Text(text) => match serde_json::from_str::<Packet<'_>>(&text) {
                Ok(Packet(event, data)) => {
                    // In a box, so that a silent connection does not hold room for it.
                    Box::pin(connection.receive(&event, data.map_or("", RawValue::get).as_bytes())).await;
                }
                Err(error) => connection.refuse(&invalid(&format!("this is no event: {error}"))),
            },
            Event::Binary => connection.refuse(&invalid("an event is JSON, without bytes beside it")),
            Event::TooMany => {
                let message = "too many messages at once; this one was dropped";
                connection.refuse(&Refusal::new(Kind::Unavailable, "OVERLOADED", message));
            }
        }
    }
    let reason = *reason.lock().unwrap_or_else(PoisonError::into_inner);
    Box::pin(connection.close(reason)).await;
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message.to_owned())
}

/// A socket that has been let in begins to talk.
async fn begin(socket: SocketRef) {
    if let Some(talk) = socket.extensions.get::<Arc<Talk>>() {
        talk.outlet.begin();
    }
}

/// Says what happens to events, and at the end. Before the client knows that it is let in: what it says at once counts.
fn listen(socket: &SocketRef) {
    socket.on_fallback(async |_: Taken| {});
    socket.on_disconnect(async |socket: SocketRef, reason: DisconnectReason| {
        if let Some(talk) = socket.extensions.remove::<Arc<Talk>>() {
            *talk.reason.lock().unwrap_or_else(PoisonError::into_inner) = match reason {
                DisconnectReason::TransportClose | DisconnectReason::ClientNSDisconnect => "left",
                DisconnectReason::MultipleHttpPollingError
                | DisconnectReason::PacketParsingError
                | DisconnectReason::TransportError => "lost",
                DisconnectReason::HeartbeatTimeout => "silent",
                DisconnectReason::ServerNSDisconnect => "ended",
                DisconnectReason::ClosingServer => "stopping",
            };
        }
    });
}

/// `["event", data]`; what else there is in it is not ours.
struct Packet<'a>(String, Option<&'a RawValue>);

impl<'de> Deserialize<'de> for Packet<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        impl<'de> Visitor<'de> for Parts {
            type Value = Packet<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list that begins with the name of an event")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let event = parts.next_element()?.ok_or_else(|| A::Error::custom("there is no event"))?;
                let data = parts.next_element()?;
                while parts.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Packet(event, data))
            }
        }

        deserializer.deserialize_seq(Parts)
    }
}

/// The end of a socket that events leave by.
struct ToSocket {
    socket: Weak<Socket>,
    /// What was sent before the client knew that it is connected; none from then on.
    early: Mutex<Option<Vec<Message>>>,
    /// Events come from threads that are none of the runtime's, too.
    runtime: Handle,
}

impl ToSocket {
    fn begin(&self) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        for message in early.take().into_iter().flatten() {
            self.emit(&message);
        }
    }

    fn emit(&self, message: &Message) -> bool {
        let Some(socket) = self.socket.upgrade() else { return true };
        let Ok(data) = serde_json::from_slice::<&RawValue>(&message.data) else { return true };
        match socket.emit(&*message.event, data) {
            Err(SendError::Socket(SocketError::InternalChannelFull)) => false,
            // One that is closed learns nothing more; its end is on the way.
            Err(SendError::Socket(SocketError::Closed)) | Ok(()) => true,
            Err(SendError::Serialize(error)) => {
                tracing::error!(?error, event = &*message.event, "an event was not sent");
                true
            }
        }
    }
}

impl Outlet for ToSocket {
    fn send(&self, message: &Message) -> bool {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *early {
            Some(early) if early.len() >= QUEUE => false,
            Some(early) => {
                early.push(message.clone());
                true
            }
            None => self.emit(message),
        }
    }

    fn end(&self) {
        let Some(socket) = self.socket.upgrade() else { return };
        drop(self.runtime.spawn(async move {
            // The word that it is over waits for room like any other; a reader that is stuck does not answer pings
            // either, and is gone when that is noticed.
            let mut again = interval(Duration::from_millis(200));
            while socket.connected() {
                again.tick().await;
                if Arc::clone(&socket).disconnect().is_ok() {
                    return;
                }
            }
        }));
    }
}

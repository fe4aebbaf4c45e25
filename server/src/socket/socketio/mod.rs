//! Socket.IO: protocol 5, on Engine.IO 4, the main namespace.
//!
//! Spoken here and not by a crate, as a crate reads a connection in one task, hands each message to another and writes in
//! a third, and keeps for a silent connection more than twice what it needs. What is left out: namespaces of one's own,
//! bytes beside an event, and answers that the server would ask for. All of them are refused, or ignored, by name.
//!
//! A connection begins as a WebSocket, or by polling (`session`) and becomes one.

mod packet;
mod session;
mod speaker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use concord_lang::plan::Wire;
use concord_runtime::{Head, SocketId};
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use self::session::Session;
use self::speaker::SocketIo;
use super::outgoing::Outgoing;
use super::takeover::{key, switch};
use super::talk::{Talk, websocket};
use super::{Carries, PATIENCE, PING, head};
use crate::http::Site;

/// Connections that are polling, at one time at most.
const POLLING: usize = 10_000;

/// All sockets that speak Socket.IO.
#[derive(Clone)]
pub(super) struct SocketIos(Arc<All>);

struct All {
    ones: Vec<(Arc<str>, SocketId)>,
    sessions: Sessions,
    stop: watch::Sender<bool>,
}

/// The connections that are polling, by the secrets that their clients know them by.
type Sessions = Arc<Mutex<HashMap<String, Arc<Session>>>>;

/// Why a request is refused, in the protocol's words.
#[derive(Clone, Copy)]
enum Fault {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    UnknownVersion,
    TooLarge,
    TooMany,
}

impl SocketIos {
    pub(super) fn new(site: &Site) -> Self {
        let sockets = site.app().sockets();
        let ours = sockets.filter(|(_, wire, _)| matches!(wire, Wire::SocketIo));
        let ones = ours.map(|(id, _, path)| (Arc::clone(path), id)).collect();
        Self(Arc::new(All { ones, sessions: Sessions::default(), stop: watch::Sender::new(false) }))
    }

    /// The one at a path.
    pub(super) fn at(&self, path: &str) -> Option<usize> {
        let path = path.strip_suffix('/').unwrap_or(path);
        self.0.ones.iter().position(|(one, _)| **one == *path)
    }

    pub(super) async fn answer<B: Carries>(
        &self,
        site: &Site,
        at: usize,
        request: Request<B>,
    ) -> Response<Full<Bytes>> {
        let (asked, body) = request.into_parts();
        self.answered(site, self.0.ones[at].1, &asked, body).await.unwrap_or_else(refused)
    }

    async fn answered<B: Carries>(
        &self,
        site: &Site,
        id: SocketId,
        asked: &Parts,
        body: B,
    ) -> Result<Response<Full<Bytes>>, Fault> {
        let query = Query::of(asked);
        if query.version != Some("4") {
            return Err(Fault::UnknownVersion);
        }
        match (query.transport, query.session) {
            (Some("websocket"), None) => {
                let key = key(asked).ok_or(Fault::BadRequest)?;
                Ok(begin(site, id, head(asked), key))
            }
            (Some("websocket"), Some(session)) => {
                let key = key(asked).ok_or(Fault::BadRequest)?;
                let session = self.session(session)?;
                if !session.may_upgrade() {
                    return Err(Fault::BadRequest);
                }
                let most = site.limits.body_bytes;
                Ok(switch(key, move |stream, stop| async move {
                    session.upgrade(websocket(stream, most).await, stop).await;
                }))
            }
            (Some("polling"), None) if asked.method == Method::GET => self.poll(site, id, head(asked)),
            (Some("polling"), None) => Err(Fault::BadMethod),
            (Some("polling"), Some(session)) => {
                let session = self.session(session)?;
                if asked.method == Method::GET {
                    session.take(site.limits.body_bytes).await.map(text)
                } else if asked.method == Method::POST {
                    session.give(site, body).await.map(|()| text("ok".into()))
                } else {
                    Err(Fault::BadMethod)
                }
            }
            (Some(_) | None, _) => Err(Fault::UnknownTransport),
        }
    }

    /// A connection that begins by polling.
    fn poll(&self, site: &Site, id: SocketId, head: Head) -> Result<Response<Full<Bytes>>, Fault> {
        let secret = site.fresh_secret();
        let mut sessions = locked(&self.0.sessions);
        if sessions.len() >= POLLING {
            return Err(Fault::TooMany);
        }
        let outgoing = Arc::new(Outgoing::default());
        let speaker = SocketIo::new(site.app().clone(), id, head, Arc::clone(&outgoing));
        let (session, task) = Session::new(outgoing, speaker, self.0.stop.subscribe());
        sessions.insert(secret.clone(), session);
        drop(sessions);
        let welcome = welcome(&secret, &["websocket"], site.limits.body_bytes);
        let sessions = Arc::clone(&self.0.sessions);
        tokio::spawn(task.run(move || {
            locked(&sessions).remove(&secret);
        }));
        Ok(text(welcome))
    }

    fn session(&self, secret: &str) -> Result<Arc<Session>, Fault> {
        locked(&self.0.sessions).get(secret).map(Arc::clone).ok_or(Fault::UnknownSession)
    }

    /// Ends the connections that are polling; those that are WebSockets end as all connections do.
    pub(super) fn close(&self) {
        self.0.stop.send_replace(true);
    }
}

/// A connection that is a WebSocket from the beginning.
fn begin(site: &Site, id: SocketId, head: Head, key: &HeaderValue) -> Response<Full<Bytes>> {
    let most = site.limits.body_bytes;
    let outgoing = Arc::new(Outgoing::default());
    outgoing.put(welcome(&site.fresh_secret(), &[], most).into());
    let speaker = SocketIo::new(site.app().clone(), id, head, Arc::clone(&outgoing));
    switch(key, move |stream, stop| async move {
        let socket = websocket(stream, most).await;
        Talk::new(socket, outgoing, speaker).run(stop).await;
    })
}

fn welcome(secret: &str, upgrades: &[&str], most: usize) -> String {
    let welcome = json!({
        "sid": secret,
        "upgrades": upgrades,
        "pingInterval": u64::try_from(PING.as_millis()).unwrap_or(u64::MAX),
        "pingTimeout": u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
        "maxPayload": most,
    });
    format!("0{welcome}")
}

/// What the query of a request says.
#[derive(Default)]
struct Query<'a> {
    version: Option<&'a str>,
    transport: Option<&'a str>,
    session: Option<&'a str>,
}

impl<'a> Query<'a> {
    fn of(asked: &'a Parts) -> Self {
        let mut query = Self::default();
        for (name, value) in
            asked.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='))
        {
            match name {
                "EIO" => query.version = Some(value),
                "transport" => query.transport = Some(value),
                "sid" => query.session = Some(value),
                _ => {}
            }
        }
        query
    }
}

fn text(text: String) -> Response<Full<Bytes>> {
    reply(StatusCode::OK, "text/plain; charset=UTF-8", text)
}

fn refused(fault: Fault) -> Response<Full<Bytes>> {
    let (status, code, message) = match fault {
        Fault::UnknownTransport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
        Fault::UnknownSession => (StatusCode::BAD_REQUEST, 1, "Session ID unknown"),
        Fault::BadMethod => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
        Fault::BadRequest => (StatusCode::BAD_REQUEST, 3, "Bad request"),
        Fault::UnknownVersion => (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version"),
        Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large"),
        Fault::TooMany => (StatusCode::SERVICE_UNAVAILABLE, 4, "Too many connections"),
    };
    reply(status, "application/json", json!({ "code": code, "message": message }).to_string())
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn locked(sessions: &Sessions) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use concord_lang::{Source, Sources};
    use concord_runtime::{App, Registry};
    use futures_util::StreamExt;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

    use super::*;
    use crate::socket::takeover::Stream;

    const CONTRACT: &str =
        "contract Talk at \"/talk\"\n  socket socketio at \"/socket.io\"\n    admit\n      true\n";

    async fn app() -> App {
        let mut registry = Registry::default();
        registry.add(concept_socket::Socket::default()).unwrap();
        let store = concord_store::open("memory:", concord_store::Retention::default()).unwrap();
        let source = Source { folder: "talk".into(), path: "talk/all.sync".into(), text: CONTRACT.into() };
        App::options().rules(Sources::new(vec![source])).open(registry, store).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_in_time_who_they_are_is_told_so() {
        let app = app().await;
        let id = app.sockets().next().unwrap().0;
        let (near, far) = tokio::io::duplex(4096);
        let outgoing = Arc::new(Outgoing::default());
        let speaker = SocketIo::new(app, id, Head::default(), Arc::clone(&outgoing));
        let socket = websocket(Stream::new(near, Bytes::new()), 4096).await;
        let (_running, stop) = watch::channel(false);
        tokio::spawn(Talk::new(socket, outgoing, speaker).run(stop));

        let mut client = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
        let mut heard = Vec::new();
        let code = loop {
            match client.next().await.unwrap().unwrap() {
                Message::Close(frame) => break frame.unwrap().code,
                message => heard.push(message.into_text().unwrap()),
            }
        };
        assert_eq!(heard, ["2", r#"44{"message":"CONNECTION_TIMEOUT"}"#]);
        assert_eq!(code, CloseCode::Policy);
    }
}

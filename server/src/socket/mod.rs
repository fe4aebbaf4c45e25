//! The server's ends of sockets: connections that are not answered once but stay.
//!
//! What they mean is the contracts' to say. Here is how they are spoken: JSON frames over a WebSocket, each contract's at
//! its own path (`json`), and Socket.IO (`socketio`). Both begin as a request that is taken over (`takeover`), and go
//! through one loop (`talk`).

mod json;
mod outgoing;
mod pulse;
mod socketio;
pub(crate) mod takeover;
mod talk;

use std::time::Duration;

use bytes::Bytes;
use concord_runtime::{Head, Params, SocketId};
use http_body_util::{Either, Full};
use hyper::http::request::Parts;
use hyper::{Request, Response};

use self::socketio::SocketIos;
use crate::http::{Answer, Cause, Peer, Site, respond, text_headers};

/// Events that wait for one connection at most.
const QUEUE: usize = 256;

/// Bytes that wait for one connection at most.
const QUEUED_BYTES: usize = 4 << 20;

/// How often a connection is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(20);

/// What answers the requests by which sockets begin.
#[derive(Clone)]
pub(crate) struct Sockets {
    socketios: SocketIos,
}

/// A body that a request for a socket may have.
pub(crate) trait Carries: hyper::body::Body<Data = Bytes, Error: Into<Cause>> + Send {}

impl<B: hyper::body::Body<Data = Bytes, Error: Into<Cause>> + Send> Carries for B {}

/// What is at a path.
pub(crate) enum At {
    /// JSON frames of a contract.
    Json(SocketId, Params),
    /// Socket.IO: its place among all.
    SocketIo(usize),
}

impl Sockets {
    pub(crate) fn new(site: &Site) -> Self {
        Self { socketios: SocketIos::new(site) }
    }

    /// The socket at a path, if one is there.
    pub(crate) fn at(&self, site: &Site, path: &str) -> Option<At> {
        let json = || site.app().socket_at(path).map(|(id, params)| At::Json(id, params));
        self.socketios.at(path).map(At::SocketIo).or_else(json)
    }

    /// Answers the request by which a connection begins, or one that it consists of.
    pub(crate) async fn answer<B: Carries>(&self, site: &Site, at: At, request: Request<B>) -> Answer {
        match at {
            At::Json(id, params) => {
                let (asked, _) = request.into_parts();
                json::open(site, (id, params), &asked).await.map(Either::Left)
            }
            At::SocketIo(at) => self.socketios.answer(site, at, request).await.map(Either::Left),
        }
    }

    /// Ends the connections that live in requests.
    pub(crate) fn close(&self) {
        self.socketios.close();
    }
}

/// What the runtime wants to know of the request by which a connection begins.
fn head(asked: &Parts) -> Head {
    Head {
        method: asked.method.as_str().to_owned(),
        path: asked.uri.path().to_owned(),
        query: asked.uri.query().unwrap_or_default().to_owned(),
        headers: text_headers(asked),
        ip: asked.extensions.get::<Peer>().map(|peer| peer.0.to_string()).unwrap_or_default(),
    }
}

/// A refusal to connect, as any other.
fn deny(denied: concord_runtime::Denied, asked: &Parts) -> Response<Full<Bytes>> {
    respond(denied.answered, asked)
}

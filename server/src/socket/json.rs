//! JSON frames over a WebSocket, in the shape that the contract states.

use std::sync::Arc;

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{Connection, Outlet, Params, SocketId};
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::outgoing::Outgoing;
use super::takeover::{key, switch, upgrade_required};
use super::talk::{Heard, Speaker, Talk, websocket};
use super::{deny, head};
use crate::http::{Site, respond};

/// Opens a connection, or says why not.
pub(super) async fn open(
    site: &Site,
    (id, params): (SocketId, Params),
    asked: &Parts,
) -> Response<Full<Bytes>> {
    let Some(key) = key(asked) else {
        let refusal =
            Refusal::new(Kind::Invalid, INVALID_REQUEST, "this is a WebSocket: connect to it with one");
        let status = Some(StatusCode::UPGRADE_REQUIRED.as_u16());
        return upgrade_required(respond(site.app().refuse_at(id.into(), refusal, status), asked));
    };
    let outgoing = Arc::new(Outgoing::default());
    let outlet: Arc<dyn Outlet> = Arc::<Outgoing>::clone(&outgoing);
    match site.app().connect(id, (head(asked), params), None, outlet).await {
        Ok(connection) => {
            let most = site.limits.body_bytes;
            switch(key, move |stream, stop| async move {
                let socket = websocket(stream, most).await;
                Talk::new(socket, outgoing, Frames(Arc::new(connection))).run(stop).await;
            })
        }
        Err(denied) => deny(denied, asked),
    }
}

struct Frames(Arc<Connection>);

impl Speaker for Frames {
    fn hear(&mut self, text: Utf8Bytes) -> Heard {
        let connection = Arc::clone(&self.0);
        Heard::Work(Box::pin(async move {
            connection.receive_frame(&text).await;
            None
        }))
    }

    fn hear_bytes(&mut self) -> Heard {
        let refusal = Refusal::new(Kind::Invalid, INVALID_REQUEST, "a message is text, not bytes");
        self.0.refuse(&refusal);
        Heard::Nothing
    }

    /// It was before the first message.
    fn admitted(&mut self, _: Connection) {}

    fn is_in(&self) -> bool {
        true
    }

    fn ping(&self) -> Message {
        Message::Ping(Bytes::new())
    }

    fn goodbye(&self, _: &str) -> Option<Message> {
        None
    }

    fn leave(self) -> Option<Connection> {
        Arc::into_inner(self.0)
    }
}

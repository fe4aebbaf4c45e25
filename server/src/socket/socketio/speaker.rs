//! What is said on a connection of Socket.IO, over whichever transport: who is let in, events, and the end.

use std::sync::Arc;

use bytes::Bytes;
use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_runtime::{App, Connection, Head, Outlet, SocketId};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::packet::{self, Packet};
use crate::socket::outgoing::Outgoing;
use crate::socket::talk::{Heard, Speaker, Working};

/// What a client is told that has not said in time who it is.
pub(super) const TOO_LATE: &str = r#"44{"message":"CONNECTION_TIMEOUT"}"#;

pub(super) struct SocketIo {
    /// None once it is let in.
    asking: Option<Box<Asking>>,
    connection: Option<Arc<Connection>>,
    outgoing: Arc<Outgoing>,
    /// Messages of bytes that belong to an event that was refused.
    bytes_due: usize,
}

/// How it asks to be let in.
struct Asking {
    app: App,
    id: SocketId,
    head: Head,
}

impl SocketIo {
    pub(super) fn new(app: App, id: SocketId, head: Head, outgoing: Arc<Outgoing>) -> Self {
        Self { asking: Some(Box::new(Asking { app, id, head })), connection: None, outgoing, bytes_due: 0 }
    }

    fn connect(&self, auth: &str) -> Heard {
        let Some(asking) = &self.asking else { return Heard::End("lost") };
        let Asking { app, id, head } = &**asking;
        let (app, id, head, auth) = (app.clone(), *id, head.clone(), auth.to_owned());
        let outgoing = Arc::clone(&self.outgoing);
        Heard::Work(Box::pin(async move {
            // Events may be on their way before the client knows that it is let in.
            outgoing.hold();
            let outlet: Arc<dyn Outlet> = Arc::<Outgoing>::clone(&outgoing);
            match app.connect(id, (head, Vec::new()), Some(auth.as_bytes()), outlet).await {
                Ok(connection) => {
                    outgoing.begin(format!("40{}", json!({ "sid": connection.id() })).into());
                    Some(connection)
                }
                Err(denied) => {
                    outgoing.begin_anew(format!("44{}", json!({ "message": denied.message })).into());
                    None
                }
            }
        }))
    }

    fn event(&self, text: &str, number: Option<&str>) -> Heard {
        // Nobody speaks before being let in.
        let Some(connection) = &self.connection else { return Heard::End("lost") };
        let event = match packet::event(text) {
            Ok((name, data)) => connection.receive(&name, data),
            Err(error) => {
                let refusal = connection.refuse(&invalid(&format!("this is no event: {error}")));
                self.acknowledge(number, refusal.as_ref());
                return Heard::Nothing;
            }
        };
        let Some(number) = number else {
            return Heard::Work(Box::pin(async move {
                event.await;
                None
            }));
        };
        Heard::Work(self.acknowledged(event, number.to_owned()))
    }

    fn acknowledged(
        &self,
        event: impl Future<Output = Option<concord_runtime::Message>> + Send + 'static,
        number: String,
    ) -> Working {
        let outgoing = Arc::clone(&self.outgoing);
        Box::pin(async move {
            let refusal = event.await;
            outgoing.put(acknowledgement(&number, refusal.as_ref()));
            None
        })
    }

    fn acknowledge(&self, number: Option<&str>, refusal: Option<&concord_runtime::Message>) {
        if let Some(number) = number {
            self.outgoing.put(acknowledgement(number, refusal));
        }
    }

    fn refuse_bytes(&self) -> Heard {
        match &self.connection {
            Some(connection) => {
                connection.refuse(&invalid("an event is JSON, without bytes beside it"));
                Heard::Nothing
            }
            None => Heard::End("lost"),
        }
    }
}

impl Speaker for SocketIo {
    fn hear(&mut self, text: Utf8Bytes) -> Heard {
        match packet::read(&text) {
            Some(Packet::Event(event, number)) => self.event(event, number),
            Some(Packet::Connect(auth)) => self.connect(auth),
            Some(Packet::ConnectElsewhere(place)) => {
                let why = json!({ "message": "Invalid namespace" });
                self.outgoing.put(format!("44{place},{why}").into());
                Heard::Nothing
            }
            Some(Packet::Binary(count)) => {
                self.bytes_due = count;
                self.refuse_bytes()
            }
            Some(Packet::Leave) => Heard::End("left"),
            Some(Packet::Other) => Heard::Nothing,
            None => Heard::End("lost"),
        }
    }

    fn hear_bytes(&mut self) -> Heard {
        if self.bytes_due > 0 {
            self.bytes_due -= 1;
            return Heard::Nothing;
        }
        self.refuse_bytes()
    }

    fn admitted(&mut self, connection: Connection) {
        self.asking = None;
        self.connection = Some(Arc::new(connection));
    }

    fn is_in(&self) -> bool {
        self.connection.is_some()
    }

    fn ping(&self) -> Message {
        Message::Text(Utf8Bytes::from_static("2"))
    }

    fn goodbye(&self, reason: &str) -> Option<Message> {
        let packet = match reason {
            "ended" => "41",
            "late" => TOO_LATE,
            _ => return None,
        };
        Some(Message::Text(Utf8Bytes::from_static(packet)))
    }

    fn leave(self) -> Option<Connection> {
        self.connection.and_then(Arc::into_inner)
    }
}

/// Tells the sender of an event that it was taken in: with nothing, or with what its contract's error event says.
fn acknowledgement(number: &str, refusal: Option<&concord_runtime::Message>) -> Bytes {
    let mut text = format!("43{number}[").into_bytes();
    text.extend_from_slice(refusal.map_or(b"", |refusal| &refusal.data));
    text.push(b']');
    text.into()
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message.to_owned())
}

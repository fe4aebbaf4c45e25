//! A connection that is open: its messages become flows, one after the other, and its end is one, too.

use std::sync::Arc;

use concord::{INVALID_REQUEST, Json, Kind, Name, Refusal, Value};
use tokio::runtime::Handle;

use super::fields::of_message;
use super::{Message, error_message};
use crate::app::App;
use crate::carry::Carried;
use crate::contract::fields::kept;
use crate::flow::FlowId;
use crate::registry::ActionRef;
use crate::stimulus::{Answer, Input, Waits};

type Fields = Vec<(Name, Value)>;

/// A connection that is open. Dropped without being closed, it is closed as lost.
pub struct Connection {
    app: App,
    contract: usize,
    id: Arc<str>,
    /// What `admit` bound, and what the connection brought along.
    fields: Fields,
    query: String,
    is_closed: bool,
}

impl Connection {
    pub(super) fn new(app: App, contract: usize, id: Arc<str>, fields: Fields, query: String) -> Self {
        Self { app, contract, id, fields, query, is_closed: false }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes in a message. What is refused is told to the other side as the contract has it, and returned. Ends when
    /// everything that the message made due is done.
    pub fn receive(
        self: &Arc<Self>,
        event: &str,
        data: Value,
    ) -> impl Future<Output = Option<Message>> + Send + 'static {
        self.finish(self.begin(event, data))
    }

    /// Takes in a whole frame of JSON, in the shape that the contract states.
    pub fn receive_frame(
        self: &Arc<Self>,
        text: &str,
    ) -> impl Future<Output = Option<Message>> + Send + 'static {
        self.finish(self.begin_frame(text))
    }

    fn begin_frame(&self, text: &str) -> Result<Carried<Answer>, Refusal> {
        let socket = self.app.plan().contracts[self.contract].socket.as_ref();
        let Some(concord_lang::plan::Wire::Json { event: event_key, data: data_key, .. }) =
            socket.map(|socket| &socket.wire)
        else {
            return Err(Refusal::internal("this socket has no frames of JSON"));
        };
        match Value::of_json(text) {
            Ok(frame @ Value::Object(_)) => match frame.field(event_key).as_text() {
                Some(event) => self.begin(event, frame.field(data_key)),
                None => Err(invalid(format!("a message says in `{event_key}` what it is"))),
            },
            Ok(other) => Err(invalid(format!("a message is an object, not {}", other.kind()))),
            Err(error) => Err(invalid(format!("a message must be JSON: {error}"))),
        }
    }

    fn begin(&self, name: &str, data: Value) -> Result<Carried<Answer>, Refusal> {
        let socket = self.app.plan().contracts[self.contract].socket.as_ref();
        let (Some(socket), Some(actions)) = (socket, self.app.inner.engine.sockets.actions) else {
            return Err(Refusal::internal("there is no concept `Socket`"));
        };
        let Some(event) = socket.events.iter().find(|event| *event.name == *name) else {
            return Err(self.unknown(name));
        };
        let named = of_message(&event.fields, &data, &self.query)?;
        let mut own = vec![("event".into(), Value::text(Arc::clone(&event.name)))];
        if event.whole && !data.is_null() {
            own.push(("data".into(), data));
        }
        let secret = |name: &str| event.fields.iter().any(|field| field.secret && *field.name == *name);
        let input = self.input(own, named, secret);
        Ok(self.start(actions.receive, input, Waits::End { reaction: true }))
    }

    fn finish(
        self: &Arc<Self>,
        begun: Result<Carried<Answer>, Refusal>,
    ) -> impl Future<Output = Option<Message>> + Send + 'static {
        let connection = Arc::clone(self);
        async move {
            match begun {
                Ok(flow) => match flow.await {
                    Answer::Refused(by, refusal) => connection.tell(by, &refusal),
                    Answer::Result(_) | Answer::Response(_) => None,
                },
                Err(refusal) => connection.refuse(&refusal),
            }
        }
    }

    fn unknown(&self, name: &str) -> Refusal {
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let socket = self.app.plan().contracts[self.contract].socket.as_ref();
        let known = socket.iter().flat_map(|socket| socket.events.iter().map(|event| &*event.name));
        invalid(match concord::nearest(&name, known) {
            Some(near) => format!("there is no event {name}; did you mean {near}?"),
            None => format!("there is no event {name}"),
        })
    }

    /// Tells the other side that what it sent is no message; what it was told.
    pub fn refuse(&self, refusal: &Refusal) -> Option<Message> {
        self.tell(None, refusal)
    }

    fn tell(&self, by: Option<ActionRef>, refusal: &Refusal) -> Option<Message> {
        let (kind, code, why) = (refusal.kind.name(), &*refusal.code, refusal.chain());
        tracing::debug!(connection = &*self.id, kind, code, why, "a message was refused");
        let message = error_message(&self.app, self.contract, by, refusal)?;
        self.app.inner.engine.sockets.hub.send(&self.id, &message);
        Some(message)
    }

    /// Ends the connection: nothing reaches it any more, and syncs learn of it.
    pub async fn close(mut self, reason: &str) {
        if let Some(closing) = self.closing(reason) {
            closing.await;
        }
    }

    /// The flow of the end; none if there was one.
    fn closing(&mut self, reason: &str) -> Option<impl Future<Output = ()> + Send + 'static> {
        if std::mem::replace(&mut self.is_closed, true) {
            return None;
        }
        self.app.inner.engine.sockets.hub.remove(&self.id);
        let actions = self.app.inner.engine.sockets.actions?;
        let input = self.input(vec![("reason".into(), Value::text(reason))], Vec::new(), |_| false);
        let ended = self.start(actions.close, input, Waits::End { reaction: false });
        let id = Arc::clone(&self.id);
        Some(async move {
            if let Answer::Refused(_, refusal) = ended.await {
                let why = refusal.chain();
                tracing::warn!(
                    connection = &*id,
                    code = &*refusal.code,
                    why,
                    "a connection was not closed well"
                );
            }
        })
    }

    /// The input of a stimulus: the engine's own fields, then those of the connection, then what a message brings along.
    pub(super) fn input(&self, own: Fields, named: Fields, secret: impl Fn(&str) -> bool) -> Input {
        let contract = Arc::clone(&self.app.plan().contracts[self.contract].name);
        let mut fields = Fields::with_capacity(2 + own.len() + self.fields.len() + named.len());
        fields.push(("contract".into(), Value::text(contract)));
        fields.push(("connection".into(), Value::text(Arc::clone(&self.id))));
        for (name, value) in own.into_iter().chain(self.fields.iter().cloned()).chain(named) {
            if !fields.iter().any(|(known, _)| *known == name) {
                fields.push((name, value));
            }
        }
        fields.retain(|(_, value)| !value.is_null());
        let keep = kept(&fields, secret).map(|mut kept| {
            // The whole data would tell what the field does not.
            kept.retain(|(name, _)| **name != *"data");
            Json::Value(Value::Object(kept.into()))
        });
        Input { given: Json::Value(Value::Object(fields.into())), keep, upload: None, admitted: Vec::new() }
    }

    fn start(&self, action: ActionRef, input: Input, waits: Waits) -> Carried<Answer> {
        let engine = &self.app.inner.engine;
        let flow = FlowId::fresh(engine.clock.now(), &*engine.ids);
        self.app.start(flow, action, input, waits)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Without a runtime the process is ending; the next one closes what this one leaves.
        if let (Some(closing), Ok(runtime)) = (self.closing("lost"), Handle::try_current()) {
            drop(runtime.spawn(closing));
        }
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message)
}

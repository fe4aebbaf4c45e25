//! A connection that is open: its messages become flows, one after the other, and its end is one, too.

use std::sync::Arc;

use concord::{INVALID_REQUEST, Kind, Refusal};
use concord_lang::Value;
use tokio::runtime::Handle;

use super::error_message;
use super::fields::of_message;
use crate::app::App;
use crate::eval::json_object;
use crate::flow::FlowId;
use crate::registry::ActionRef;
use crate::stimulus::{Answer, Input, Waits};

/// A connection that is open. Dropped without being closed, it is closed as lost.
pub struct Connection {
    app: App,
    contract: usize,
    id: Arc<str>,
    /// What `admit` bound, and what the connection brought along.
    fields: Vec<(Arc<str>, Value)>,
    query: String,
    is_closed: bool,
}

impl Connection {
    pub(super) fn new(
        app: App,
        contract: usize,
        id: Arc<str>,
        fields: Vec<(Arc<str>, Value)>,
        query: String,
    ) -> Self {
        Self { app, contract, id, fields, query, is_closed: false }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes in a message; `data` is JSON text, or nothing. What is refused is told to the other side as the contract has
    /// it. Ends when everything that the message made due is done.
    pub async fn receive(&self, event: &str, data: &[u8]) {
        let data = if data.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(data) };
        match data {
            Ok(data) => self.take(event, data).await,
            Err(error) => self.refuse(&invalid(format!("the data of a message must be JSON: {error}"))),
        }
    }

    /// Takes in a whole frame of JSON, in the shape that the contract states.
    pub async fn receive_frame(&self, text: &[u8]) {
        let socket = self.app.plan().contracts[self.contract].socket.as_ref();
        let Some(concord_lang::plan::Wire::Json { event: event_key, data: data_key, .. }) =
            socket.map(|socket| &socket.wire)
        else {
            return self.refuse(&Refusal::internal("this socket has no frames of JSON"));
        };
        match serde_json::from_slice::<Value>(text) {
            Ok(frame @ Value::Object(_)) => match frame.field(event_key).as_text() {
                Some(event) => self.take(event, frame.field(data_key)).await,
                None => self.refuse(&invalid(format!("a message says in `{event_key}` what it is"))),
            },
            Ok(other) => self.refuse(&invalid(format!("a message is an object, not {}", other.kind()))),
            Err(error) => self.refuse(&invalid(format!("a message must be JSON: {error}"))),
        }
    }

    async fn take(&self, name: &str, data: Value) {
        let Some(socket) = &self.app.plan().contracts[self.contract].socket else { return };
        let Some(event) = socket.events.iter().find(|event| *event.name == *name) else {
            return self.refuse(&self.unknown(name));
        };
        let named = match of_message(&event.fields, &data, &self.query) {
            Ok(named) => named,
            Err(refusal) => return self.refuse(&refusal),
        };
        let Some(actions) = self.app.inner.engine.sockets.actions else { return };
        let mut own = vec![("event".into(), Value::Text(Arc::clone(&event.name)))];
        if event.whole && !data.is_null() {
            own.push(("data".into(), data));
        }
        let secret = |name: &str| event.fields.iter().any(|field| field.secret && *field.name == *name);
        let input = self.input(own);
        let input = with(input, named, secret);
        if let Answer::Refused(by, refusal) =
            self.start(actions.receive, input, Waits::End { reaction: true }).await
        {
            self.tell(by, &refusal);
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

    /// Tells the other side that what it sent is no message.
    pub fn refuse(&self, refusal: &Refusal) {
        self.tell(None, refusal);
    }

    fn tell(&self, by: Option<ActionRef>, refusal: &Refusal) {
        let (kind, code, why) = (refusal.kind.name(), &*refusal.code, refusal.chain());
        tracing::debug!(connection = &*self.id, kind, code, why, "a message was refused");
        if let Some(message) = error_message(&self.app, self.contract, by, refusal) {
            self.app.inner.engine.sockets.hub.send(&self.id, &message);
        }
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
        let input = self.input(vec![("reason".into(), Value::text(reason))]);
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

    /// The input of a stimulus: the engine's own fields, then those of the connection.
    pub(super) fn input(&self, own: Vec<(Arc<str>, Value)>) -> Input {
        let contract = Arc::clone(&self.app.plan().contracts[self.contract].name);
        let first = [
            ("contract".into(), Value::Text(contract)),
            ("connection".into(), Value::Text(Arc::clone(&self.id))),
        ];
        with(
            Input { text: Vec::new().into(), values: None, keep: None, upload: None, admitted: Vec::new() },
            first.into_iter().chain(own).chain(self.fields.iter().cloned()).collect(),
            |_| false,
        )
    }

    fn start(
        &self,
        action: ActionRef,
        input: Input,
        waits: Waits,
    ) -> impl Future<Output = Answer> + Send + 'static {
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

/// Adds fields, but for those that are there already.
fn with(input: Input, more: Vec<(Arc<str>, Value)>, secret: impl Fn(&str) -> bool) -> Input {
    let mut fields = match input.values {
        Some(Value::Object(fields)) => fields.to_vec(),
        Some(_) | None => Vec::new(),
    };
    for (name, value) in more {
        if !fields.iter().any(|(known, _)| *known == name) {
            fields.push((name, value));
        }
    }
    let keep = fields.iter().any(|(name, _)| secret(name)).then(|| {
        let shown = |(name, value): &(Arc<str>, Value)| {
            (Arc::clone(name), if secret(name) { Value::text("(secret)") } else { value.clone() })
        };
        // The whole data would tell what the field does not.
        let kept: Vec<(Arc<str>, Value)> =
            fields.iter().filter(|(name, _)| **name != *"data").map(shown).collect();
        json_object(&kept).into()
    });
    Input {
        text: json_object(&fields).into(),
        values: Some(Value::Object(fields.into())),
        keep,
        upload: None,
        admitted: Vec::new(),
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message)
}

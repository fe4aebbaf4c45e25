//! Who may connect, and how a connection begins.

use std::sync::Arc;

use concord::{Name, Refusal, Value};
use concord_lang::plan::Socket;

use super::fields::opening;
use super::{Connection, Outlet, SocketId, fresh_connection, told};
use crate::app::App;
use crate::contract::fields::{headers, pairs};
use crate::contract::{Answered, Gate, Head, Refused, laid_upon};
use crate::eval::Frame;
use crate::flow::{FlowId, Record};
use crate::registry::ActionRef;
use crate::stimulus::{Answer, Input, Waits};

/// Why there is no connection.
#[derive(Debug)]
pub struct Denied {
    /// What it is called.
    pub code: String,
    /// The words.
    pub message: String,
    /// The same as the answer to a request.
    pub answered: Answered,
}

/// The named parts of a path.
pub type Params = Vec<(Arc<str>, String)>;

/// How a connection asks to be let in.
type Asking<'a> = (&'a Head, &'a Params, Value);

/// What `admit` bound, and what it did.
type Admitted = (Vec<(Name, Value)>, Vec<Record>);

impl App {
    /// The socket whose messages are JSON at a path, with the named parts of the path.
    pub fn socket_at(&self, path: &str) -> Option<(SocketId, Params)> {
        let contracts = self.plan().contracts.iter().enumerate();
        let path = path.strip_prefix('/')?;
        let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        contracts.filter_map(|(at, contract)| Some((at, contract.socket.as_ref()?))).find_map(
            |(at, socket)| match socket.wire {
                concord_lang::plan::Wire::Json { .. } => {
                    Some((SocketId(at), laid_upon(&socket.path, &parts)?))
                }
                concord_lang::plan::Wire::SocketIo => None,
            },
        )
    }

    /// Opens a connection, or says why not. `auth` is what it says of itself besides its head. Events may reach the outlet
    /// before this returns.
    pub async fn connect(
        &self,
        SocketId(contract): SocketId,
        (head, params): (Head, Params),
        auth: Option<&[u8]>,
        outlet: Arc<dyn Outlet>,
    ) -> Result<Connection, Denied> {
        let engine = &self.inner.engine;
        let flow = FlowId::fresh(engine.clock.now(), &*engine.ids);
        let plan = &engine.rules.plan.contracts[contract];
        let (Some(socket), Some(actions)) = (&plan.socket, engine.sockets.actions) else {
            let refusal = Refusal::internal("there is no concept `Socket`");
            return Err(self.denied(contract, flow, None, refusal));
        };
        let auth = auth.and_then(|auth| serde_json::from_slice(auth).ok()).unwrap_or_default();
        let (bound, records) = match self.admitted(flow, socket, (&head, &params, auth)).await {
            Ok(admitted) => admitted,
            Err((by, refusal)) => return Err(self.denied(contract, flow, by, refusal)),
        };
        let fields = match opening(socket, &params, &head.query, &bound) {
            Ok(fields) => fields,
            Err(refusal) => {
                self.remember_admitted(flow, &records);
                return Err(self.denied(contract, flow, None, refusal));
            }
        };
        let id = fresh_connection(self);
        if !engine.sockets.hub.add(&id, contract, outlet) {
            let refusal = Refusal::internal("there is a connection of this id");
            return Err(self.denied(contract, flow, None, refusal));
        }
        let connection = Connection::new(self.clone(), contract, id, fields, head.query.clone());
        let given = socket.given.iter().filter_map(|name| match &**name {
            "headers" => Some((name.into(), headers(&head))),
            "ip" => Some((name.into(), Value::text(&*head.ip))),
            _ => None,
        });
        let input = Input { admitted: records, ..connection.input(given.collect(), Vec::new(), |_| false) };
        match self.start(flow, actions.open, input, Waits::End { reaction: false }).await {
            Answer::Refused(by, refusal) => {
                connection.close("refused").await;
                Err(self.denied(contract, flow, by, refusal))
            }
            Answer::Result(_) | Answer::Response(_) => Ok(connection),
        }
    }

    /// What the lines of `admit` bound.
    async fn admitted(
        &self,
        flow: FlowId,
        socket: &Socket,
        (head, params, auth): Asking<'_>,
    ) -> Result<Admitted, (Option<ActionRef>, Refusal)> {
        let mut given: Frame =
            vec![headers(head), Value::text(&*head.ip), Value::text(&*head.path), query(&head.query), auth];
        given.extend(params.iter().map(|(_, text)| Value::text(&**text)));
        given.resize(socket.admit_slots.max(given.len()), Value::Null);
        let decision = self.decide(Gate { lines: &socket.admit, given: &given }, flow).await;
        if let Some(refused) = decision.refusal {
            self.remember_admitted(flow, &decision.records);
            return Err(refused);
        }
        let value = |slot: usize| decision.frame.get(slot).cloned().unwrap_or_default();
        let bound = socket.admitted.iter().map(|(name, slot)| (name.into(), value(*slot))).collect();
        Ok((bound, decision.records))
    }

    fn denied(&self, contract: usize, flow: FlowId, by: Option<ActionRef>, refusal: Refusal) -> Denied {
        let concept = by.map(|action| self.registry().instance(action).spec().name);
        let (code, message) = told(&self.plan().contracts[contract], concept, &refusal);
        let (code, message) = (code.to_owned(), message.to_owned());
        let refused = Refused { flow, by, status: None, headers: Vec::new() };
        Denied { code, message, answered: self.refused(contract, refusal, refused) }
    }
}

/// The query as an object.
fn query(text: &str) -> Value {
    let pairs = pairs(text);
    Value::Object(pairs.map(|(name, value)| (Name::shared(name), Value::text(value))).collect())
}

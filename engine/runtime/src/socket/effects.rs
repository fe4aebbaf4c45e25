//! From the records of a firing to what they do to connections.

use std::sync::Arc;

use concord::Value;
use concord_store::Effects;

use super::hub::Effect;
use super::message;
use crate::fact::Fact;
use crate::matching::Outside;
use crate::transaction::{Done, Engine};

impl Engine {
    /// What an attempt does to connections, ready to be let go when it has committed.
    pub(crate) fn effects(&self, done: Done<'_>) -> Effects {
        let Some(actions) = &self.sockets.actions else { return Effects::default() };
        let is_effect = |fact: &&Fact| {
            [actions.emit, actions.join, actions.leave, actions.disconnect].contains(&fact.record.action)
        };
        let mut facts = done.facts.iter().filter(is_effect).filter(|fact| !fact.has_failed()).peekable();
        if facts.peek().is_none() {
            return Effects::default();
        }
        let effects: Vec<Effect> = facts.filter_map(|fact| self.effect(done.contract, fact)).collect();
        let (hub, contract) = (self.sockets.hub.clone(), done.contract);
        Effects::new(move || hub.apply(contract, effects))
    }

    fn effect(&self, contract: Option<usize>, fact: &Fact) -> Option<Effect> {
        let actions = self.sockets.actions.as_ref()?;
        let (record, input) = (&fact.record, fact.input());
        let text = |name: &str| match input.field(name) {
            Value::Text(text) => Some(text.share()),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Object(_) => None,
        };
        if record.action == actions.emit {
            let to = text("to")?;
            // A rule of no contract speaks to single connections, each as its own contract has it.
            let of = contract.or_else(|| self.sockets.hub.contract(&to))?;
            let socket = self.rules.plan.contracts[of].socket.as_ref()?;
            let mut outside = Outside::of(self);
            let message = message(socket, &text("event")?, data(input), &mut outside);
            return Some(Effect::Emit { to, except: text("except"), message });
        }
        if record.action == actions.disconnect {
            return Some(Effect::End { connection: text("connection"), group: text("group") });
        }
        let connection = text("connection")?;
        if record.action == actions.join {
            return Some(Effect::Join { connection, group: text("group")? });
        }
        (record.action == actions.leave).then_some(Effect::Leave { connection, group: text("group")? })
    }
}

/// What is sent along; an event without data has an object without fields.
fn data(input: &Value) -> Value {
    match input.field("data") {
        Value::Null => Value::Object(Arc::default()),
        data => data,
    }
}

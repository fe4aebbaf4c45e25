//! The connections that are here, and the groups they are in.
//!
//! One lock for all of it: an event reaches all members of a group before the next one reaches any, which is what gives
//! all of them one order. Under it nothing waits; a connection that cannot take an event is given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Message, Outlet};

/// What a commit does to connections.
#[derive(Debug)]
pub(crate) enum Effect {
    Join { connection: Arc<str>, group: Arc<str> },
    Leave { connection: Arc<str>, group: Arc<str> },
    Emit { to: Arc<str>, except: Option<Arc<str>>, message: Message },
    End { connection: Option<Arc<str>>, group: Option<Arc<str>> },
}

#[derive(Default, Clone)]
pub(crate) struct Hub(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    members: HashMap<Arc<str>, Member>,
    /// By contract: nobody reaches the groups of another.
    groups: HashMap<(usize, Arc<str>), Vec<Arc<str>>>,
}

struct Member {
    contract: usize,
    outlet: Arc<dyn Outlet>,
    groups: Vec<Arc<str>>,
}

impl Hub {
    /// Takes a connection in; false if one of that id is here already.
    pub(crate) fn add(&self, id: &Arc<str>, contract: usize, outlet: Arc<dyn Outlet>) -> bool {
        let mut state = self.state();
        if state.members.contains_key(id) {
            return false;
        }
        state.members.insert(Arc::clone(id), Member { contract, outlet, groups: Vec::new() });
        true
    }

    pub(crate) fn remove(&self, id: &str) {
        self.state().remove(id);
    }

    /// The contract of a connection that is here.
    pub(crate) fn contract(&self, id: &str) -> Option<usize> {
        self.state().members.get(id).map(|member| member.contract)
    }

    pub(crate) fn count(&self) -> usize {
        self.state().members.len()
    }

    /// Does what a commit of a rule of this contract says.
    pub(crate) fn apply(&self, contract: Option<usize>, effects: Vec<Effect>) {
        let mut state = self.state();
        for effect in effects {
            match effect {
                Effect::Join { connection, group } => state.join(contract, &connection, group),
                Effect::Leave { connection, group } => state.leave(contract, &connection, &group),
                Effect::Emit { to, except, message } => state.emit(contract, &to, except.as_ref(), &message),
                Effect::End { connection, group } => {
                    if let Some(connection) = connection {
                        state.end(contract, &connection);
                    }
                    if let Some(group) = group {
                        state.end_all(contract, &group);
                    }
                }
            }
        }
    }

    /// Sends an event to one connection.
    pub(crate) fn send(&self, id: &Arc<str>, message: &Message) {
        self.state().send(id, message);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A connection, if a rule of this contract may touch it.
    fn member(&mut self, contract: Option<usize>, id: &str) -> Option<&mut Member> {
        self.members.get_mut(id).filter(|member| contract.is_none_or(|contract| contract == member.contract))
    }

    fn end(&mut self, contract: Option<usize>, id: &str) {
        if let Some(member) = self.member(contract, id) {
            member.outlet.end();
        }
    }

    /// A rule of no contract reaches no group.
    fn end_all(&mut self, contract: Option<usize>, group: &Arc<str>) {
        let members = contract.and_then(|contract| self.groups.get(&(contract, Arc::clone(group))));
        for id in members.into_iter().flatten() {
            if let Some(member) = self.members.get(id) {
                member.outlet.end();
            }
        }
    }

    fn join(&mut self, contract: Option<usize>, id: &Arc<str>, group: Arc<str>) {
        let Some(member) = self.member(contract, id) else { return };
        if member.groups.contains(&group) {
            return;
        }
        member.groups.push(Arc::clone(&group));
        let contract = member.contract;
        self.groups.entry((contract, group)).or_default().push(Arc::clone(id));
    }

    fn leave(&mut self, contract: Option<usize>, id: &Arc<str>, group: &Arc<str>) {
        let Some(member) = self.member(contract, id) else { return };
        member.groups.retain(|joined| joined != group);
        let contract = member.contract;
        self.take_out(&(contract, Arc::clone(group)), id);
    }

    fn take_out(&mut self, group: &(usize, Arc<str>), id: &str) {
        let Some(members) = self.groups.get_mut(group) else { return };
        members.retain(|member| **member != *id);
        if members.is_empty() {
            self.groups.remove(group);
        }
    }

    fn remove(&mut self, id: &str) {
        let Some(Member { contract, groups, .. }) = self.members.remove(id) else { return };
        for group in groups {
            self.take_out(&(contract, group), id);
        }
    }

    fn emit(&mut self, contract: Option<usize>, to: &Arc<str>, except: Option<&Arc<str>>, message: &Message) {
        if let Some(member) = self.member(contract, to) {
            if except != Some(to) && !member.outlet.send(message) {
                self.give_up(to);
            }
            return;
        }
        let Some(contract) = contract else { return };
        let Some(members) = self.groups.get(&(contract, Arc::clone(to))) else { return };
        let mut slow = Vec::new();
        for id in members.iter().filter(|id| except != Some(id)) {
            if self.members.get(id).is_some_and(|member| !member.outlet.send(message)) {
                slow.push(Arc::clone(id));
            }
        }
        for id in slow {
            self.give_up(&id);
        }
    }

    fn send(&mut self, id: &Arc<str>, message: &Message) {
        if self.members.get(id).is_some_and(|member| !member.outlet.send(message)) {
            self.give_up(id);
        }
    }

    /// Nothing more is sent to a connection that is too slow; whoever holds it notices that it has ended.
    fn give_up(&mut self, id: &Arc<str>) {
        if let Some(member) = self.members.get(id) {
            member.outlet.end();
        }
        self.remove(id);
    }
}

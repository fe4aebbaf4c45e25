//! Who gets in, and to what.

use std::sync::Arc;

use concord::{Kind, Refusal, Value};
use concord_lang::plan::{Step, StepKind};
use concord_store::{CommitError, Owed};

use super::refusal::Refused;
use super::router::Found;
use super::{Admission, Answered, ContractId, Head};
use crate::app::App;
use crate::eval::{Frame, Halt, pure};
use crate::fact::Fact;
use crate::flow::{FlowId, Record};
use crate::matching::Outside;
use crate::registry::ActionRef;
use crate::transaction::{Done, End, Job};

/// Lines of `admit`, and what they start from.
#[derive(Clone, Copy)]
pub(crate) struct Gate<'a> {
    pub(crate) lines: &'a [Step],
    pub(crate) given: &'a Frame,
}

/// What `admit` came to.
pub(crate) struct Decision {
    pub(crate) frame: Frame,
    pub(crate) refusal: Option<(Option<ActionRef>, Refusal)>,
    pub(crate) records: Vec<Record>,
}

impl App {
    /// The contract that a path belongs to.
    pub fn contract_at(&self, path: &str) -> Option<ContractId> {
        self.inner.contracts.router.contract(path).map(|(contract, _)| ContractId(contract))
    }

    /// Lets a request in, or says why not. Everyone is asked who they are before they learn what is there, but where the
    /// contract is public.
    pub async fn admit(&self, ContractId(contract): ContractId, head: Head) -> Result<Admission, Answered> {
        let engine = &self.inner.engine;
        let flow = FlowId::fresh(engine.clock.now(), &*engine.ids);
        let router = &self.inner.contracts.router;
        let plan = &engine.rules.plan.contracts[contract];
        let rest = router.contract(&head.path).map_or("", |(_, rest)| rest);
        let found = router.find(contract, &head.method, rest);
        let is_public = matches!(&found, Found::Route(route, _) if plan.routes[*route].public);
        let (mut bound, mut headers, mut records) = (Vec::new(), Vec::new(), Vec::new());
        if !(is_public || plan.admit.is_empty()) {
            let route = match &found {
                Found::Route(route, _) => Arc::clone(&plan.routes[*route].text),
                Found::Methods(_) | Found::Nothing => "".into(),
            };
            let given = given(&head, route, plan.admit_slots);
            let decision = self.decide(Gate { lines: &plan.admit, given: &given }, flow).await;
            headers = self.headers(contract, decision.frame.clone());
            if let Some((by, refusal)) = decision.refusal {
                self.remember_admitted(flow, &decision.records);
                return Err(self.refused(contract, refusal, Refused { flow, by, status: None, headers }));
            }
            let value = |slot: usize| decision.frame.get(slot).cloned().unwrap_or_default();
            bound = plan.admitted.iter().map(|(name, slot)| (name.into(), value(*slot))).collect();
            records = decision.records;
        }
        match found {
            Found::Route(route, params) => {
                Ok(Admission { contract, route, flow, head, params, bound, headers, records })
            }
            Found::Methods(methods) => {
                self.remember_admitted(flow, &records);
                let refusal =
                    Refusal::new(Kind::Invalid, "METHOD_NOT_ALLOWED", "this method is not allowed here");
                headers.push(("allow".into(), methods.join(", ")));
                Err(self.refused(contract, refusal, Refused { flow, by: None, status: Some(405), headers }))
            }
            Found::Nothing => {
                self.remember_admitted(flow, &records);
                let refusal = self.nothing_at(contract, &head);
                Err(self.refused(contract, refusal, Refused { flow, by: None, status: None, headers }))
            }
        }
    }

    /// Says which route was probably meant.
    fn nothing_at(&self, contract: usize, head: &Head) -> Refusal {
        let plan = &self.plan().contracts[contract];
        let rest = self.inner.contracts.router.contract(&head.path).map_or("", |(_, rest)| rest);
        let asked: String =
            format!("{} {rest}", head.method).chars().filter(|c| !c.is_control()).take(128).collect();
        let message = match concord::nearest(&asked, plan.routes.iter().map(|route| &*route.text)) {
            Some(near) => format!("there is nothing at {asked}; did you mean {near}?"),
            None => format!("there is nothing at {asked}"),
        };
        Refusal::new(Kind::NotFound, crate::registry::NOT_FOUND, message)
    }

    /// Runs the lines of `admit`. When a line refuses, what the lines above it did stands.
    pub(crate) async fn decide(&self, gate: Gate<'_>, flow: FlowId) -> Decision {
        let engine = &self.inner.engine;
        let Gate { mut lines, given } = gate;
        let mut refused: Option<(Option<ActionRef>, Refusal)> = None;
        let mut failed: Option<Fact> = None;
        let mut lost = std::collections::BTreeSet::new();
        loop {
            let _turn = if lost.is_empty() { None } else { Some(engine.queue.turn(&lost).await) };
            let (mut ran, changes) =
                engine.attempt(&mut Job::Admit(lines, given), !lost.is_empty(), None).await;
            let (frame, refusal) = match &ran.end {
                End::Halted(line, frame, halt) => {
                    if refused.is_none() && ran.facts.iter().any(Fact::has_failed) {
                        // An action failed half way: the lines above it are run again without it.
                        refused = Some(as_refusal(halt));
                        failed = ran.facts.pop().filter(|_| acts(&lines[*line]));
                        lines = &gate.lines[..*line];
                        continue;
                    }
                    (frame.clone(), Some(as_refusal(halt)))
                }
                End::Dropped(_, frame) => {
                    (frame.clone(), Some((None, Refusal::internal("a line of admit dropped the request"))))
                }
                End::Admitted(frame) => (frame.clone(), refused.clone()),
                End::Called(_) | End::Done | End::Failed(..) => {
                    (given.clone(), Some((None, Refusal::internal("admit did not admit"))))
                }
            };
            number(&mut ran.facts, failed.as_mut());
            let done = Done { facts: &ran.facts, contract: None };
            match engine.commit(flow, done, changes, Owed::default(), &lost).wait().await {
                Ok(()) => {
                    let facts = ran.facts.into_iter().chain(failed);
                    return Decision { frame, refusal, records: facts.map(|fact| fact.record).collect() };
                }
                Err(CommitError::Conflict(key)) => {
                    lost.insert(key);
                }
                Err(CommitError::Failed(fault)) => {
                    let refusal = Some((None, Refusal::unavailable(fault)));
                    let records = ran.facts.into_iter().map(|fact| fact.record).collect();
                    return Decision { frame, refusal, records };
                }
            }
        }
    }

    /// The contract's headers, those whose variables are bound.
    fn headers(&self, contract: usize, mut frame: Frame) -> Vec<(String, String)> {
        let engine = &self.inner.engine;
        let plan = &engine.rules.plan.contracts[contract];
        let mut outside = Outside::of(engine);
        frame.resize(plan.admit_slots, Value::Null);
        let text = |value: Value| match value {
            Value::Null => None,
            Value::Text(text) => Some(text.to_string()),
            other => Some(other.to_json()),
        };
        plan.headers
            .iter()
            .filter_map(|(name, expr)| {
                Some((name.to_string(), text(pure::value(expr, &mut frame, &mut outside))?))
            })
            .collect()
    }
}

fn as_refusal(halt: &Halt) -> (Option<ActionRef>, Refusal) {
    match halt {
        Halt::Else(refusal) | Halt::Burst(refusal) => (None, refusal.clone()),
        Halt::Failed(action, refusal) => (Some(*action), refusal.clone()),
    }
}

/// Whether a line is an action, which has a record.
fn acts(line: &Step) -> bool {
    matches!(&line.kind, StepKind::Call(_, call) if call.rows.is_none())
}

/// Numbers what `admit` did, in order: the request comes after it and has 0. The one that failed is the last.
fn number(facts: &mut [Fact], failed: Option<&mut Fact>) {
    let count = facts.len() + usize::from(failed.is_some());
    for (number, fact) in (0..count).rev().zip(facts.iter_mut().chain(failed)) {
        fact.record.number = -1 - i32::try_from(number).unwrap_or(i32::MAX - 1);
    }
}

/// What `admit` starts from: `headers`, `ip`, `route` and `path`.
fn given(head: &Head, route: Arc<str>, slots: usize) -> Frame {
    let mut frame = vec![
        super::fields::headers(head),
        Value::text(&*head.ip),
        Value::text(route),
        Value::text(&*head.path),
    ];
    frame.resize(slots.max(frame.len()), Value::Null);
    frame
}

//! What a sync does when it fires: its own lines, then its actions, in each frame that is left. All of it stands in one
//! transaction; of a firing that is undone only the action that failed is left, if one did.

use concord::rt::Given;
use concord::{Json, Refusal, Tx};
use concord_lang::plan::Sync;

use crate::eval::pattern::fits;
use crate::eval::{Asking, Frame};
use crate::fact::Fact;
use crate::flow::{Cause, Record};
use crate::registry::ActionRef;
use crate::transaction::{End, Engine, Ran};

pub(crate) struct Firing<'f> {
    asking: Asking<'f>,
    sync: &'f Sync,
    cause: &'f Cause,
    facts: Vec<Fact>,
}

impl<'f> Firing<'f> {
    pub(crate) fn new(engine: &'f Engine, tx: &'f mut Tx, sync: &'f Sync, cause: &'f Cause) -> Self {
        let asking = Asking { engine, plan: &engine.rules.plan, tx, facts: Vec::new(), built: 0 };
        Self { asking, sync, cause, facts: Vec::with_capacity(sync.then.len()) }
    }

    pub(crate) async fn run(mut self, frame: &mut Frame) -> Ran {
        let ended = self.all(frame).await;
        Ran { facts: self.facts, contract: self.sync.contract, end: ended.err().unwrap_or(End::Done) }
    }

    /// The whole sync; if not to its end, why not.
    async fn all(&mut self, frame: &mut Frame) -> Result<(), End> {
        if self.sync.body.is_empty() {
            return self.act(frame).await;
        }
        let framed = self.asking.lines(&self.sync.body, frame.clone()).await;
        let framed = framed.map_err(|(line, frame, halt)| End::Halted(line, frame, halt))?;
        if let Some((line, frame)) = framed.dropped {
            return Err(End::Dropped(line, frame));
        }
        for mut frame in framed.frames {
            self.act(&mut frame).await?;
        }
        Ok(())
    }

    /// Its actions, in one frame.
    async fn act(&mut self, frame: &mut Frame) -> Result<(), End> {
        for (at, call) in self.sync.then.iter().enumerate() {
            let input = match self.asking.args(call, frame).await {
                Ok(input) => input,
                Err(halt) => {
                    self.facts.clear();
                    return Err(End::Halted(self.sync.body.len() + at, frame.clone(), halt));
                }
            };
            let Asking { engine, tx, .. } = &mut self.asking;
            let engine = *engine;
            let action = ActionRef::from(call.action);
            let (noted, result) = engine.invoke(action, tx, Given::Value(&input)).await;
            let record = Record::new(action, tx.now(), noted, &result).caused(self.cause);
            let refusal = match result {
                Err(refusal) => Some(refusal),
                Ok(_) if self.facts.len() >= engine.flow_bound => {
                    Some(Refusal::internal("the firing has no end"))
                }
                Ok(_) if call.outs.is_empty() => None,
                Ok(output) => {
                    let as_said = fits(&call.outs, &output.value(), frame, &mut self.asking.world());
                    (!as_said).then(|| Refusal::internal("a result is not what its pattern says"))
                }
            };
            if refusal.is_some() {
                self.facts.clear();
            }
            self.facts.push(Fact::new(record, Json::Value(input)));
            if let Some(refusal) = refusal {
                return Err(End::Failed(action, refusal));
            }
        }
        Ok(())
    }
}

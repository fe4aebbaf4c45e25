//! What happened in a flow, and what nearly did.
//!
//! A [`Trace`] is data: a running server makes one from its memory, a stopped one's journal gives one with less in it.
//! Either is printed as a tree, as JSON or as a diagram.

mod diagram;
mod near;
mod text;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::flow::{Flow, FlowId};

/// A flow, told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Which flow.
    pub flow: String,
    /// What happened, in order.
    pub records: Vec<Told>,
    /// What did not happen, and why.
    #[serde(default)]
    pub near: Vec<Near>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its number in the flow: the stimulus has 0, and what `admit` did before it less than that.
    pub n: i32,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The concept, or the instance of it.
    pub concept: String,
    /// The action.
    pub action: String,
    /// With what.
    pub input: Value,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Which sync did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<ToldCause>,
}

/// What caused a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldCause {
    /// The sync.
    pub sync: String,
    /// The records that it matched.
    pub records: Vec<u32>,
}

/// A sync that did nothing, or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// The sync; empty when it is the flow as a whole.
    pub sync: String,
    /// The records that it matched, as far as it did.
    pub records: Vec<u32>,
    /// `path:line`
    pub place: String,
    /// What stands there.
    pub line: String,
    /// What came of it.
    pub why: String,
    /// What the line's variables held.
    pub values: serde_json::Map<String, Value>,
}

impl Trace {
    /// A trace from the lines of a journal.
    pub fn of_journal(flow: FlowId, lines: &[bytes::Bytes]) -> Result<Self, serde_json::Error> {
        let records = lines.iter().map(|line| serde_json::from_slice(line)).collect::<Result<_, _>>()?;
        Ok(Self { flow: flow.to_string(), records, near: Vec::new() })
    }

    /// The record that another one followed from: the newest of those that its sync matched.
    fn parent(record: &Told) -> Option<i32> {
        i32::try_from(*record.cause.as_ref()?.records.iter().max()?).ok()
    }
}

impl App {
    /// Tells what happened in a flow.
    pub fn trace(&self, flow: &Flow) -> Trace {
        let told =
            |record: &crate::flow::Record| serde_json::from_slice(&record.to_json(self.registry())).ok();
        Trace {
            flow: flow.id.to_string(),
            records: flow.admitted.iter().chain(&flow.records).filter_map(told).collect(),
            near: near::misses(self, flow),
        }
    }
}

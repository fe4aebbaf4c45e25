//! Flows: everything that follows from one stimulus, and the records of it.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use bytes::Bytes;
use concord::{Ids, Kind, Millis, Refusal};

use crate::registry::{ActionRef, Registry};

/// A flow's id: its start in milliseconds, then 80 random bits, so that ids sort by age. Clients see it as the request
/// id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u128);

impl FlowId {
    pub(crate) fn fresh(now: Millis, ids: &dyn Ids) -> Self {
        let start = u128::from(now.0.max(0).unsigned_abs());
        Self(start << 80 | ids.bits() & ((1 << 80) - 1))
    }
}

impl FlowId {
    /// The id as text. The same as its display, without the machinery of formatting: every reply carries it.
    pub fn to_text(self) -> String {
        concord::rt::hex(self.0, 32)
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no flow id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a flow id is 32 hexadecimal digits, as the x-request-id header has it")]
pub struct BadFlowId;

impl FromStr for FlowId {
    type Err = BadFlowId;

    fn from_str(text: &str) -> Result<Self, BadFlowId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(BadFlowId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| BadFlowId)
    }
}

/// What happened once: an action with its input and outcome. The input is as the journal may keep it, without secrets.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which action.
    pub action: ActionRef,
    /// When its transaction began.
    pub at: Millis,
    /// JSON text; empty when the input was refused before it could be read.
    pub input: Bytes,
    /// JSON text, or how it was refused.
    pub outcome: Result<Bytes, Failure>,
}

/// What a record keeps of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: Kind,
    /// Its code.
    pub code: Box<str>,
    /// What the client was told.
    pub message: Box<str>,
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self { kind: refusal.kind, code: (&*refusal.code).into(), message: (&*refusal.message).into() }
    }
}

impl Record {
    /// The record as one line of JSON, for the journal and for traces. The parts are JSON already and the names are
    /// identifiers, so they are put together as they are.
    pub fn to_json(&self, registry: &Registry) -> Vec<u8> {
        let (instance, action) = registry.names(self.action);
        let mut line = Vec::with_capacity(self.weight() + 96);
        // Writing to memory does not fail.
        let _ = write!(line, r#"{{"at":{},"concept":"{instance}","action":"{action}","input":"#, self.at);
        line.extend_from_slice(if self.input.is_empty() { b"null" } else { &self.input });
        match &self.outcome {
            Ok(output) => {
                line.extend_from_slice(br#","output":"#);
                line.extend_from_slice(output);
            }
            Err(failure) => {
                let Failure { kind, code, message } = failure;
                let error = serde_json::json!({ "kind": kind.name(), "code": code, "message": message });
                line.extend_from_slice(br#","error":"#);
                line.extend_from_slice(error.to_string().as_bytes());
            }
        }
        line.push(b'}');
        line
    }

    /// Bytes that the record holds on to, roughly.
    pub(crate) fn weight(&self) -> usize {
        let outcome = match &self.outcome {
            Ok(output) => output.len(),
            Err(failure) => failure.code.len() + failure.message.len(),
        };
        size_of::<Self>() + self.input.len() + outcome
    }
}

/// A flow that has come to rest.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// What happened in it, in order.
    pub records: Vec<Record>,
}

//! Flows: everything that follows from one stimulus, and the records of it.

mod packed;
mod record;

use std::fmt;
use std::str::FromStr;

use concord::{Ids, Kind, Millis, Value};

use crate::bound::Excess;

pub(crate) use self::packed::{pack, unpack};
pub use self::record::{Cause, Failure, Record};

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
    /// The digits of its display, without the machinery of formatting: every reply carries them.
    pub fn digits(self) -> [u8; 32] {
        concord::rt::hex(self.0)
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

/// A flow that has come to rest.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// What `admit` did before it began. No rule sees these.
    pub(crate) admitted: Vec<Record>,
    /// What happened in it, in order.
    pub records: Vec<Record>,
    /// What did not happen, and why.
    pub(crate) notes: Vec<Note>,
}

/// A firing that did nothing, or something that is worth a word in the trace. Kept as numbers; text is made when
/// somebody asks.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// The sync, and the records that it matched.
    pub(crate) cause: Option<Cause>,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A line dropped the last frame.
    Dropped { line: usize, frame: Vec<Value> },
    /// A line, or an action of `then`, refused.
    Refused { line: Option<usize>, frame: Vec<Value>, failure: Failure },
    /// The request had its response already.
    SecondResponse,
    /// Nothing responded.
    Unanswered,
    /// The flow was stopped at a bound; with the names of the syncs that led there.
    Endless { excess: Excess, syncs: Box<str> },
}

impl Note {
    /// Whether this tells of a failure that was the store's.
    pub(crate) fn is_stranded(&self) -> bool {
        match &self.what {
            What::Refused { failure, .. } => failure.kind == Kind::Unavailable,
            What::Dropped { .. } | What::SecondResponse | What::Unanswered | What::Endless { .. } => false,
        }
    }

    /// Bytes that it holds on to, roughly.
    pub(crate) fn weight(&self) -> usize {
        let frame = match &self.what {
            What::Dropped { frame, .. } | What::Refused { frame, .. } => &frame[..],
            What::SecondResponse | What::Unanswered | What::Endless { .. } => &[],
        };
        size_of::<Self>() + frame.iter().map(|value| size_of::<Value>() + value.weight()).sum::<usize>()
    }
}

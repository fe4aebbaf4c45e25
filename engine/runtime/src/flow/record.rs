//! Records: what happened once.

use std::sync::Arc;

use bytes::Bytes;
use concord::{Json, Kind, Millis, Output, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::registry::{ActionRef, Registry};

/// What happened once: an action with its input and outcome. The input is as the journal may keep it, without secrets.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place in its flow: the stimulus has 0, and what `admit` did before it less than that.
    pub number: i32,
    /// Which action.
    pub action: ActionRef,
    /// When its transaction began.
    pub at: Millis,
    /// With what; nothing when the input was refused before it could be read.
    pub input: Json,
    /// What it gave, or how it was refused.
    pub outcome: Result<Json, Failure>,
    /// The firing that did it; none for a stimulus.
    pub cause: Option<Cause>,
}

/// What caused a record: a sync, and the records that it matched, by their numbers in the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The sync's folder and name.
    pub sync: Arc<str>,
    /// One record for each line of `when`.
    pub records: Arc<[u32]>,
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
    pub(crate) fn new(action: ActionRef, at: Millis, input: Json, result: &Result<Output, Refusal>) -> Self {
        let outcome = match result {
            // A copy: the reply's own bytes go back to where they came from while they are warm.
            Ok(Json::Text(output)) => Ok(Json::Text(Bytes::copy_from_slice(output))),
            Ok(output) => Ok(output.clone()),
            Err(refusal) => Err(refusal.into()),
        };
        Self { number: 0, action, at, input, outcome, cause: None }
    }

    pub(crate) fn caused(self, cause: &Cause) -> Self {
        Self { cause: Some(cause.clone()), ..self }
    }

    /// The record as one line of JSON, for the journal and for traces. The parts are JSON already and the names are
    /// identifiers, so they are put together as they are.
    pub fn to_json(&self, registry: &Registry) -> Vec<u8> {
        let (instance, action) = registry.names(self.action);
        let mut line = Vec::with_capacity(320);
        // Piece by piece: every durable action is recorded, and formatting takes its time.
        let mut number = itoa::Buffer::new();
        line.extend_from_slice(br#"{"n":"#);
        line.extend_from_slice(number.format(self.number).as_bytes());
        line.extend_from_slice(br#","at":"#);
        line.extend_from_slice(number.format(self.at.0).as_bytes());
        for (before, text) in
            [(r#","concept":""#, instance), (r#"","action":""#, action), (r#"","input":"#, "")]
        {
            line.extend_from_slice(before.as_bytes());
            line.extend_from_slice(text.as_bytes());
        }
        if self.input.is_nothing() {
            line.extend_from_slice(b"null");
        }
        self.input.write(&mut line);
        match &self.outcome {
            Ok(output) => {
                line.extend_from_slice(br#","output":"#);
                output.write(&mut line);
            }
            Err(failure) => {
                let Failure { kind, code, message } = failure;
                let error = serde_json::json!({ "kind": kind.name(), "code": code, "message": message });
                line.extend_from_slice(br#","error":"#);
                line.extend_from_slice(error.to_string().as_bytes());
            }
        }
        if let Some(Cause { sync, records }) = &self.cause {
            line.extend_from_slice(br#","cause":{"sync":""#);
            line.extend_from_slice(sync.as_bytes());
            line.extend_from_slice(br#"","records":["#);
            for (at, record) in records.iter().enumerate() {
                if at > 0 {
                    line.push(b',');
                }
                line.extend_from_slice(number.format(*record).as_bytes());
            }
            line.extend_from_slice(b"]}");
        }
        line.push(b'}');
        line
    }

    /// The record of such a line; none if it speaks of something that is not there any more.
    pub(crate) fn of_json(line: &RawValue, registry: &Registry) -> Option<Self> {
        let line: Line<'_> = serde_json::from_str(line.get()).ok()?;
        let action = registry.resolve(line.concept, line.action).ok()?;
        let json = |raw: &RawValue| Json::Text(Bytes::copy_from_slice(raw.get().as_bytes()));
        let outcome = match (line.output, line.error) {
            (Some(output), None) => Ok(json(output)),
            (_, Some(error)) => Err(Failure {
                kind: Kind::of_name(&error.kind)?,
                code: error.code.into(),
                message: error.message.into(),
            }),
            (None, None) => return None,
        };
        let input = if line.input.get() == "null" { Json::NOTHING } else { json(line.input) };
        let cause = line.cause.map(|cause| Cause { sync: cause.sync.into(), records: cause.records.into() });
        Some(Self { number: line.n, action, at: line.at, input, outcome, cause })
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    n: i32,
    at: Millis,
    concept: &'a str,
    action: &'a str,
    #[serde(borrow)]
    input: &'a RawValue,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    error: Option<ErrorLine>,
    cause: Option<CauseLine>,
}

#[derive(Deserialize)]
struct ErrorLine {
    kind: String,
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct CauseLine {
    sync: String,
    records: Vec<u32>,
}

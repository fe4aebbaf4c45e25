//! A record as rules see it: with the whole of its input, and values where it holds text.
//!
//! What a record keeps of an input may lack secrets; rules compare and pass on what was given. A text is read when somebody
//! first asks.

use std::cell::OnceCell;

use concord::{Json, Refusal, Value};
use concord_lang::ActionId;

use crate::flow::{Failure, Record};

pub(crate) struct Fact {
    pub(crate) record: Record,
    given: Json,
    /// What `given` says, if it is a text and somebody asked.
    input: OnceCell<Value>,
    /// The same of the outcome.
    output: OnceCell<Value>,
}

impl Fact {
    /// `given` is the input as the action got it.
    pub(crate) fn new(record: Record, given: Json) -> Self {
        Self { record, given, input: OnceCell::new(), output: OnceCell::new() }
    }

    /// Of a record of which nothing else is left.
    pub(crate) fn of_record(record: Record) -> Self {
        let given = record.input.clone();
        Self::new(record, given)
    }

    pub(crate) fn action(&self) -> ActionId {
        self.record.action.into()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.record.outcome.is_err()
    }

    /// It turns out that it failed.
    pub(crate) fn fail(&mut self, refusal: &Refusal) {
        self.record.outcome = Err(refusal.into());
        self.output = OnceCell::new();
    }

    /// The input as the action got it.
    pub(crate) fn given(&self) -> &Json {
        &self.given
    }

    pub(crate) fn input(&self) -> &Value {
        seen(&self.given, &self.input)
    }

    /// The result; of a failure, its code, message and kind.
    pub(crate) fn output(&self) -> &Value {
        match &self.record.outcome {
            Ok(output) => seen(output, &self.output),
            Err(failure) => self.output.get_or_init(|| told(failure)),
        }
    }
}

/// Texts are JSON that the engine wrote or an action has read; an input that could not be read is null.
fn seen<'j>(json: &'j Json, read: &'j OnceCell<Value>) -> &'j Value {
    match json {
        Json::Value(value) => value,
        Json::Text(_) => read.get_or_init(|| json.value()),
    }
}

fn told(Failure { kind, code, message }: &Failure) -> Value {
    let fields = [("code", &**code), ("message", message), ("kind", kind.name())];
    Value::Object(fields.map(|(name, text)| (name.into(), Value::text(text))).into())
}

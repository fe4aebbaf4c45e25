//! A record as rules see it: values instead of text, read when first asked for.

use std::cell::OnceCell;

use bytes::Bytes;
use concord_lang::{ActionId, Value};

use crate::flow::Failure;

pub(crate) struct Fact {
    pub(crate) action: ActionId,
    /// Whether it failed.
    pub(crate) failed: bool,
    input_text: Bytes,
    outcome: Result<Bytes, Failure>,
    input: OnceCell<Value>,
    output: OnceCell<Value>,
}

impl Fact {
    pub(crate) fn new(action: ActionId, input: Bytes, outcome: Result<Bytes, Failure>) -> Self {
        Self {
            action,
            failed: outcome.is_err(),
            input_text: input,
            outcome,
            input: OnceCell::new(),
            output: OnceCell::new(),
        }
    }

    pub(crate) fn input(&self) -> &Value {
        self.input.get_or_init(|| read(&self.input_text))
    }

    /// With its input known already, as values.
    pub(crate) fn with_input(self, input: Value) -> Self {
        Self { input: OnceCell::from(input), ..self }
    }

    /// The result; of a failure, its code, message and kind.
    pub(crate) fn output(&self) -> &Value {
        self.output.get_or_init(|| match &self.outcome {
            Ok(output) => read(output),
            Err(Failure { kind, code, message }) => {
                let field = |name: &str, text: &str| (name.into(), Value::text(text));
                let fields = [field("code", code), field("message", message), field("kind", kind.name())];
                Value::Object(fields.into())
            }
        })
    }
}

/// Records hold JSON that the engine wrote; an input that could not be read is empty.
fn read(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_default()
}

//! Refusals in a contract's own words and shape.

use concord::{Kind, Name, Refusal, Value};
use concord_lang::plan::Contract;

use super::Answered;
use crate::app::App;
use crate::eval::pure;
use crate::flow::FlowId;
use crate::matching::Outside;
use crate::registry::ActionRef;

/// A refusal on its way out.
pub(crate) struct Refused {
    pub(crate) flow: FlowId,
    /// The action that refused, if one did.
    pub(crate) by: Option<ActionRef>,
    /// The status, if not that of the kind.
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
}

impl App {
    /// A refusal in the terms of a contract.
    pub(crate) fn refused(&self, contract: usize, refusal: Refusal, how: Refused) -> Answered {
        let contract = &self.plan().contracts[contract];
        let concept = how.by.map(|action| self.registry().instance(action).spec().name);
        let renamed = contract.renamed(concept, &refusal.code);
        let status = renamed.and_then(|entry| entry.status).or(how.status).unwrap_or(refusal.kind.status());
        let code = renamed.map_or(&*refusal.code, |entry| &*entry.renamed);
        let text = renamed.and_then(|entry| entry.text.as_deref());
        let message = match text {
            Some(text) => text,
            // What happened inside is not for clients, whatever it is called.
            None if refusal.kind == Kind::Internal => "an internal error",
            None => &refusal.message,
        };
        let details: Value = refusal
            .details
            .as_deref()
            .map_or(Value::Null, |details| serde_json::Value::Object(details.clone()).into());
        let mut body = self.shape(contract, status, code, message, details);
        if self.inner.explains
            && let (Value::Object(fields), Some(flow)) = (&body, self.recent(how.flow))
        {
            let trace = ("trace".into(), Value::text(self.trace(&flow).to_string()));
            body = Value::Object(fields.iter().cloned().chain([trace]).collect());
        }
        let mut headers = how.headers;
        if status == 503 {
            headers.push(("retry-after".into(), "1".into()));
        }
        let body = body.to_json().into();
        Answered { flow: how.flow, status, headers, body, refused: Some(Box::new(refusal)) }
    }

    fn shape(&self, contract: &Contract, status: u16, code: &str, message: &str, details: Value) -> Value {
        let mut fields: Vec<(Name, Value)> = match &contract.shape {
            Some(shape) => {
                let mut frame =
                    vec![Value::text(message), Value::text(code), details, Value::Int(i64::from(status))];
                let engine = &self.inner.engine;
                let mut outside = Outside::of(engine);
                match pure::value(shape, &mut frame, &mut outside) {
                    Value::Object(fields) => fields.to_vec(),
                    other => return other,
                }
            }
            None => vec![
                ("error".into(), Value::text(message)),
                ("code".into(), Value::text(code)),
                ("details".into(), details),
            ],
        };
        fields.retain(|(_, value)| !value.is_null());
        Value::Object(fields.into())
    }
}

//! A request that has been let in becomes a flow, and the flow an answer.

use std::sync::Arc;

use bytes::Bytes;
use concord::{Json, Name, Refusal, Value};

use super::fields::gather;
use super::refusal::Refused;
use super::{Admission, Answered, Content, ContractId};
use crate::app::App;
use crate::flow::{FlowId, Record};
use crate::stimulus::{Answer, Input, Waits};

impl App {
    /// Answers a request that has been let in. Dropping the future cancels nothing.
    pub async fn request(&self, mut admission: Admission, content: impl Into<Content>) -> Answered {
        let content = content.into();
        let Admission { contract, flow, .. } = admission;
        let headers = std::mem::take(&mut admission.headers);
        let route = &self.plan().contracts[contract].routes[admission.route];
        let refused = |by, headers| Refused { flow, by, status: None, headers };
        let own = [
            ("contract".into(), Value::text(Arc::clone(&self.plan().contracts[contract].name))),
            ("route".into(), Value::text(Arc::clone(&route.text))),
        ];
        let fields = match gather(own, &admission, route, &content) {
            Ok(fields) => fields,
            Err(refusal) => {
                self.remember(&admission);
                let status = (refusal.code == "UNSUPPORTED_TYPE").then_some(415);
                return self.refused(contract, refusal, Refused { status, ..refused(None, headers) });
            }
        };
        let Some((request, respond)) = self.inner.contracts.requesting else {
            let refusal = Refusal::internal("there is no concept `Requesting`");
            return self.refused(contract, refusal, refused(None, headers));
        };
        let object = |fields: Vec<(Name, Value)>| Json::Value(Value::Object(fields.into()));
        let upload = match content {
            Content::Body(_) => None,
            Content::Form(form) => Some(Box::new(form.upload)),
        };
        let input = Input {
            given: object(fields.whole),
            keep: fields.kept.map(object),
            upload,
            admitted: std::mem::take(&mut admission.records),
        };
        let answer = self.start(flow, request, input, Waits::Response(respond)).await;
        match answer {
            Answer::Response(response) => {
                let (status, more, body) = respond_with(&response.value());
                let mut headers = headers;
                headers.extend(more);
                Answered { flow, status, headers, body, refused: None }
            }
            Answer::Refused(by, refusal) => self.refused(contract, refusal, refused(by, headers)),
            Answer::Result(_) => {
                let refusal = Refusal::internal("a request is not answered by a result");
                self.refused(contract, refusal, refused(None, headers))
            }
        }
    }

    /// A refusal of the transport's own (too much, too late, too large), in the contract's shape.
    pub fn refuse(&self, admission: Admission, refusal: Refusal, status: Option<u16>) -> Answered {
        self.remember(&admission);
        let Admission { contract, flow, headers, .. } = admission;
        self.refused(contract, refusal, Refused { flow, by: None, status, headers })
    }

    /// Keeps for the trace what `admit` did for a request that is refused before it exists.
    fn remember(&self, admission: &Admission) {
        self.remember_admitted(admission.flow, &admission.records);
    }

    pub(crate) fn remember_admitted(&self, flow: FlowId, records: &[Record]) {
        if !records.is_empty() {
            self.inner.ring.push(flow, records, [].iter(), Vec::new());
        }
    }

    /// The same for a request that never got as far as being admitted.
    pub fn refuse_at(
        &self,
        ContractId(contract): ContractId,
        refusal: Refusal,
        status: Option<u16>,
    ) -> Answered {
        let engine = &self.inner.engine;
        let flow = FlowId::fresh(engine.clock.now(), &*engine.ids);
        self.refused(contract, refusal, Refused { flow, by: None, status, headers: Vec::new() })
    }
}

/// What the input of `Requesting.respond` says: a status, headers and a body.
fn respond_with(response: &Value) -> (u16, Vec<(String, String)>, Bytes) {
    let (status, body) = (response.get("status"), response.get("body"));
    let headers: Vec<(String, String)> = match response.get("headers") {
        Value::Object(headers) => headers.iter().filter_map(header).collect(),
        _ => Vec::new(),
    };
    let status = match status {
        Value::Int(status) => u16::try_from(*status).unwrap_or(500),
        _ if body.is_null() => 204,
        _ => 200,
    };
    let is_json = |value: &str| value.starts_with("application/json");
    let other =
        headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && !is_json(value));
    let body = match body {
        Value::Null => Bytes::new(),
        // A text of another type goes out as it is.
        Value::Text(text) if other => Bytes::copy_from_slice(text.as_bytes()),
        body => body.to_text(),
    };
    (status, headers, body)
}

fn header((name, value): &(Name, Value)) -> Option<(String, String)> {
    Some((name.to_string(), value.as_text()?.to_owned()))
}

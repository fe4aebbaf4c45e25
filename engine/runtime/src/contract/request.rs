//! A request that has been let in becomes a flow, and the flow an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use concord::Refusal;
use concord_lang::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::gather;
use super::refusal::Refused;
use super::{Admission, Answered, Content, ContractId};
use crate::app::App;
use crate::eval::json_object;
use crate::flow::{Flow, FlowId, Record};
use crate::stimulus::{Answer, Input, Waits};

impl App {
    /// Answers a request that has been let in. Dropping the future cancels nothing.
    pub async fn request(&self, mut admission: Admission, content: impl Into<Content>) -> Answered {
        let content = content.into();
        let Admission { contract, flow, .. } = admission;
        let headers = std::mem::take(&mut admission.headers);
        let route = &self.plan().contracts[contract].routes[admission.route];
        let refused = |by, headers| Refused { flow, by, status: None, headers };
        let fields = match gather(&admission, route, &content) {
            Ok(fields) => fields,
            Err(refusal) => {
                self.remember(&mut admission);
                let status = (refusal.code == "UNSUPPORTED_TYPE").then_some(415);
                return self.refused(contract, refusal, Refused { status, ..refused(None, headers) });
            }
        };
        let Some((request, respond)) = self.inner.contracts.requesting else {
            let refusal = Refusal::internal("there is no concept `Requesting`");
            return self.refused(contract, refusal, refused(None, headers));
        };
        let own = |name: &str, text: &Arc<str>| (name.into(), Value::Text(Arc::clone(text)));
        let own = [own("contract", &self.plan().contracts[contract].name), own("route", &route.text)];
        let with_own = |mut fields: Vec<(Arc<str>, Value)>| {
            fields.splice(0..0, own.clone());
            fields
        };
        let whole = with_own(fields.whole);
        let keep = fields.kept.map(|kept| json_object(&with_own(kept)).into());
        let upload = match content {
            Content::Body(_) => None,
            Content::Form(form) => Some(Box::new(form.upload)),
        };
        let input = Input {
            text: json_object(&whole).into(),
            values: Some(Value::Object(whole.into())),
            keep,
            upload,
            admitted: std::mem::take(&mut admission.records),
        };
        let answer = self.start(flow, request, input, Waits::Response(respond)).await;
        match answer {
            Answer::Response(response) => match respond_with(&response) {
                Ok((status, more, body)) => {
                    let headers = headers.into_iter().chain(more).collect();
                    Answered { flow, status, headers, body, refused: None }
                }
                Err(error) => self.refused(contract, Refusal::internal(error), refused(None, headers)),
            },
            Answer::Refused(by, refusal) => self.refused(contract, refusal, refused(by, headers)),
            Answer::Result(_) => {
                let refusal = Refusal::internal("a request is not answered by a result");
                self.refused(contract, refusal, refused(None, headers))
            }
        }
    }

    /// A refusal of the transport's own (too much, too late, too large), in the contract's shape.
    pub fn refuse(&self, mut admission: Admission, refusal: Refusal, status: Option<u16>) -> Answered {
        self.remember(&mut admission);
        let Admission { contract, flow, headers, .. } = admission;
        self.refused(contract, refusal, Refused { flow, by: None, status, headers })
    }

    /// Keeps for the trace what `admit` did for a request that is refused before it exists.
    fn remember(&self, admission: &mut Admission) {
        self.remember_admitted(admission.flow, std::mem::take(&mut admission.records));
    }

    pub(crate) fn remember_admitted(&self, flow: FlowId, records: Vec<Record>) {
        if !records.is_empty() {
            self.inner.ring.push(Flow::refused(flow, records));
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

/// The input of `Requesting.respond`.
#[derive(Deserialize)]
struct Response<'a> {
    status: Option<u16>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    headers: Option<BTreeMap<String, String>>,
}

type Parts = (u16, Vec<(String, String)>, Bytes);

fn respond_with(response: &Bytes) -> Result<Parts, serde_json::Error> {
    let Response { status, body, headers } = serde_json::from_slice(response)?;
    let headers: Vec<(String, String)> = headers.into_iter().flatten().collect();
    let status = status.unwrap_or(if body.is_some() { 200 } else { 204 });
    let is_json = |value: &str| value.starts_with("application/json");
    let other =
        headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && !is_json(value));
    let body = match body {
        None => Bytes::new(),
        // A text of another type goes out as it is.
        Some(body) if other && body.get().starts_with('"') => {
            serde_json::from_str::<String>(body.get())?.into()
        }
        Some(body) => Bytes::copy_from_slice(body.get().as_bytes()),
    };
    Ok((status, headers, body))
}

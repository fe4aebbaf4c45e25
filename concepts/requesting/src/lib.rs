//! Requests from outside, and the responses that syncs give them.
//!
//! It keeps nothing: a request lives as long as its flow, and the record of a response is the response. Its impl is
//! written by hand, as no macro knows inputs whose fields others choose; and a body passes through as it is, neither read
//! nor written again.

use std::collections::BTreeMap;

use concord::spec::{ActionSpec, CollectionSpec, ConceptSpec, ParamSpec, Role};
use concord::{
    Blob, Collections, Concept, ConceptError, Id, Input, Json, Output, Place, Refusal, Running, Tx, Value, rt,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A request, known by its id alone.
pub enum Request {}

/// Why there is no response.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The status cannot be sent.
    #[error("status {status} is not between 200 and 599")]
    #[code(invalid, "BAD_STATUS")]
    BadStatus {
        /// What was asked for.
        status: u16,
    },
}

/// The concept.
#[derive(Default)]
pub struct Requesting;

impl Collections for Requesting {
    const COLLECTIONS: &'static [CollectionSpec] = &[];

    fn bind(&mut self, _: &[Place]) {}

    fn another(&self) -> Self {
        Self
    }
}

/// What every request has. Its other fields are what its route's syncs name.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct RequestInput {
    contract: String,
    route: String,
    headers: Option<BTreeMap<String, String>>,
    ip: Option<String>,
    file: Option<File>,
    files: Option<Vec<File>>,
}

/// A file that came with a form.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct File {
    /// What the client calls it, without folders.
    name: String,
    /// What the client says it is: `video/mp4`.
    #[schemars(rename = "type")]
    kind: String,
    /// Its bytes.
    size: u64,
    /// What actions that keep files take.
    blob: Id<Blob>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct Requested {
    request: Id<Request>,
}

/// A response, as its schema has it.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct RespondInput {
    request: Id<Request>,
    status: Option<u16>,
    body: Option<serde_json::Value>,
    headers: Option<BTreeMap<String, String>>,
}

/// The same, as it is read: of the body it matters only that it is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to be checked")]
struct Response {
    request: Id<Request>,
    status: Option<u16>,
    body: Option<IgnoredAny>,
    headers: Option<BTreeMap<String, String>>,
}

const fn param(name: &'static str, optional: bool) -> ParamSpec {
    ParamSpec { name, optional, secret: false }
}

const ACTS: Role = Role::Action { external: false, transient: true };

impl Concept for Requesting {
    const SPEC: &'static ConceptSpec = &ConceptSpec {
        name: "Requesting",
        purpose: "Let the outside ask, and syncs answer.",
        principle: "If a request comes in, the syncs of its route see its fields; the response that one of them gives is \
                    what the client receives.",
        actions: &[
            ActionSpec {
                name: "request",
                role: ACTS,
                summary: "Receives a request.",
                requires: &[],
                effects: &["There is a request with these fields, to be answered once."],
                params: &[
                    param("contract", false),
                    param("route", false),
                    param("headers", true),
                    param("ip", true),
                    param("file", true),
                    param("files", true),
                ],
                input: rt::schema::<RequestInput>,
                output: rt::schema::<Requested>,
                errors: Error::ERRORS,
                open: true,
                stimulus: true,
            },
            ActionSpec {
                name: "respond",
                role: ACTS,
                summary: "Answers a request.",
                requires: &["`status`, if given, must be between 200 and 599."],
                effects: &[
                    "The client receives the `status` (200, or 204 without a body), the `body` and the `headers`.",
                    "A request that was answered before is not answered again.",
                ],
                params: &[
                    param("request", false),
                    param("status", true),
                    param("body", true),
                    param("headers", true),
                ],
                input: rt::schema::<RespondInput>,
                output: rt::output::<()>,
                errors: Error::ERRORS,
                open: false,
                stimulus: false,
            },
        ],
    };

    fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a> {
        match action {
            0 => Box::pin(std::future::ready(Ok(request(tx, input)))),
            1 => Box::pin(std::future::ready(respond(input))),
            _ => rt::no_such_action(),
        }
    }
}

fn request(tx: &mut Tx, input: Input<'_>) -> Output {
    input.keep();
    let request = Value::text(tx.fresh_id::<Request>());
    Json::Value(Value::Object([("request".into(), request)].into()))
}

fn respond(input: Input<'_>) -> Result<Output, Refusal> {
    let response: Response = input.keep_as()?;
    match response.status {
        Some(status) if !(200..600).contains(&status) => Err(Error::BadStatus { status }.into()),
        Some(_) | None => Ok(Json::empty()),
    }
}

//! Contracts at work: from a request to its answer, in the contract's own terms.
//!
//! Nothing here knows HTTP; what comes in is a [`Head`] and the bytes of a body, what goes out a status, headers and a
//! body. First the head is admitted, which may refuse; then the body is read; then the request exists, and syncs answer.

mod admit;
mod body;
pub(crate) mod fields;
mod form;
mod refusal;
mod request;
mod router;

use std::sync::Arc;

use bytes::Bytes;
use concord::{Name, Value};

pub(crate) use self::admit::Gate;
pub use self::form::{Form, FormFile};
pub(crate) use self::refusal::Refused;
use self::router::Router;
pub(crate) use self::router::laid_upon;
use crate::flow::{FlowId, Record};
use crate::registry::{ActionRef, Registry};
use crate::rules::Rules;

/// Where requests go.
pub(crate) struct Contracts {
    router: Router,
    /// `Requesting.request` and `Requesting.respond`, if the concept is there.
    requesting: Option<(ActionRef, ActionRef)>,
}

impl Contracts {
    pub(crate) fn new(rules: &Rules, registry: &Registry) -> Self {
        let action = |name| registry.resolve("Requesting", name).ok();
        Self {
            router: Router::new(&rules.plan.contracts),
            requesting: action("request").zip(action("respond")),
        }
    }
}

/// A contract's place among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractId(pub(crate) usize);

/// What is known of a request before its body.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// `GET`
    pub method: String,
    /// The whole path, as it was sent.
    pub path: String,
    /// What stands behind `?`.
    pub query: String,
    /// Names in lower case, and values that are text.
    pub headers: Vec<(String, String)>,
    /// Where it comes from.
    pub ip: String,
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| &**value)
    }
}

/// What a request brings besides its head.
#[derive(Debug)]
pub enum Content {
    /// A body, which is JSON if there is one.
    Body(Bytes),
    /// A form.
    Form(Box<Form>),
}

/// A request that has been let in, and whose route is known.
pub struct Admission {
    contract: usize,
    route: usize,
    flow: FlowId,
    head: Head,
    /// The parts of the path that have names.
    params: Vec<(Arc<str>, String)>,
    /// What `admit` bound.
    bound: Vec<(Name, Value)>,
    /// Headers for whatever the answer is.
    headers: Vec<(String, String)>,
    /// What `admit` did.
    records: Vec<Record>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The flow that the request started.
    pub flow: FlowId,
    /// The status.
    pub status: u16,
    /// Headers besides those that every reply has.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there is none.
    pub body: Bytes,
    /// What was refused, for the log; none if nothing was.
    pub refused: Option<Box<concord::Refusal>>,
}

//! Runs concepts.
//!
//! A [`Registry`] holds concept instances; an [`App`] puts them on a store and calls their actions, each in a transaction
//! of its own, each recorded. A call reads in one direction: bytes, typed input, action, transaction, commit, reply.

mod app;
mod carry;
mod clock;
mod error;
mod flow;
mod ids;
mod queue;
mod registry;
mod ring;
mod transaction;

pub use app::{App, Options, Reply};
pub use clock::{Clock, SystemClock};
pub use error::{OpenError, RegistryFault};
pub use flow::{BadFlowId, Failure, Flow, FlowId, Record};
pub use ids::RandomIds;
pub use registry::{ActionRef, Instance, NOT_FOUND, Registry};

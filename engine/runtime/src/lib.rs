//! Runs concepts.
//!
//! A [`Registry`] holds concept instances; an [`App`] puts them on a store and calls their actions, each in a transaction
//! of its own, each recorded. A call reads in one direction: bytes, typed input, action, transaction, commit, reply.

mod app;
mod bound;
mod carry;
mod clock;
mod contract;
mod due;
mod error;
mod eval;
mod explain;
mod fact;
mod firing;
mod flow;
mod ids;
mod matching;
mod options;
mod queue;
mod registry;
mod resume;
mod ring;
mod rules;
mod run;
mod socket;
mod spool;
mod stimulus;
mod transaction;

pub use app::{App, Reply};
pub use clock::{Clock, SystemClock};
pub use contract::{Admission, Answered, Content, ContractId, Form, FormFile, Head};
pub use error::{OpenError, RegistryFault, RulesFault};
pub use explain::{Near, Told, ToldCause, Trace};
pub use flow::{BadFlowId, Cause, Failure, Flow, FlowId, Record};
pub use ids::RandomIds;
pub use options::{Options, check, check_into};
pub use registry::{ActionRef, Instance, NOT_FOUND, Registry};
pub use rules::ContractSettings;
pub use socket::{Connection, Denied, Message, Outlet, Params, SocketId};
pub use spool::Upload;

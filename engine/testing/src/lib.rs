//! An app for tests: concepts on the memory store, with a clock that is set by hand and ids that count up.
//!
//! A test calls actions by the names that clients use and reads JSON, so it reads like the document it checks. Faults of
//! the test itself (an unknown action, a refusal where a result was expected) panic with the reason.

mod app;
mod coverage;
mod form;
mod socket;
mod sources;

pub use app::{Harness, Refused, Response, TestApp};
pub use coverage::Coverage;
pub use form::Part;
pub use socket::TestSocket;
pub use sources::{CountedIds, START, SetClock};

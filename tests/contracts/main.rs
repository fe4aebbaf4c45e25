//! The contracts that the server ships, as their documents describe them: every endpoint, status and error code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod apart;
mod calls;
mod interview;
mod live;
mod rights;
mod signalling;
mod site;

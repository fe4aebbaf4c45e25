//! Rules at work, on real concepts: from a stimulus to its answer, and what follows from it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admitted;
mod bounds;
mod cut;
mod endpoint;
mod files;
mod matcher;
mod shipped;
mod site;
mod sockets;
mod tally;

//! Tests of the whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup;
mod contract;
mod crash;
mod files;
mod firings;
mod layout;
mod new_concept;
mod proxies;
mod seed;
mod socketio;
mod sockets;
mod sync;
mod trace;

//! The server as a value: routes, refusals, limits, and the edge on real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod docs;
mod edge;
mod files;
mod ops;
mod pages;
mod site;

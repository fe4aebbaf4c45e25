//! What tests of the whole need: the real binary on a free port, and a client that distrusts every reply.
//!
//! The client is plain blocking sockets, one for each thread that wants one, so that nothing of the server's own HTTP
//! code can hide a fault of the server.

mod album;
mod client;
mod server;
mod workspace;

pub use album::Album;
pub use client::{Client, Reply};
pub use server::{Server, Setup, binary};
pub use workspace::{Package, checkout, packages};

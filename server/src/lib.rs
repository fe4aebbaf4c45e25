//! Serves concepts over HTTP.
//!
//! The `concord` binary is [`cli::main`]. A program of your own can do the same in three steps: open an
//! [`App`](concord_runtime::App), put a [`Site`] around it, and [`serve`] its [`router`] or mount that in another.

pub mod cli;
pub mod concepts;
pub mod config;
mod http;
mod net;
pub mod rules;
mod ticking;
pub mod token;

pub use http::{Metrics, RequestLimits, Site, router};
pub use net::{ConnectionLimits, serve};

//! Serves concepts over HTTP.
//!
//! The `concord` binary is [`cli::main`]. A program of your own can do the same in three steps: open an
//! [`App`](concord_runtime::App), put a [`Site`] around it, and [`serve`] its [`Routes`] or mount them, as a router, in
//! another.

pub mod cli;
pub mod concepts;
pub mod config;
mod http;
mod net;
pub mod rules;
mod socket;
mod ticking;
pub mod token;

pub use http::{Metrics, Proxies, RequestLimits, Routes, Site, pages};
pub use net::{ConnectionLimits, serve};

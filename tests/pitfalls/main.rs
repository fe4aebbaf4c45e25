//! The pitfalls of other engines of this kind, one test each: what they fall into cannot happen here, or is said before
//! the server starts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod checked;
mod flows;
mod outside;
mod probe;

//! What the runtime promises, on a concept made for the purpose.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calls;
mod contention;
mod counter;
mod faults;
mod records;

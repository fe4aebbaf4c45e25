//! Tests of the whole.

mod backup;
mod crash;
mod layout;
mod seed;
mod sync;

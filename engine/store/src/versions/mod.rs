//! Documents in memory, in versions: all that the store in memory has, and what the store on SQLite has committed lately.

mod chain;
mod clock;
mod slots;
mod tables;

pub(crate) use self::chain::Kept;
pub(crate) use self::clock::Clock;
pub(crate) use self::tables::{NEWEST, Tables};

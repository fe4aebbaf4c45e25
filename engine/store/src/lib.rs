//! Where documents live.
//!
//! One trait, [`Store`], and the stores that implement it. What `find` means, what a conflict is and what is visible when
//! is the same in all of them: `conformance` checks it.

pub mod conformance;
mod layered;
mod memory;
mod open;
pub mod sqlite;
mod store;
mod versions;

pub use layered::Layered;
pub use memory::MemoryStore;
pub use open::{OpenError, open};
pub use store::{
    Commit, CommitError, Contended, Effects, Layout, OpenFlow, Owed, PrepareError, Record, Retention, Store,
};

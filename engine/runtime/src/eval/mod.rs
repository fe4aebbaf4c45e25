//! The values of expressions.
//!
//! Most expressions ask nothing: they are worked out at once, by [`pure`]. Those that read concepts go through
//! [`Asking`], which awaits, and works out everything else the same way.

mod asking;
mod functions;
pub(crate) mod pattern;
pub(crate) mod pure;
mod world;

pub(crate) use self::asking::{Asking, Halt};
pub(crate) use self::pure::{Frame, Surroundings};

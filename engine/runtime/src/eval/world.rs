//! What the expressions of a transaction know of the world, and how much they may build in it.

use std::sync::Arc;

use concord::{Kind, Refusal, Tx};

use super::asking::Halt;
use super::pure::Surroundings;

/// Bytes that the expressions of one transaction may build, all together: texts, lists, objects and frames.
const BUILT: usize = 64 << 20;

/// A transaction, and what its expressions have built so far.
pub(crate) struct World<'a> {
    pub(crate) tx: &'a mut Tx,
    pub(crate) built: &'a mut usize,
}

impl Surroundings for World<'_> {
    fn now(&self) -> i64 {
        self.tx.now().0
    }

    fn fresh(&mut self) -> Arc<str> {
        self.tx.fresh_id::<()>().as_str().into()
    }

    fn may_build(&mut self, bytes: usize) -> bool {
        *self.built = self.built.saturating_add(bytes);
        *self.built <= BUILT
    }
}

/// Whether a transaction that has built so much may go on.
pub(super) fn is_bounded(built: usize) -> Result<(), Halt> {
    if built <= BUILT {
        return Ok(());
    }
    let said = format!("the expressions of a firing build more than {BUILT} bytes");
    Err(Halt::Burst(Refusal::new(Kind::Internal, "INTERNAL", said)))
}

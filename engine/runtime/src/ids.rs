//! Fresh identity from the operating system's randomness.
//!
//! A system call for each id would cost more than the rest of a small action, so random bytes are drawn a page at a
//! time. They are never used twice and never leave the process.

use std::sync::{Mutex, PoisonError};

use concord::Ids;

const PAGE: usize = 4096;
const ID: usize = 16;

/// Random ids.
pub struct RandomIds {
    pool: Mutex<Pool>,
}

struct Pool {
    page: Box<[u8; PAGE]>,
    /// Bytes handed out so far.
    used: usize,
}

impl Default for RandomIds {
    fn default() -> Self {
        Self { pool: Mutex::new(Pool { page: Box::new([0; PAGE]), used: PAGE }) }
    }
}

impl Ids for RandomIds {
    fn bits(&self) -> u128 {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.used + ID > PAGE {
            // Without randomness nothing that follows would be safe, and no caller could do better than stop.
            getrandom::fill(&mut pool.page[..]).expect("the operating system gives randomness");
            pool.used = 0;
        }
        let from = pool.used;
        pool.used += ID;
        let mut bits = [0; ID];
        bits.copy_from_slice(&pool.page[from..from + ID]);
        u128::from_ne_bytes(bits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bits_come_twice() {
        let ids = RandomIds::default();
        let drawn: HashSet<u128> = (0..10_000).map(|_| ids.bits()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}

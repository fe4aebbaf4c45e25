//! Time and identity that tests control.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use concord::{Ids, Millis};
use concord_runtime::Clock;

/// When tests begin: 2026-01-01, midnight UTC.
pub const START: Millis = Millis(1_767_225_600_000);

/// A clock that moves when told to.
///
/// ```
/// use std::time::Duration;
/// use concord_runtime::Clock;
/// use concord_testing::{SetClock, START};
///
/// let clock = SetClock::default();
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now().0, START.0 + 1_000);
/// ```
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl Default for SetClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.0))
    }
}

impl SetClock {
    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.store((self.now() + by).0, Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, to: Millis) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count up, so that what a test prints can be read.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn bits(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

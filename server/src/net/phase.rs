//! What a connection is doing, as its watchdog needs to know it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Between requests, in the middle of a head, or with a request being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Head,
    Busy,
}

/// The phase and since when, in one word: the two low bits and milliseconds since the connection was made.
pub(super) struct Progress {
    since: Instant,
    word: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), word: AtomicU64::new(0) }
    }

    pub(super) fn enter(&self, phase: Phase) {
        let elapsed = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX >> 2);
        self.word.store(elapsed << 2 | phase as u64, Ordering::Release);
    }

    pub(super) fn phase(&self) -> Phase {
        match self.word.load(Ordering::Acquire) & 3 {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    /// When the phase began.
    pub(super) fn began(&self) -> Instant {
        self.since + Duration::from_millis(self.word.load(Ordering::Acquire) >> 2)
    }
}

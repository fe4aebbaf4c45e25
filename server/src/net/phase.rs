//! What a connection is doing, as its watchdog needs to know it.
//!
//! A request changes the phase four times, so that costs a store and no look at the clock: the watchdog measures time by
//! its own looks, and a phase that is the same at two of them has lasted for as long as lies between.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Between requests, in the middle of a head, with a request being answered, or with a reply on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Head,
    Busy,
    Reply,
}

/// The phase, and how many there were before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn phase(self) -> Phase {
        match self.0 & 3 {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Reply,
        }
    }
}

/// The phase of a connection. Only the connection's own task changes it.
#[derive(Default)]
pub(super) struct Progress {
    phase: AtomicU64,
    /// Whether the last reply was a refusal that its client may not be listening to yet.
    interrupts: AtomicBool,
}

impl Progress {
    pub(super) fn enter(&self, phase: Phase) {
        let count = (self.phase.load(Ordering::Relaxed) >> 2) + 1;
        self.phase.store(count << 2 | phase as u64, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.phase.load(Ordering::Relaxed))
    }

    /// Notes whether the client may still be sending while it is refused.
    pub(super) fn interrupt(&self, interrupts: bool) {
        self.interrupts.store(interrupts, Ordering::Relaxed);
    }

    pub(super) fn interrupts(&self) -> bool {
        self.interrupts.load(Ordering::Relaxed)
    }
}

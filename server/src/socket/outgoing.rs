//! What waits to go out on one connection: a bounded queue.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use concord_runtime::{Message, Outlet};
use tokio::sync::{Notify, mpsc};

use super::{QUEUE, QUEUED_BYTES};

/// The near end: takes events, never waiting.
pub(super) struct Outgoing {
    queue: mpsc::Sender<Out>,
    /// Bytes that wait.
    bytes: AtomicUsize,
    is_slow: AtomicBool,
    /// Told when the connection is given up.
    given_up: Notify,
}

/// What goes out.
pub(super) enum Out {
    Frame(Bytes),
    /// Nothing more: the connection ends.
    End,
}

impl Outgoing {
    pub(super) fn new() -> (Self, mpsc::Receiver<Out>) {
        let (queue, far) = mpsc::channel(QUEUE);
        let outgoing = Self {
            queue,
            bytes: AtomicUsize::new(0),
            is_slow: AtomicBool::new(false),
            given_up: Notify::new(),
        };
        (outgoing, far)
    }

    /// Notes that so many bytes are on their way.
    pub(super) fn went_out(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Waits until the connection is given up, if it is.
    pub(super) async fn given_up(&self) {
        let given_up = self.given_up.notified();
        if !self.is_slow.load(Ordering::Acquire) {
            given_up.await;
        }
    }

    fn give_up(&self) {
        self.is_slow.store(true, Ordering::Release);
        self.given_up.notify_waiters();
    }
}

impl Outlet for Outgoing {
    fn send(&self, message: &Message) -> bool {
        let length = message.frame.len();
        if self.bytes.fetch_add(length, Ordering::AcqRel) + length <= QUEUED_BYTES
            && self.queue.try_send(Out::Frame(message.frame.clone())).is_ok()
        {
            return true;
        }
        self.give_up();
        false
    }

    fn end(&self) {
        if !self.is_slow.load(Ordering::Acquire) && self.queue.try_send(Out::End).is_err() {
            self.give_up();
        }
    }
}

//! What waits to go out on one connection: a bounded queue.
//!
//! By hand, not a channel: an empty one holds no memory, it counts bytes as well as frames, and it can be held back until
//! its client knows that it is let in.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use concord_runtime::{Message, Outlet};

use super::{QUEUE, QUEUED_BYTES};

/// The near end takes events, never waiting; the far end takes them out.
#[derive(Default)]
pub(super) struct Outgoing(Mutex<State>);

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    /// Bytes that wait.
    bytes: usize,
    /// Whether nothing goes out yet.
    is_held: bool,
    /// Whether who waits is to go on, even without a frame.
    is_nudged: bool,
    over: Option<Over>,
    /// Who takes frames out, and who waits for the end alone.
    taker: Option<Waker>,
    watcher: Option<Waker>,
}

/// How it came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Nothing more comes; what waits still goes out.
    Ended,
    /// The other side reads too slowly.
    GivenUp,
}

/// What is next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Frame(Bytes),
    /// There is nothing, but whoever waits should not.
    Nothing,
    Over(Over),
}

impl Outgoing {
    /// Takes the next frame out; one task at a time may.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.state();
        if state.over == Some(Over::GivenUp) {
            return Poll::Ready(Next::Over(Over::GivenUp));
        }
        if !state.is_held {
            if let Some(frame) = state.frames.pop_front() {
                state.bytes -= frame.len();
                return Poll::Ready(Next::Frame(frame));
            }
            if let Some(over) = state.over {
                return Poll::Ready(Next::Over(over));
            }
        }
        if state.is_nudged {
            return Poll::Ready(Next::Nothing);
        }
        keep(&mut state.taker, context);
        Poll::Pending
    }

    /// Waits until the other side is given up, for the task that takes frames out and cannot write them.
    pub(super) fn poll_given_up(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.over == Some(Over::GivenUp) {
            return Poll::Ready(());
        }
        keep(&mut state.taker, context);
        Poll::Pending
    }

    /// Waits until it is over.
    pub(super) async fn over(&self) -> Over {
        poll_fn(|context| {
            let mut state = self.state();
            if let Some(over) = state.over {
                return Poll::Ready(over);
            }
            keep(&mut state.watcher, context);
            Poll::Pending
        })
        .await
    }

    /// Puts a frame that is not an event's. `false` means that there is no room.
    pub(super) fn put(&self, frame: Bytes) -> bool {
        let mut state = self.state();
        if state.over.is_some() {
            return true; // nobody misses it
        }
        if state.frames.len() >= QUEUE || state.bytes + frame.len() > QUEUED_BYTES {
            drop(state);
            self.give_up();
            return false;
        }
        state.bytes += frame.len();
        state.frames.push_back(frame);
        wake_taker(state);
        true
    }

    /// Nothing goes out any more.
    pub(super) fn give_up(&self) {
        let mut state = self.state();
        state.over = Some(Over::GivenUp);
        (state.frames, state.bytes) = (VecDeque::new(), 0);
        wake_both(state);
    }

    /// Lets nothing out until it is told how to begin.
    pub(super) fn hold(&self) {
        self.state().is_held = true;
    }

    /// Lets out what was held back, behind this.
    pub(super) fn begin(&self, first: Bytes) {
        let mut state = self.state();
        state.is_held = false;
        state.bytes += first.len();
        state.frames.push_front(first);
        wake_taker(state);
    }

    /// Lets out this instead of what was held back.
    pub(super) fn begin_anew(&self, only: Bytes) {
        let mut state = self.state();
        (state.frames, state.bytes) = (VecDeque::new(), 0);
        drop(state);
        self.begin(only);
    }

    /// Whether who waits for a frame is to go on without one, from now on.
    pub(super) fn nudge(&self, is_nudged: bool) {
        let mut state = self.state();
        state.is_nudged = is_nudged;
        wake_taker(state);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet for Outgoing {
    fn send(&self, message: &Message) -> bool {
        self.put(message.frame.clone())
    }

    fn end(&self) {
        let mut state = self.state();
        state.over.get_or_insert(Over::Ended);
        wake_both(state);
    }
}

fn keep(place: &mut Option<Waker>, context: &Context<'_>) {
    match place {
        Some(waker) if waker.will_wake(context.waker()) => {}
        _ => *place = Some(context.waker().clone()),
    }
}

/// Wakes once the lock is let go.
fn wake_taker(mut state: MutexGuard<'_, State>) {
    let taker = state.taker.take();
    drop(state);
    if let Some(waker) = taker {
        waker.wake();
    }
}

fn wake_both(mut state: MutexGuard<'_, State>) {
    let watcher = state.watcher.take();
    wake_taker(state);
    if let Some(waker) = watcher {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(outgoing: &Outgoing) -> Poll<Next> {
        outgoing.poll_next(&mut Context::from_waker(Waker::noop()))
    }

    fn frame(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn what_is_held_back_goes_out_behind_the_welcome() {
        let outgoing = Outgoing::default();
        outgoing.hold();
        assert!(outgoing.put(frame("event")));
        assert_eq!(next(&outgoing), Poll::Pending);
        outgoing.begin(frame("welcome"));
        for text in ["welcome", "event"] {
            assert_eq!(next(&outgoing), Poll::Ready(Next::Frame(frame(text))));
        }
        assert_eq!(next(&outgoing), Poll::Pending);
    }

    #[test]
    fn who_is_refused_hears_nothing_else() {
        let outgoing = Outgoing::default();
        outgoing.hold();
        assert!(outgoing.put(frame("event")));
        outgoing.begin_anew(frame("no"));
        assert_eq!(next(&outgoing), Poll::Ready(Next::Frame(frame("no"))));
        assert_eq!(next(&outgoing), Poll::Pending);
    }

    #[test]
    fn what_waits_goes_out_before_the_end() {
        let outgoing = Outgoing::default();
        assert!(outgoing.put(frame("last")));
        outgoing.end();
        assert!(outgoing.put(frame("too late")));
        assert_eq!(next(&outgoing), Poll::Ready(Next::Frame(frame("last"))));
        assert_eq!(next(&outgoing), Poll::Ready(Next::Over(Over::Ended)));
    }

    #[test]
    fn there_is_room_for_so_many_frames_and_bytes() {
        let outgoing = Outgoing::default();
        assert!((0..QUEUE).all(|_| outgoing.put(frame("x"))));
        assert!(!outgoing.put(frame("x")));
        assert_eq!(next(&outgoing), Poll::Ready(Next::Over(Over::GivenUp)));

        let outgoing = Outgoing::default();
        let half = Bytes::from(vec![b'x'; QUEUED_BYTES / 2]);
        assert!(outgoing.put(half.clone()) && outgoing.put(half));
        assert_eq!(next(&outgoing).map(|_| ()), Poll::Ready(()));
        assert!(outgoing.put(frame("x")), "what has gone out makes room");
        assert!(!outgoing.put(Bytes::from(vec![b'x'; QUEUED_BYTES / 2])));
    }
}

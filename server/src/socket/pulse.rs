//! Whether the other side is still there: it is asked now and then, and whatever it says shows that it is.
//!
//! One timer a connection, set anew only when it runs out, so a message costs none and no look at the clock.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{PATIENCE, PING};

pub(super) struct Pulse {
    timer: Pin<Box<Sleep>>,
    /// Whether the other side has been asked, and has said nothing since.
    is_asked: bool,
    /// Whether the timer says when to look for an answer, not when to ask.
    is_looking: bool,
}

/// What it is time for.
pub(super) enum Beat {
    /// To ask.
    Ask,
    /// To look around: there was an answer.
    Look,
    /// To end it: there was none.
    Silent,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { timer: Box::pin(sleep_until(Instant::now() + PING)), is_asked: false, is_looking: false }
    }

    /// Something was heard.
    pub(super) fn heard(&mut self) {
        self.is_asked = false;
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Beat> {
        ready!(self.timer.as_mut().poll(context));
        let (beat, wait) = match (self.is_looking, self.is_asked) {
            (false, _) => (Beat::Ask, PATIENCE),
            (true, false) => (Beat::Look, PING.saturating_sub(PATIENCE)),
            (true, true) => (Beat::Silent, PING),
        };
        self.is_asked = matches!(beat, Beat::Ask);
        self.is_looking = self.is_asked;
        self.timer.as_mut().reset(Instant::now() + wait);
        Poll::Ready(beat)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_answers_is_asked_again_and_who_does_not_is_silent() {
        let (start, mut pulse) = (Instant::now(), Pulse::new());
        let mut beats = Vec::new();
        for answers in [true, true, true, false, false] {
            let beat = poll_fn(|context| pulse.poll(context)).await;
            if answers {
                pulse.heard();
            }
            beats.push((start.elapsed(), matches!(beat, Beat::Ask), matches!(beat, Beat::Silent)));
        }
        let at = Duration::from_secs;
        assert_eq!(
            beats,
            [
                (at(25), true, false),
                (at(45), false, false),
                (at(50), true, false),
                (at(70), false, false),
                (at(75), true, false),
            ]
        );
        assert!(matches!(poll_fn(|context| pulse.poll(context)).await, Beat::Silent));
        assert_eq!(start.elapsed(), at(95));
    }
}

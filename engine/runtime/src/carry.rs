//! A flow that is polled by whoever waits for its answer, and goes on without them.
//!
//! A client that hangs up must not leave its flow half done, and what follows from an answer must not hold it up. A task
//! for each flow would do both and cost every call two hops between threads; instead the caller polls the flow itself.
//! When the answer is there before the flow is done, or when the caller goes away, the rest becomes a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Where a flow leaves its answer.
#[derive(Debug)]
pub(crate) struct Slot<T>(Mutex<Option<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    pub(crate) fn put(&self, answer: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The answer of a flow.
pub(crate) struct Carried<T: Send + 'static> {
    /// None once it is done.
    rest: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    slot: Arc<Slot<T>>,
}

impl<T: Send> Carried<T> {
    /// The flow puts its answer into the slot, at the latest when it ends.
    pub(crate) fn new(slot: Arc<Slot<T>>, flow: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { rest: Some(Box::pin(flow)), slot }
    }
}

impl<T: Send> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(rest) = &mut self.rest else { return Poll::Pending };
        if rest.as_mut().poll(context).is_ready() {
            self.rest = None;
        }
        match self.slot.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}

impl<T: Send> Drop for Carried<T> {
    fn drop(&mut self) {
        let Some(rest) = self.rest.take() else { return };
        // Without a runtime the process is ending, and with it every promise but the ones on disk.
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(rest));
        }
    }
}

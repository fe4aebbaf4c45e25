//! A future that is carried on when whoever awaits it goes away.
//!
//! A client that hangs up must not leave its flow half done. A task for each flow would say so directly and cost every
//! call two hops between threads; instead the caller polls the flow itself, and only if it drops the flow unfinished does
//! the rest become a task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

pub(crate) struct Carried<T: Send + 'static> {
    /// None once it is done.
    rest: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T: Send> Carried<T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { rest: Some(Box::pin(future)) }
    }
}

impl<T: Send> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(rest) = &mut self.rest else { return Poll::Pending };
        let polled = rest.as_mut().poll(context);
        if polled.is_ready() {
            self.rest = None;
        }
        polled
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
